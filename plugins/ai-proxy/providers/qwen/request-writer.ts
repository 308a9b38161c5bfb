// Chat requests in DashScope's own words.
// https://www.alibabacloud.com/help/en/model-studio/qwen-api-via-dashscope

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonWriter } from "as-proxy-wasm-sdk/json";
import { Answer, ChatRequest, OPTION_NAMES, Option, ToolChoice } from "as-proxy-wasm-sdk/llm/chat";
import { writeOpenaiTool } from "as-proxy-wasm-sdk/llm/openai/request-writer";
import { settleResults } from "as-proxy-wasm-sdk/llm/tool-results";
import { thinkingBudget, wantsThinking } from "../thinking";
import { QwenMessageWriter } from "./message-writer";

/** DashScope calls these as OpenAI does. */
const BEFORE_TOP_P: StaticArray<Option> = [Option.N, Option.Seed, Option.Temperature];
const BEHIND: StaticArray<Option> = [
  Option.TopK,
  Option.PresencePenalty,
  Option.Logprobs,
  Option.TopLogprobs,
];

/** Both ends of `top_p` are excluded. */
const LEAST_TOP_P: string = "0.000001";
const MOST_TOP_P: string = "0.999999";

export class QwenRequestWriter {
  /** Each event of the answer's stream will repeat what came before. */
  isCumulative: bool = false;

  private json: JsonWriter;

  constructor(
    private request: ChatRequest,
    out: Buffer,
  ) {
    this.json = new JsonWriter(out);
  }

  /** Appends the request. What has no place is noted in `request.dropped`. */
  write(takesMedia: bool, searches: bool): void {
    const request = this.request;
    settleResults(request);
    const json = this.json.object().key("model").escaped(request.model);
    json.key("input").object().key("messages").array();
    const messages = new QwenMessageWriter(json, request.dropped, takesMedia);
    for (let i = 0; i < request.messages.length; i++) messages.write(request.messages[i]);
    json.end().end();
    json.key("parameters").object().key("result_format").text("message");
    this.maxTokens();
    this.options(BEFORE_TOP_P);
    this.topP();
    if (request.stream == Answer.Yes) this.increments();
    if (searches) json.key("enable_search").bool(true);
    if (request.tools.length > 0) {
      json.key("tools").array();
      for (let i = 0; i < request.tools.length; i++) writeOpenaiTool(json, request.tools[i], request.dropped);
      json.end();
    }
    this.toolChoice();
    if (request.stop.length > 0) {
      json.key("stop").array();
      for (let i = 0; i < request.stop.length; i++) json.escaped(request.stop[i]);
      json.end();
    }
    this.options(BEHIND);
    this.responseFormat();
    this.thinking();
    json.end().end();
    request.dropOptions(Option.FrequencyPenalty, Option.LogitBias);
    request.dropOptions(Option.Modalities, Option.COUNT - 1);
  }

  private options(list: StaticArray<Option>): void {
    for (let i = 0; i < list.length; i++) {
      const value = this.request.option(list[i]);
      if (!value.isEmpty) this.json.key(OPTION_NAMES[list[i]]).raw(value);
    }
  }

  private maxTokens(): void {
    let value = this.request.option(Option.MaxCompletionTokens);
    if (Json.read(value).integer(0) <= 0) value = this.request.option(Option.MaxTokens);
    if (!value.isEmpty) this.json.key("max_tokens").raw(value);
  }

  private topP(): void {
    const value = this.request.option(Option.TopP);
    if (value.isEmpty) return;
    const number = Json.read(value).number(0.5);
    const isLeast = number < 0.000001;
    const isInside = !isLeast && number <= 0.999999;
    this.json.key("top_p").raw(isInside ? value : Span.text(isLeast ? LEAST_TOP_P : MOST_TOP_P));
  }

  /**
   * Calls of tools come whole in cumulative streams only, save from models that think: those refuse to repeat
   * themselves.
   */
  private increments(): void {
    this.isCumulative = this.request.tools.length > 0 && wantsThinking(this.request) != Answer.Yes;
    if (!this.isCumulative) this.json.key("incremental_output").bool(true);
  }

  private toolChoice(): void {
    const request = this.request;
    const json = this.json;
    // Refused without tools.
    if (request.tools.length == 0) return;
    let name = request.toolChoiceName;
    // It cannot be told to choose among several.
    const isRequired = request.toolChoice == ToolChoice.Required;
    if (isRequired && request.tools.length == 1) name = request.tools[0].name;
    if (!name.isEmpty) {
      json.key("tool_choice").object().key("type").text("function").key("function").object();
      json.key("name").escaped(name).end().end();
    } else if (isRequired) {
      request.dropped.add("tool_choice");
    } else if (request.toolChoice != ToolChoice.Unset) {
      json.key("tool_choice").text(request.toolChoice == ToolChoice.None ? "none" : "auto");
    }
    if (request.parallelToolCalls != Answer.Unset) {
      json.key("parallel_tool_calls").bool(request.parallelToolCalls == Answer.Yes);
    }
  }

  private responseFormat(): void {
    const request = this.request;
    const json = this.json;
    if (!request.responseFormat.isEmpty) {
      json.key("response_format").raw(request.responseFormat);
    } else if (!request.responseSchema.isEmpty) {
      json.key("response_format").object().key("type").text("json_schema").key("json_schema").object();
      json.key("name").text("response").key("schema").raw(request.responseSchema).end().end();
    } else if (request.isJson) {
      json.key("response_format").object().key("type").text("json_object").end();
    }
  }

  private thinking(): void {
    const wanted = wantsThinking(this.request);
    if (wanted == Answer.Unset) return;
    this.json.key("enable_thinking").bool(wanted == Answer.Yes);
    const budget = thinkingBudget(this.request);
    if (wanted == Answer.Yes && budget > 0) this.json.key("thinking_budget").integer(budget);
  }
}
