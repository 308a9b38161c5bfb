// Chat requests as OpenAI Responses requests: https://platform.openai.com/docs/api-reference/responses/create

import { Buffer } from "../../bytes";
import { Json, JsonWriter } from "../../json";
import { Answer, ChatRequest, ChatTool, OPTION_NAMES, Option, PartKind, Thinking, ToolChoice } from "../chat";
import { dropForeignSeals, renameTools, shortenCallIds } from "../conversation";
import { keepFormats, writeCustomTool } from "../custom-tool";
import { settleResults } from "../tool-results";
import { InputWriter } from "./input-writer";
import { writeTextSettings, writeToolChoice } from "./settings";

/** Settings that have the same name here. */
const SHARED: StaticArray<Option> = [
  Option.Temperature,
  Option.TopP,
  Option.TopLogprobs,
  Option.ServiceTier,
  Option.Metadata,
  Option.User,
  Option.SafetyIdentifier,
  Option.PromptCacheKey,
  Option.PromptCacheRetention,
];

/** Settings that chat completions have and this API does not. */
const UNKNOWN: StaticArray<Option> = [
  Option.TopK,
  Option.Seed,
  Option.N,
  Option.PresencePenalty,
  Option.FrequencyPenalty,
  Option.LogitBias,
  Option.Modalities,
  Option.Prediction,
  Option.Audio,
];

/** The API refuses longer names. */
const MAX_TOOL_NAME_BYTES: i32 = 64;
const MAX_CALL_ID_BYTES: i32 = 64;

/** The API refuses less than this. */
const MIN_OUTPUT_TOKENS: i64 = 16;

/** Appends the request. What the dialect has no place for is noted in `request.dropped`. */
export function writeResponsesRequest(request: ChatRequest, out: Buffer): void {
  new RequestWriter(request, new JsonWriter(out)).write();
}

class RequestWriter {
  constructor(
    private readonly request: ChatRequest,
    private readonly json: JsonWriter,
  ) {}

  write(): void {
    const request = this.request;
    renameTools(request, MAX_TOOL_NAME_BYTES);
    settleResults(request);
    dropForeignSeals(request, true);
    shortenCallIds(request, MAX_CALL_ID_BYTES);
    const json = this.json.object().key("model").escaped(request.model).key("input").array();
    const input = new InputWriter(json, request.dropped);
    for (let i = 0; i < request.messages.length; i++) input.write(request.messages[i]);
    json.end();
    this.outputTokens();
    for (let i = 0; i < SHARED.length; i++) {
      const value = request.option(SHARED[i]);
      if (!value.isEmpty) json.key(OPTION_NAMES[SHARED[i]]).raw(value);
    }
    this.reasoning();
    this.textSettings();
    this.tools();
    // Chat completions are kept only where the client asks for it, and these always unless told not to.
    const store = request.option(Option.Store);
    json.key("store");
    if (store.isEmpty) json.bool(false);
    else json.raw(store);
    this.include();
    if (request.stream != Answer.Unset) json.key("stream").bool(request.stream == Answer.Yes);
    json.end();
    if (request.stop.length > 0) request.dropped.add("stop");
    for (let i = 0; i < UNKNOWN.length; i++) {
      if (!request.option(UNKNOWN[i]).isEmpty) request.dropped.add(OPTION_NAMES[UNKNOWN[i]]);
    }
  }

  private outputTokens(): void {
    let tokens = this.request.option(Option.MaxCompletionTokens);
    if (tokens.isEmpty) tokens = this.request.option(Option.MaxTokens);
    if (tokens.isEmpty) return;
    const value = Json.read(tokens).integer(0);
    this.json.key("max_output_tokens");
    if (value > 0 && value < MIN_OUTPUT_TOKENS) this.json.integer(MIN_OUTPUT_TOKENS);
    else this.json.raw(tokens);
  }

  private reasoning(): void {
    const request = this.request;
    const budget = request.thinkingBudget;
    if (request.reasoningEffort.isEmpty && !this.hasBudget()) return;
    const json = this.json.key("reasoning").object().key("effort");
    if (!request.reasoningEffort.isEmpty) json.escaped(request.reasoningEffort);
    else json.text(budget < 4096 ? "low" : budget < 16384 ? "medium" : "high");
    json.end();
  }

  /** Sealed reasoning comes only when it is asked for; models that do not reason refuse to be asked. */
  private include(): void {
    const wantsLogprobs = this.request.option(Option.Logprobs).equalsAscii("true");
    const wantsSeal = this.isReasoning();
    if (!wantsLogprobs && !wantsSeal) return;
    const json = this.json.key("include").array();
    if (wantsSeal) json.text("reasoning.encrypted_content");
    if (wantsLogprobs) json.text("message.output_text.logprobs");
    json.end();
  }

  private hasBudget(): bool {
    const request = this.request;
    return (
      request.thinking == Thinking.Enabled ||
      (request.thinkingBudget > 0 && request.thinking == Thinking.Unset)
    );
  }

  private isReasoning(): bool {
    const request = this.request;
    const effort = request.reasoningEffort;
    if (this.hasBudget() || (!effort.isEmpty && !effort.equalsAscii("none"))) return true;
    for (let i = 0; i < request.messages.length; i++) {
      const parts = request.messages[i].parts;
      for (let j = 0; j < parts.length; j++) {
        if (parts[j].kind == PartKind.Thinking && !parts[j].data.isEmpty) return true;
      }
    }
    return false;
  }

  private textSettings(): void {
    const request = this.request;
    request.dropOtherFormat();
    if (request.isJson || !request.responseSchema.isEmpty || !request.option(Option.Verbosity).isEmpty) {
      writeTextSettings(this.json.key("text"), request);
    }
  }

  private tools(): void {
    const request = this.request;
    const json = this.json;
    if (request.tools.length == 0) return;
    json.key("tools").array();
    for (let i = 0; i < request.tools.length; i++) this.tool(request.tools[i]);
    json.end();
    keepFormats(request);
    if (request.toolChoice != ToolChoice.Unset) writeToolChoice(json.key("tool_choice"), request);
    if (request.parallelToolCalls != Answer.Unset) {
      json.key("parallel_tool_calls").bool(request.parallelToolCalls == Answer.Yes);
    }
  }

  private tool(tool: ChatTool): void {
    const json = this.json.object().key("type");
    if (tool.isCustom) {
      writeCustomTool(json.text("custom"), tool, false);
      json.end();
      return;
    }
    json.text("function").key("name").escaped(tool.name);
    if (!tool.description.isEmpty) json.key("description").escaped(tool.description);
    json.key("parameters").raw(tool.parameters);
    // Strict is what this API assumes, and what chat completions do not.
    json.key("strict");
    if (tool.strict.isEmpty) json.bool(false);
    else json.raw(tool.strict);
    json.end();
    if (!tool.cacheControl.isEmpty) this.request.dropped.add("tools.cache_control");
  }
}
