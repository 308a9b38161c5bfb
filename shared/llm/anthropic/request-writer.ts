// Chat requests as Anthropic message requests. Members stand in the order of Higress's own conversion.

import { Buffer } from "../../bytes";
import { JsonWriter } from "../../json";
import { Answer, ChatPart, ChatRequest, ChatTool, OPTION_NAMES, Option, PartKind, ToolChoice } from "../chat";
import { ContentWriter } from "./content-writer";
import { TokenLimits } from "./limits";

const TOOL_CHOICE_TYPES: StaticArray<string> = ["", "auto", "none", "any", "tool"];

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

class RequestWriter {
  private readonly content: ContentWriter;

  constructor(
    private readonly request: ChatRequest,
    private readonly json: JsonWriter,
    private readonly options: AnthropicRequestOptions,
  ) {
    this.content = new ContentWriter(json, request.dropped);
  }

  write(): void {
    const request = this.request;
    const json = this.json.object();
    const limits = new TokenLimits(request);
    if (this.options.hasModel) json.key("model").escaped(request.model);
    this.content.messages(request.messages);
    this.system();
    json.key("max_tokens").integer(limits.maxTokens);
    if (request.stop.length > 0) {
      json.key("stop_sequences").array();
      for (let i = 0; i < request.stop.length; i++) json.escaped(request.stop[i]);
      json.end();
    }
    if (request.stream != Answer.Unset) json.key("stream").bool(request.stream == Answer.Yes);
    // Refused together with thinking.
    if (limits.thinkingBudget > 0) request.dropOptions(Option.Temperature, Option.TopK);
    else for (let option = Option.Temperature; option <= Option.TopK; option++) this.option(option);
    this.toolChoice();
    if (request.tools.length > 0) {
      json.key("tools").array();
      for (let i = 0; i < request.tools.length; i++) this.tool(request.tools[i]);
      json.end();
    }
    this.serviceTier();
    if (limits.thinkingBudget > 0) {
      json.key("thinking").object().key("type").text("enabled");
      json.key("budget_tokens").integer(limits.thinkingBudget).end();
    }
    this.outputFormat();
    if (this.options.version.length > 0) json.key("anthropic_version").text(this.options.version);
    json.end();
    request.dropOptions(Option.Seed, Option.User);
    request.dropOptions(Option.Metadata, Option.SafetyIdentifier);
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
      else json.escaped(this.content.joined(parts));
      json.key("cache_control").object().key("type").text("ephemeral").end().end().end();
    } else if (isCached) {
      json.key("system").array();
      this.content.blocks(parts);
      json.end();
    } else if (parts.length > 0) {
      json.key("system").escaped(this.content.joined(parts));
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
      const json = this.json
        .key("output_config")
        .object()
        .key("format")
        .object()
        .key("type")
        .text("json_schema");
      json.key("schema").raw(request.responseSchema).end().end();
    } else if (!request.responseFormat.isEmpty || !request.responseSchema.isEmpty) {
      request.dropped.add("response_format");
    }
  }
}
