// Chat requests as Anthropic message requests. Members stand in the order of Higress's own conversion.

import { Buffer, Span } from "../../bytes";
import { Json, JsonKind, JsonWriter } from "../../json";
import { Answer, ChatPart, ChatRequest, ChatTool, OPTION_NAMES, Option, PartKind, ToolChoice } from "../chat";
import { dropForeignSeals, renameTools } from "../conversation";
import { Dropped } from "../dropped";
import { indexOfName } from "../names";
import { isBlank, textOf } from "../text";
import { ContentWriter } from "./content-writer";
import { TokenLimits } from "./limits";
import { writeOutputSchema } from "./output-schema";
import { ADAPTIVE, OUTPUT_FORMAT, modelVersion, settleSampling, writeTemperature } from "./model-version";
import { ToolNames } from "./tool-names";
import { Turn, Turns, nothing } from "./turns";

const TOOL_CHOICE_TYPES: StaticArray<string> = ["", "auto", "none", "any", "tool"];

const CLAUDE_CODE: string = "You are Claude Code, Anthropic's official CLI for Claude.";

export class AnthropicRequestOptions {
  /** Write the system prompt as the Claude Code client does, which its tokens require. */
  claudeCode: bool = false;
  /** `anthropic_version` of the body, where the provider wants it there (Vertex, Bedrock). */
  version: string = "";
  /** False where the path names the model (Vertex, Bedrock). */
  hasModel: bool = true;
  /** Send a JSON schema as `output_config.format`, where the model's name tells none before Claude 4.5. */
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

/** Longer names of tools, and a longer id of a user, are refused. */
const MAX_TOOL_NAME_BYTES: i32 = 128;
const MAX_USER_BYTES: i32 = 256;

class RequestWriter {
  private readonly content: ContentWriter;
  private readonly names: ToolNames;

  constructor(
    private readonly request: ChatRequest,
    private readonly json: JsonWriter,
    private readonly options: AnthropicRequestOptions,
  ) {
    renameTools(request, MAX_TOOL_NAME_BYTES);
    dropForeignSeals(request, false);
    this.names = new ToolNames(request);
    this.content = new ContentWriter(json, request.dropped);
  }

  write(): void {
    const request = this.request;
    const json = this.json.object();
    const limits = new TokenLimits(request);
    if (this.options.hasModel) json.key("model").escaped(request.model);
    const turns = new Turns(request.messages, request.dropped).list;
    // What a system says alone is asked as the user's question: there has to be one.
    const system = this.systemParts();
    const isSystemOnly = turns.length == 0;
    if (isSystemOnly) turns.push(this.systemTurn(system));
    this.content.messages(turns);
    if (!isSystemOnly || this.options.claudeCode) this.system(system);
    json.key("max_tokens").integer(limits.maxTokens);
    this.stop();
    if (request.stream != Answer.Unset) json.key("stream").bool(request.stream == Answer.Yes);
    // Refused together with thinking.
    if (limits.thinkingBudget > 0) request.dropOptions(Option.Temperature, Option.TopK);
    else this.sampling();
    this.toolChoice();
    const tools = this.names.tools;
    if (tools.length > 0) {
      json.key("tools").array();
      for (let i = 0; i < tools.length; i++) this.tool(tools[i]);
      json.end();
    }
    this.serviceTier();
    this.user();
    const version = modelVersion(request.model);
    const isAdaptive = limits.thinkingBudget > 0 && version >= ADAPTIVE;
    if (limits.thinkingBudget > 0) {
      json
        .key("thinking")
        .object()
        .key("type")
        .text(isAdaptive ? "adaptive" : "enabled");
      if (!isAdaptive) json.key("budget_tokens").integer(limits.thinkingBudget);
      json.end();
    }
    this.outputConfig(isAdaptive ? limits.effort : "", version);
    if (this.options.version.length > 0) json.key("anthropic_version").text(this.options.version);
    json.end();
    request.dropOptions(Option.Seed, Option.Modalities);
    request.dropOptions(Option.Metadata, Option.Verbosity);
  }

  /** What all system messages say. */
  private systemParts(): ChatPart[] {
    const request = this.request;
    const parts: ChatPart[] = [];
    for (let i = 0; i < request.messages.length; i++) {
      const message = request.messages[i];
      for (let j = 0; message.isSystem && j < message.parts.length; j++) {
        const part = message.parts[j];
        if (part.kind != PartKind.Text) request.dropped.add("messages.system.content");
        else if (!isBlank(part.text)) parts.push(part);
      }
    }
    return parts;
  }

  private systemTurn(parts: ChatPart[]): Turn {
    return parts.length > 0 && !this.options.claudeCode ? new Turn(false, parts) : nothing();
  }

  /** All system messages as one; as a list only where the text alone would lose something. */
  private system(parts: ChatPart[]): void {
    let isCached = false;
    for (let i = 0; i < parts.length; i++) if (!parts[i].cacheControl.isEmpty) isCached = true;
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

  /** Blank texts are refused. */
  private stop(): void {
    const request = this.request;
    let isOpen = false;
    for (let i = 0; i < request.stop.length; i++) {
      if (isBlank(request.stop[i])) {
        request.dropped.add("stop");
        continue;
      }
      if (!isOpen) this.json.key("stop_sequences").array();
      isOpen = true;
      this.json.escaped(request.stop[i]);
    }
    if (isOpen) this.json.end();
  }

  private sampling(): void {
    const request = this.request;
    settleSampling(request, modelVersion(request.model));
    writeTemperature(this.json, request);
    this.option(Option.TopP);
    this.option(Option.TopK);
  }

  private option(option: Option): void {
    const value = this.request.option(option);
    if (!value.isEmpty) this.json.key(OPTION_NAMES[option]).raw(value);
  }

  /** Anthropic wants an id that names nobody; mail addresses are refused. */
  private user(): void {
    const request = this.request;
    const isSafe = !request.option(Option.SafetyIdentifier).isEmpty;
    const option = isSafe ? Option.SafetyIdentifier : Option.User;
    if (isSafe) request.dropOptions(Option.User, Option.User);
    const id = textOf(Json.read(request.option(option)));
    if (id.isEmpty || id.size > MAX_USER_BYTES || id.indexOf(0x40) >= 0) request.dropOptions(option, option);
    else this.json.key("metadata").object().key("user_id").escaped(id).end();
  }

  private toolChoice(): void {
    const request = this.request;
    // Refused without tools.
    if (this.names.tools.length == 0) return;
    const isSingle = request.parallelToolCalls == Answer.No && request.toolChoice != ToolChoice.None;
    let choice = request.toolChoice;
    const name = request.toolChoiceName;
    if (choice == ToolChoice.Tool && !this.names.has(name)) {
      request.dropped.add("tool_choice");
      choice = ToolChoice.Unset;
    }
    if (choice == ToolChoice.Unset) {
      if (!isSingle) return;
      choice = ToolChoice.Auto;
    }
    const json = this.json.key("tool_choice").object().key("type").text(TOOL_CHOICE_TYPES[choice]);
    if (choice == ToolChoice.Tool) json.key("name").escaped(name);
    if (isSingle) json.key("disable_parallel_tool_use").bool(true);
    json.end();
  }

  private tool(tool: ChatTool): void {
    const json = this.json.object().key("name").escaped(tool.name);
    if (!tool.description.isEmpty) json.key("description").escaped(tool.description);
    json.key("input_schema");
    writeObjectSchema(json, tool.parameters, this.request.dropped);
    if (!tool.cacheControl.isEmpty) json.key("cache_control").raw(tool.cacheControl);
    json.end();
    // Its strict mode refuses schemas that OpenAI's accepts.
    tool.dropStrict(this.request.dropped);
  }

  private serviceTier(): void {
    const value = this.request.option(Option.ServiceTier);
    if (value.equalsAscii('"auto"') || value.equalsAscii('"standard_only"')) this.option(Option.ServiceTier);
    else if (value.equalsAscii('"default"')) this.json.key("service_tier").text("standard_only");
    else if (!value.isEmpty) this.request.dropped.add("service_tier");
  }

  private outputConfig(effort: string, version: i32): void {
    const request = this.request;
    const json = this.json;
    const isKnown = version == 0 || version >= OUTPUT_FORMAT;
    request.dropOtherFormat();
    const hasFormat = !request.responseSchema.isEmpty && this.options.outputFormat && isKnown;
    if (effort.length > 0 || hasFormat) json.key("output_config").object();
    if (effort.length > 0) json.key("effort").text(effort);
    if (hasFormat) {
      json.key("format").object().key("type").text("json_schema").key("schema");
      writeOutputSchema(json, Json.read(request.bareSchema()), request.dropped);
      json.end();
    } else if (request.isJson || !request.responseSchema.isEmpty) {
      request.dropped.add("response_format");
    }
    if (effort.length > 0 || hasFormat) json.end();
  }
}

/** Properties of the schemas of a choice; more are left out. */
const MAX_PROPERTIES: i32 = 256;

/** Choices among schemas, which Anthropic refuses on the first level. */
const CHOICES: StaticArray<string> = ["anyOf", "oneOf", "allOf"];

/**
 * Writes the schema of a tool's arguments, which has to say that it is one of an object. Of a choice among schemas the
 * arguments of all are left, of which none is required.
 */
export function writeObjectSchema(json: JsonWriter, parameters: Span, dropped: Dropped): void {
  const schema = Json.read(parameters);
  let choices: Json | null = null;
  for (let i = 0; i < CHOICES.length; i++)
    if (schema.get(CHOICES[i]).exists) choices = schema.get(CHOICES[i]);
  if (choices === null && schema.get("type").kind == JsonKind.String) {
    json.raw(parameters);
    return;
  }
  json.object().key("type").text("object");
  const members = schema.members();
  while (members.next()) {
    const name = members.keyBytes();
    if (name.equalsAscii("type") || indexOfName(CHOICES, name) >= 0) continue;
    json.keyBytes(name).raw(members.value.raw());
  }
  if (choices !== null) {
    dropped.add("tools.function.parameters");
    if (!schema.get("properties").exists) writeAllProperties(json.key("properties").object(), choices);
  }
  json.end();
}

/** Writes the properties of these schemas, each once. */
function writeAllProperties(json: JsonWriter, schemas: Json): void {
  const known: Span[] = [];
  const items = schemas.items();
  while (items.next()) {
    const properties = items.value.get("properties").members();
    while (properties.next() && known.length < MAX_PROPERTIES) {
      const name = properties.keyBytes();
      let at = 0;
      while (at < known.length && !known[at].equals(name)) at++;
      if (at < known.length) continue;
      known.push(name);
      json.keyBytes(name).raw(properties.value.raw());
    }
  }
  json.end();
}
