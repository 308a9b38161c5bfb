// Settings that a request of this dialect has and its response repeats.

import { Buffer, Span } from "../../bytes";
import { Json, JsonWriter } from "../../json";
import { Answer, ChatRequest, Option, ToolChoice } from "../chat";
import { NONE, textOf } from "../text";

const TOOL_CHOICE_NAMES: StaticArray<string> = ["auto", "auto", "none", "required"];

/** Writes the value of `tool_choice`; `auto` where none is set. */
export function writeToolChoice(json: JsonWriter, request: ChatRequest): void {
  if (request.toolChoice != ToolChoice.Tool) json.text(TOOL_CHOICE_NAMES[request.toolChoice]);
  else {
    json
      .object()
      .key("type")
      .text(request.choosesCustom ? "custom" : "function");
    json.key("name").escaped(request.toolChoiceName).end();
  }
}

/** Writes the value of `text`. */
export function writeTextSettings(json: JsonWriter, request: ChatRequest): void {
  json.object().key("format").object().key("type");
  const chatFormat = Json.read(request.responseFormat);
  const stated = chatFormat.get("json_schema");
  if (stated.exists) {
    json.escaped(textOf(chatFormat.get("type")));
    const members = stated.members();
    while (members.next()) json.keyBytes(members.keyBytes()).raw(members.value.raw());
  } else if (!request.responseSchema.isEmpty) {
    json.text("json_schema").key("name");
    if (request.responseSchemaName.isEmpty) json.text("response");
    else json.escaped(request.responseSchemaName);
    json.key("schema").raw(request.responseSchema);
  } else {
    json.text(request.isJson ? "json_object" : "text");
  }
  json.end();
  const verbosity = request.option(Option.Verbosity);
  if (!verbosity.isEmpty) json.key("verbosity").raw(verbosity);
  json.end();
}

/**
 * Members of a response, each with a comma before it: all that strict clients want there, with the API's defaults where
 * the request sets nothing. Instructions and tools, which can be long and nobody reads, are not repeated.
 */
export function responseSettings(request: ChatRequest): Span {
  const out = new Buffer(512);
  const json = new JsonWriter(out).object();
  json.key("instructions").null_().key("tools").array().end().key("tool_choice");
  writeToolChoice(json, request);
  json.key("parallel_tool_calls").bool(request.parallelToolCalls != Answer.No);
  json.key("text");
  writeTextSettings(json, request);
  json.key("reasoning").object().key("effort");
  if (request.reasoningEffort.isEmpty) json.null_();
  else json.escaped(request.reasoningEffort);
  json.key("summary").null_().end();
  setting(json, "max_output_tokens", request.option(Option.MaxTokens), "null");
  setting(json, "metadata", request.option(Option.Metadata), "{}");
  setting(json, "temperature", request.option(Option.Temperature), "1");
  setting(json, "top_p", request.option(Option.TopP), "1");
  setting(json, "presence_penalty", request.option(Option.PresencePenalty), "0");
  setting(json, "frequency_penalty", request.option(Option.FrequencyPenalty), "0");
  setting(json, "top_logprobs", request.option(Option.TopLogprobs), "0");
  setting(json, "user", request.option(Option.User), "null");
  setting(json, "safety_identifier", request.option(Option.SafetyIdentifier), "null");
  setting(json, "prompt_cache_key", request.option(Option.PromptCacheKey), "null");
  setting(json, "previous_response_id", NONE, "null");
  setting(json, "max_tool_calls", NONE, "null");
  setting(json, "completed_at", NONE, "null");
  setting(json, "store", NONE, "false");
  setting(json, "truncation", NONE, '"disabled"');
  json.end();
  // The braces go: these members stand among others.
  const members = new Buffer(out.size);
  members.push(0x2c);
  members.append(out.span().slice(1, out.size - 1));
  return members.take();
}

function setting(json: JsonWriter, name: string, value: Span, unset: string): void {
  json.key(name).raw(value.isEmpty ? Span.text(unset) : value);
}
