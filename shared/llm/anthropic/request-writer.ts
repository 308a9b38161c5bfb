// Chat requests as Anthropic message requests. Members stand in the order of Higress's own conversion.

import { Buffer, Span } from "../../bytes";
import { Json, JsonKind, JsonWriter } from "../../json";
import {
  Answer,
  ChatMessage,
  ChatPart,
  ChatRequest,
  ChatTool,
  OPTION_NAMES,
  Option,
  PartKind,
  Role,
  Thinking,
  ToolChoice,
} from "../chat";
import { indexOfName } from "../names";
import { joinText } from "../text";
import { plainToolCallId } from "../tool-id";

const TOOL_CHOICE_TYPES: StaticArray<string> = ["", "auto", "none", "any", "tool"];

/** Tokens to think for, by `reasoning_effort`; what is not listed gets `OTHER_BUDGET`. */
const EFFORTS: StaticArray<string> = ["none", "minimal", "low", "medium", "high", "xhigh"];
const EFFORT_BUDGETS: StaticArray<i64> = [0, 1024, 1024, 8192, 16384, 16384];
const OTHER_BUDGET: i64 = 8192;
const MIN_BUDGET: i64 = 1024;

/** `max_tokens` must be given; this is what Higress sends where the client gave none. */
const DEFAULT_MAX_TOKENS: i64 = 4096;

const CLAUDE_CODE: string = "You are Claude Code, Anthropic's official CLI for Claude.";

export class AnthropicRequestOptions {
  /** Write the system prompt as the Claude Code client does, which its tokens require. */
  claudeCode: bool = false;
  /** `anthropic_version` of the body, where the provider wants it there (Vertex, Bedrock). */
  version: string = "";
  /** False where the path names the model (Vertex, Bedrock). */
  hasModel: bool = true;
  /** Send a JSON schema as `output_config.format`; models before Claude 4.5 refuse it. */
  outputFormat: bool = false;
}

/** Appends the request. What the dialect has no place for is noted in `request.dropped`. */
export function writeAnthropicRequest(
  request: ChatRequest,
  out: Buffer,
  options: AnthropicRequestOptions = new AnthropicRequestOptions(),
): void {
  new RequestWriter(request, new JsonWriter(out), options).write();
}

/** Tokens to think for; 0 for a request without thinking. */
export function thinkingBudgetOf(request: ChatRequest): i64 {
  if (request.thinking == Thinking.Disabled) return 0;
  if (request.thinkingBudget > 0) return max(request.thinkingBudget, MIN_BUDGET);
  if (request.reasoningEffort.isEmpty) return 0;
  const effort = indexOfName(EFFORTS, request.reasoningEffort);
  return effort < 0 ? OTHER_BUDGET : EFFORT_BUDGETS[effort];
}

class RequestWriter {
  private readonly scratch: Buffer = new Buffer();
  private maxTokens: i64 = 0;
  private budget: i64 = 0;

  constructor(
    private readonly request: ChatRequest,
    private readonly json: JsonWriter,
    private readonly options: AnthropicRequestOptions,
  ) {}

  write(): void {
    const request = this.request;
    const json = this.json.object();
    this.setLimits();
    if (this.options.hasModel) json.key("model").escaped(request.model);
    this.messages();
    this.system();
    json.key("max_tokens").integer(this.maxTokens);
    if (request.stop.length > 0) {
      json.key("stop_sequences").array();
      for (let i = 0; i < request.stop.length; i++) json.escaped(request.stop[i]);
      json.end();
    }
    if (request.stream != Answer.Unset) json.key("stream").bool(request.stream == Answer.Yes);
    this.option(Option.Temperature);
    this.option(Option.TopP);
    this.option(Option.TopK);
    this.toolChoice();
    if (request.tools.length > 0) {
      json.key("tools").array();
      for (let i = 0; i < request.tools.length; i++) this.tool(request.tools[i]);
      json.end();
    }
    this.serviceTier();
    if (this.budget > 0) {
      json.key("thinking").object().key("type").text("enabled");
      json.key("budget_tokens").integer(this.budget).end();
    }
    this.outputFormat();
    if (this.options.version.length > 0) json.key("anthropic_version").text(this.options.version);
    json.end();
    this.noteOptions();
  }

  /** Settles `max_tokens` and the thinking budget, which must be less. */
  private setLimits(): void {
    const request = this.request;
    let asked = numberOf(request.option(Option.MaxCompletionTokens));
    if (asked <= 0) asked = numberOf(request.option(Option.MaxTokens));
    this.maxTokens = asked > 0 ? asked : DEFAULT_MAX_TOKENS;
    this.budget = thinkingBudgetOf(request);
    if (this.budget > 0 && lacksThinking(request)) {
      this.budget = 0;
      request.dropped.add("reasoning_effort");
    }
    if (this.budget < this.maxTokens) return;
    if (asked <= 0) {
      this.maxTokens = this.budget + DEFAULT_MAX_TOKENS;
    } else {
      this.budget = asked > MIN_BUDGET ? max(asked / 2, MIN_BUDGET) : 0;
      if (this.budget == 0) request.dropped.add("reasoning_effort");
    }
  }

  private messages(): void {
    const request = this.request;
    const json = this.json.key("messages").array();
    for (let i = 0; i < request.messages.length; i++) {
      const message = request.messages[i];
      if (message.isSystem) continue;
      const isResult = message.role == Role.Tool;
      json.object().key("role").text(message.role == Role.Assistant ? "assistant" : "user").key("content");
      const plain = plainText(message);
      if (plain) {
        json.escaped(plain.text);
      } else {
        json.array();
        this.blocks(message.parts);
        // The results of parallel calls belong into one message.
        while (isResult && i + 1 < request.messages.length && request.messages[i + 1].role == Role.Tool) {
          this.blocks(request.messages[++i].parts);
        }
        json.end();
      }
      json.end();
      if (!message.name.isEmpty) request.dropped.add("messages.name");
      if (plain && message.parts.length > 1) request.dropped.add("messages.reasoning_content");
    }
    json.end();
  }

  private blocks(parts: ChatPart[]): void {
    for (let i = 0; i < parts.length; i++) this.block(parts[i]);
  }

  private block(part: ChatPart): void {
    const json = this.json;
    const dropped = this.request.dropped;
    switch (part.kind) {
      case PartKind.Text:
      case PartKind.Refusal:
        // An empty text block is refused.
        if (part.text.isEmpty) return;
        json.object().key("type").text("text").key("text").escaped(part.text);
        break;
      case PartKind.Image:
      case PartKind.File:
        json.object().key("type").text(part.kind == PartKind.Image ? "image" : "document");
        this.source(part);
        if (!part.name.isEmpty) json.key("title").escaped(part.name);
        break;
      case PartKind.ToolCall:
        json.object().key("type").text("tool_use").key("id").escaped(plainToolCallId(part.id));
        json.key("name").escaped(part.name);
        this.input(part);
        break;
      case PartKind.ToolResult:
        json.object().key("type").text("tool_result").key("tool_use_id");
        json.escaped(plainToolCallId(part.id)).key("content");
        this.resultContent(part);
        if (part.isError) json.key("is_error").bool(true);
        break;
      case PartKind.Thinking:
        if (part.data.isEmpty) {
          dropped.add("messages.reasoning_content");
          return;
        }
        json.object().key("type").text("thinking").key("thinking").escaped(part.text);
        json.key("signature").escaped(part.data).end();
        return;
      case PartKind.RedactedThinking:
        json.object().key("type").text("redacted_thinking").key("data").escaped(part.data).end();
        return;
      default:
        dropped.add("messages.content.input_audio");
        return;
    }
    if (!part.cacheControl.isEmpty) json.key("cache_control").raw(part.cacheControl);
    json.end();
  }

  private source(part: ChatPart): void {
    const json = this.json.key("source").object().key("type");
    if (!part.data.isEmpty) {
      json.text("base64").key("media_type").escaped(part.mediaType).key("data").escaped(part.data);
    } else if (!part.fileId.isEmpty) {
      json.text("file").key("file_id").escaped(part.fileId);
    } else {
      json.text("url").key("url").escaped(part.url);
    }
    json.end();
  }

  private input(part: ChatPart): void {
    const input = part.argumentsJson();
    this.json.key("input");
    if (input.isEmpty) this.json.object().end();
    else this.json.raw(input);
    if (input.isEmpty && !part.text.isEmpty) this.request.dropped.add("messages.tool_calls.function.arguments");
  }

  private resultContent(result: ChatPart): void {
    for (let i = 0; i < result.parts.length; i++) {
      if (result.parts[i].kind == PartKind.Text) continue;
      this.json.array();
      this.blocks(result.parts);
      this.json.end();
      return;
    }
    this.json.escaped(this.joined(result.parts));
  }

  private joined(parts: ChatPart[]): Span {
    this.scratch.clear();
    for (let i = 0; i < parts.length; i++) joinText(this.scratch, "\\n", parts[i].text);
    return this.scratch.span();
  }

  /** All system messages as one; as a list only where the text alone would lose something. */
  private system(): void {
    const request = this.request;
    const parts: ChatPart[] = [];
    let isCached = false;
    for (let i = 0; i < request.messages.length; i++) {
      const message = request.messages[i];
      for (let j = 0; message.isSystem && j < message.parts.length; j++) {
        const part = message.parts[j];
        if (part.kind != PartKind.Text) request.dropped.add("messages.system.content");
        else if (!part.text.isEmpty) parts.push(part);
        if (!part.cacheControl.isEmpty) isCached = true;
      }
    }
    const json = this.json;
    if (this.options.claudeCode) {
      json.key("system").array().object().key("type").text("text").key("text");
      if (parts.length == 0) json.text(CLAUDE_CODE);
      else json.escaped(this.joined(parts));
      json.key("cache_control").object().key("type").text("ephemeral").end().end().end();
    } else if (isCached) {
      json.key("system").array();
      this.blocks(parts);
      json.end();
    } else if (parts.length > 0) {
      json.key("system").escaped(this.joined(parts));
    }
  }

  private option(option: Option): void {
    const value = this.request.option(option);
    if (!value.isEmpty) this.json.key(OPTION_NAMES[option]).raw(value);
  }

  private toolChoice(): void {
    const request = this.request;
    // Refused without tools.
    if (request.tools.length == 0) return;
    const isSingle = request.parallelToolCalls == Answer.No && request.toolChoice != ToolChoice.None;
    let choice = request.toolChoice;
    if (choice == ToolChoice.Unset) {
      if (!isSingle) return;
      choice = ToolChoice.Auto;
    }
    const json = this.json.key("tool_choice").object().key("type").text(TOOL_CHOICE_TYPES[choice]);
    if (choice == ToolChoice.Tool) json.key("name").escaped(request.toolChoiceName);
    if (isSingle) json.key("disable_parallel_tool_use").bool(true);
    json.end();
  }

  private tool(tool: ChatTool): void {
    const json = this.json.object().key("name").escaped(tool.name);
    if (!tool.description.isEmpty) json.key("description").escaped(tool.description);
    json.key("input_schema");
    if (tool.parameters.isEmpty) json.object().key("type").text("object").end();
    else json.raw(tool.parameters);
    if (!tool.cacheControl.isEmpty) json.key("cache_control").raw(tool.cacheControl);
    json.end();
    // Its strict mode refuses schemas that OpenAI's accepts.
    if (!tool.strict.isEmpty) this.request.dropped.add("tools.function.strict");
  }

  private serviceTier(): void {
    const value = this.request.option(Option.ServiceTier);
    if (value.equalsAscii('"auto"') || value.equalsAscii('"standard_only"')) this.option(Option.ServiceTier);
    else if (value.equalsAscii('"default"')) this.json.key("service_tier").text("standard_only");
    else if (!value.isEmpty) this.request.dropped.add("service_tier");
  }

  private outputFormat(): void {
    const request = this.request;
    if (!request.responseSchema.isEmpty && this.options.outputFormat) {
      const json = this.json.key("output_config").object().key("format").object().key("type").text("json_schema");
      json.key("schema").raw(request.responseSchema).end().end();
    } else if (!request.responseFormat.isEmpty || !request.responseSchema.isEmpty) {
      request.dropped.add("response_format");
    }
  }

  /** Notes the settings that were given and have no name here. */
  private noteOptions(): void {
    for (let option = 0; option < Option.COUNT; option++) {
      if (option <= Option.TopK || option == Option.ServiceTier) continue;
      if (!this.request.option(option).isEmpty) this.request.dropped.add(OPTION_NAMES[option]);
    }
  }
}

/** The text of a message that has nothing else to send. */
function plainText(message: ChatMessage): ChatPart | null {
  if (!message.isPlain || message.role == Role.Tool) return null;
  let text: ChatPart | null = null;
  for (let i = 0; i < message.parts.length; i++) {
    const part = message.parts[i];
    if (part.kind == PartKind.Text) text = part;
    else if (part.kind != PartKind.Thinking || !part.data.isEmpty) return null;
  }
  return text;
}

/**
 * True when the last assistant message calls tools and has no thinking: with thinking on, Anthropic refuses a
 * request that goes on from there. Clients of other dialects have no thinking to send back.
 */
function lacksThinking(request: ChatRequest): bool {
  for (let i = request.messages.length - 1; i >= 0; i--) {
    const message = request.messages[i];
    if (message.role == Role.User && !message.has(PartKind.ToolResult)) return false;
    if (message.role != Role.Assistant) continue;
    if (!message.has(PartKind.ToolCall) || message.has(PartKind.RedactedThinking)) return false;
    for (let j = 0; j < message.parts.length; j++) {
      const part = message.parts[j];
      if (part.kind == PartKind.Thinking && !part.data.isEmpty) return false;
    }
    return true;
  }
  return false;
}

function numberOf(value: Span): i64 {
  const json = Json.read(value);
  // "4096" as a string is a number to lenient servers.
  return json.kind == JsonKind.String ? Json.read(json.bytes()).integer(0) : json.integer(0);
}
