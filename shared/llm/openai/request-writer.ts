// Chat requests as OpenAI chat completion requests. Members stand in the order of Higress's own conversion.

import { Buffer } from "../../bytes";
import { JsonWriter } from "../../json";
import { Answer, ChatRequest, ChatTool, OPTION_NAMES, Option, Thinking, ToolChoice } from "../chat";
import { renameTools, shortenCallIds } from "../conversation";
import { keepFormats, writeCustomTool } from "../custom-tool";
import { Dropped } from "../dropped";
import { settleResults } from "../tool-results";
import { MessageWriter } from "./message-writer";

const TOOL_CHOICE_NAMES: StaticArray<string> = ["", "auto", "none", "required"];

/** Settings in front of, between and behind the members that are written one by one. */
const BEFORE_FORMAT: StaticArray<Option> = [
  Option.FrequencyPenalty,
  Option.LogitBias,
  Option.Logprobs,
  Option.TopLogprobs,
  Option.MaxTokens,
  Option.MaxCompletionTokens,
  Option.N,
  Option.Modalities,
  Option.Prediction,
  Option.Audio,
  Option.PresencePenalty,
  Option.Verbosity,
];
const BEFORE_STOP: StaticArray<Option> = [Option.Seed, Option.ServiceTier];
const BEFORE_TOOLS: StaticArray<Option> = [
  Option.PromptCacheRetention,
  Option.PromptCacheKey,
  Option.Temperature,
  Option.TopP,
];

/** Settings of OpenAI's own, which servers refuse that take no words that they do not know. */
const OPENAI_ONLY: StaticArray<Option> = [
  Option.Store,
  Option.PromptCacheKey,
  Option.PromptCacheRetention,
  Option.Verbosity,
  Option.SafetyIdentifier,
];

/** OpenAI refuses longer names, those of Anthropic's clients may be twice as long. */
const MAX_TOOL_NAME_BYTES: i32 = 64;
const MAX_CALL_ID_BYTES: i32 = 40;

/** More are refused. */
const MAX_STOPS: i32 = 4;

/** What only some servers of this dialect take. */
export class OpenaiRequestOptions {
  /** Send `top_k`; OpenAI itself refuses it. */
  topK: bool = false;
  /** Send earlier reasoning back as `reasoning_content`, as DeepSeek and Moonshot want it. */
  reasoningContent: bool = false;
  /** Call the output limit `max_completion_tokens`: OpenAI's newer models refuse `max_tokens`, other servers know only that. */
  completionTokens: bool = false;
  /** Send settings that OpenAI alone has; most servers pass over them. */
  openaiSettings: bool = true;
  /** Send `cache_control` of messages; OpenAI itself refuses it. */
  cacheControl: bool = true;
  /** Send the seals of reasoning and of calls, which OpenRouter and Google want back. */
  seals: bool = false;
  /** Send tools that take free text as such, as OpenAI itself has them; other servers know functions only. */
  customTools: bool = false;
  /** Ids of calls are just nine letters and digits, as Mistral wants them. */
  shortCallIds: bool = false;
}

/** Appends the request. What the dialect has no place for is noted in `request.dropped`. */
export function writeOpenaiRequest(
  request: ChatRequest,
  out: Buffer,
  options: OpenaiRequestOptions = new OpenaiRequestOptions(),
): void {
  new RequestWriter(request, new JsonWriter(out), options).write();
}

class RequestWriter {
  constructor(
    private readonly request: ChatRequest,
    private readonly json: JsonWriter,
    private readonly options: OpenaiRequestOptions,
  ) {}

  write(): void {
    const request = this.request;
    renameTools(request, MAX_TOOL_NAME_BYTES);
    settleResults(request);
    const isShort = this.options.shortCallIds;
    shortenCallIds(request, isShort ? 9 : MAX_CALL_ID_BYTES, isShort);
    const json = this.json.object().key("messages").array();
    const messages = new MessageWriter(json, request.dropped, this.options.reasoningContent);
    messages.keepsCacheControl = this.options.cacheControl;
    messages.keepsSeals = this.options.seals;
    messages.keepsCustom = this.options.customTools;
    for (let i = 0; i < request.messages.length; i++) messages.write(request.messages[i]);
    json.end().key("model").escaped(request.model);
    this.option(Option.Store);
    this.reasoningEffort();
    this.option(Option.Metadata);
    this.optionList(BEFORE_FORMAT);
    this.responseFormat();
    this.optionList(BEFORE_STOP);
    if (request.stop.length > 0) {
      json.key("stop").array();
      for (let i = 0; i < min(request.stop.length, MAX_STOPS); i++) json.escaped(request.stop[i]);
      json.end();
      if (request.stop.length > MAX_STOPS) request.dropped.add("stop");
    }
    if (request.stream != Answer.Unset) json.key("stream").bool(request.stream == Answer.Yes);
    if (request.stream == Answer.Yes && request.includeUsage) {
      json.key("stream_options").object().key("include_usage").bool(true).end();
    }
    this.optionList(BEFORE_TOOLS);
    if (this.options.topK) this.option(Option.TopK);
    else if (!request.option(Option.TopK).isEmpty) request.dropped.add("top_k");
    this.tools();
    this.option(Option.User);
    this.option(Option.SafetyIdentifier);
    json.end();
  }

  private option(option: Option): void {
    const value = this.request.option(option);
    if (value.isEmpty) return;
    if (!this.options.openaiSettings && OPENAI_ONLY.includes(option)) {
      this.request.dropped.add(OPTION_NAMES[option]);
      return;
    }
    const renamed = option == Option.MaxTokens && this.options.completionTokens;
    this.json.key(OPTION_NAMES[renamed ? Option.MaxCompletionTokens : option]).raw(value);
  }

  private optionList(list: StaticArray<Option>): void {
    for (let i = 0; i < list.length; i++) this.option(list[i]);
  }

  private reasoningEffort(): void {
    const request = this.request;
    if (!request.reasoningEffort.isEmpty) {
      this.json.key("reasoning_effort").escaped(request.reasoningEffort);
    } else if (request.thinking == Thinking.Enabled) {
      const budget = request.thinkingBudget;
      this.json.key("reasoning_effort").text(budget < 4096 ? "low" : budget < 16384 ? "medium" : "high");
    }
  }

  private responseFormat(): void {
    const request = this.request;
    if (!request.responseFormat.isEmpty) {
      this.json.key("response_format").raw(request.responseFormat);
    } else if (!request.responseSchema.isEmpty) {
      this.json.key("response_format").object().key("type").text("json_schema").key("json_schema").object();
      this.json.key("name").text("response").key("schema").raw(request.responseSchema).end().end();
    }
  }

  private tools(): void {
    const request = this.request;
    const json = this.json;
    // Refused without tools, as is what else is said about calls.
    if (request.tools.length == 0) return;
    json.key("tools").array();
    for (let i = 0; i < request.tools.length; i++) this.tool(request.tools[i]);
    json.end();
    if (this.options.customTools) keepFormats(request);
    if (request.toolChoice == ToolChoice.Tool) {
      const type = this.options.customTools && request.choosesCustom ? "custom" : "function";
      json.key("tool_choice").object().key("type").text(type).key(type).object();
      json.key("name").escaped(request.toolChoiceName).end().end();
    } else if (request.toolChoice != ToolChoice.Unset) {
      json.key("tool_choice").text(TOOL_CHOICE_NAMES[request.toolChoice]);
    }
    if (request.parallelToolCalls != Answer.Unset) {
      json.key("parallel_tool_calls").bool(request.parallelToolCalls == Answer.Yes);
    }
  }

  private tool(tool: ChatTool): void {
    if (!tool.isCustom || !this.options.customTools) {
      return writeOpenaiTool(this.json, tool, this.request.dropped);
    }
    this.json.object().key("type").text("custom").key("custom").object();
    writeCustomTool(this.json, tool, true);
    this.json.end().end();
  }
}

/** Writes a tool as servers of this dialect, and those that took over its words, have it. */
export function writeOpenaiTool(json: JsonWriter, tool: ChatTool, dropped: Dropped): void {
  json.object().key("type").text("function").key("function").object();
  if (!tool.description.isEmpty) json.key("description").escaped(tool.description);
  json.key("name").escaped(tool.name);
  if (!tool.parameters.isEmpty) json.key("parameters").raw(tool.parameters);
  if (!tool.strict.isEmpty) json.key("strict").raw(tool.strict);
  json.end().end();
  if (!tool.cacheControl.isEmpty) dropped.add("tools.cache_control");
}
