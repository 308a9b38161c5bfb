// What both versions of Cohere's chat API have in common: settings, under names of its own.

import { JsonWriter, Json } from "as-proxy-wasm-sdk/json";
import { Answer, ChatRequest, Option } from "as-proxy-wasm-sdk/llm/chat";

const MAX_STOPS: i32 = 5;

/** Writes them in Go's order, and notes what has no name there. */
export function writeSettings(json: JsonWriter, chat: ChatRequest): void {
  if (chat.stream != Answer.Unset) json.key("stream").bool(chat.stream == Answer.Yes);
  const completion = chat.option(Option.MaxCompletionTokens);
  const isNewer = Json.read(completion).integer(0) > 0;
  write(json, chat, "max_tokens", isNewer ? Option.MaxCompletionTokens : Option.MaxTokens);
  write(json, chat, "temperature", Option.Temperature);
  write(json, chat, "k", Option.TopK);
  write(json, chat, "p", Option.TopP);
  write(json, chat, "seed", Option.Seed);
  if (chat.stop.length > 0) {
    json.key("stop_sequences").array();
    for (let i = 0; i < min(chat.stop.length, MAX_STOPS); i++) json.escaped(chat.stop[i]);
    json.end();
    if (chat.stop.length > MAX_STOPS) chat.dropped.add("stop");
  }
  write(json, chat, "frequency_penalty", Option.FrequencyPenalty);
  write(json, chat, "presence_penalty", Option.PresencePenalty);
  chat.dropOptions(Option.N, Option.N);
  chat.dropOptions(Option.LogitBias, Option.COUNT - 1);
  if (chat.parallelToolCalls == Answer.No) chat.dropped.add("parallel_tool_calls");
}

/** Writes the format of the answer; `schemaName` is the version's name for a schema. */
export function writeResponseFormat(json: JsonWriter, chat: ChatRequest, schemaName: string): void {
  chat.dropOtherFormat();
  if (!chat.isJson && chat.responseSchema.isEmpty) return;
  json.key("response_format").object().key("type").text("json_object");
  if (!chat.responseSchema.isEmpty) json.key(schemaName).raw(chat.bareSchema());
  json.end();
}

function write(json: JsonWriter, chat: ChatRequest, name: string, option: Option): void {
  const value = chat.option(option);
  if (!value.isEmpty) json.key(name).raw(value);
}
