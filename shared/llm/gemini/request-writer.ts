// Chat requests as Gemini's generateContent takes them, on Google AI and on Vertex AI. Members stand in the order of
// Higress's own conversion. Model and streaming are in the path: https://ai.google.dev/api/generate-content

import { Buffer, Span, upperAscii } from "../../bytes";
import { Json, JsonKind, JsonWriter } from "../../json";
import { Answer, ChatRequest, ChatTool, Option, PartKind, ToolChoice } from "../chat";
import { dropForeignSeals, renameTools } from "../conversation";
import { NONE, textOf } from "../text";
import { settleResults } from "../tool-results";
import { ContentWriter } from "./content-writer";
import { GeminiModel } from "./model";
import { ResponseFormat } from "./response-format";
import { fitsGeminiSchema, isEmptyObjectSchema } from "./schema";
import { SETTINGS, SETTING_NAMES } from "./settings";
import { GeminiThinking } from "./thinking";

export class GeminiRequestOptions {
  /** Spell `system_instruction` and `function_declarations` as Higress does for Google AI, which reads both. */
  isSnakeCase: bool = false;
  /** Vertex AI's `Schema` knows `additionalProperties`. */
  isVertex: bool = false;
  /** JSON array for `safetySettings`; none when empty. */
  safetySettings: Span = NONE;
  /** Members of `thinkingConfig` where the client asks for nothing, as a JSON object; none when empty. */
  thinkingConfig: Span = NONE;
}

/** Google refuses longer names, and those that begin with a digit. */
const MAX_TOOL_NAME_BYTES: i32 = 64;

/** More are refused. */
const MAX_STOPS: i32 = 5;

const MODES: StaticArray<string> = ["", "AUTO", "NONE", "ANY", "ANY"];

/**
 * Appends the request. Returns what is wrong with it, or "": then nothing of `out` is to be used. What the dialect
 * has no place for is noted in `request.dropped`.
 */
export function writeGeminiRequest(
  request: ChatRequest,
  out: Buffer,
  options: GeminiRequestOptions = new GeminiRequestOptions(),
): string {
  const format = new ResponseFormat(request);
  if (format.error.length > 0) return format.error;
  new RequestWriter(request, new JsonWriter(out), options).write(format);
  return "";
}

class RequestWriter {
  private readonly model: GeminiModel;

  constructor(
    private readonly request: ChatRequest,
    private readonly json: JsonWriter,
    private readonly options: GeminiRequestOptions,
  ) {
    this.model = new GeminiModel(request.model);
  }

  write(format: ResponseFormat): void {
    const request = this.request;
    renameTools(request, MAX_TOOL_NAME_BYTES, "_-.:", true);
    dropForeignSeals(request, false);
    // Earlier models know calls by their order only.
    settleResults(request, this.model.generation < 30);
    const json = this.json.object().key("contents").array();
    new ContentWriter(json, request, this.model, this.options.isVertex).messages();
    json.end();
    this.system();
    if (!this.options.safetySettings.isEmpty) json.key("safetySettings").raw(this.options.safetySettings);
    json.key("generationConfig").object();
    this.generationConfig();
    if (format.isJson) json.key("responseMimeType").text("application/json");
    if (!format.schema.isEmpty) this.schema("responseSchema", "responseJsonSchema", format.schema);
    json.end();
    this.tools();
    json.end();
    request.dropOptions(Option.LogitBias, Option.LogitBias);
    request.dropOptions(Option.User, Option.SafetyIdentifier);
    if (request.parallelToolCalls == Answer.No) request.dropped.add("parallel_tool_calls");
  }

  private system(): void {
    const messages = this.request.messages;
    let hasOther = false;
    for (let i = 0; i < messages.length; i++) if (!messages[i].isSystem) hasOther = true;
    // Gemini refuses a request without contents: the system's words are all that is asked.
    if (!hasOther) return;
    const json = this.json;
    let isOpen = false;
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i];
      for (let j = 0; message.isSystem && j < message.parts.length; j++) {
        const part = message.parts[j];
        if (part.kind != PartKind.Text) this.request.dropped.add("messages.system.content");
        else if (!part.text.isEmpty) {
          if (!isOpen) {
            json.key(this.options.isSnakeCase ? "system_instruction" : "systemInstruction").object();
            json.key("parts").array();
          }
          isOpen = true;
          json.object().key("text").escaped(part.text).end();
        }
        if (!part.cacheControl.isEmpty) this.request.dropped.add("messages.content.cache_control");
      }
    }
    if (isOpen) json.end().end();
  }

  private generationConfig(): void {
    const request = this.request;
    const json = this.json;
    for (let i = 0; i < SETTINGS.length; i++) {
      const value = request.option(SETTINGS[i]);
      if (!value.isEmpty) json.key(SETTING_NAMES[i]).raw(value);
    }
    let limit = request.option(Option.MaxCompletionTokens);
    if (limit.isEmpty) limit = request.option(Option.MaxTokens);
    if (!limit.isEmpty) json.key("maxOutputTokens").raw(limit);
    if (request.stop.length > 0) {
      json.key("stopSequences").array();
      for (let i = 0; i < min(request.stop.length, MAX_STOPS); i++) json.escaped(request.stop[i]);
      json.end();
      if (request.stop.length > MAX_STOPS) request.dropped.add("stop");
    }
    this.modalities();
    const thinking = new GeminiThinking(request, this.model);
    if (thinking.isGiven) {
      json.key("thinkingConfig").object();
      thinking.write(json, request, this.model);
      json.end();
    } else if (!this.options.thinkingConfig.isEmpty) {
      json.key("thinkingConfig").raw(this.options.thinkingConfig);
    }
  }

  private modalities(): void {
    const value = this.request.option(Option.Modalities);
    if (value.isEmpty) return;
    const json = this.json.key("responseModalities").array();
    const items = Json.read(value).items();
    while (items.next()) {
      const word = textOf(items.value);
      // An escape has another meaning, or none, in upper case.
      json.escaped(word.indexOf(0x5c) < 0 ? upperAscii(word) : word);
    }
    json.end();
  }

  private tools(): void {
    const request = this.request;
    if (request.tools.length == 0) return;
    const json = this.json.key("tools").array().object();
    json.key(this.options.isSnakeCase ? "function_declarations" : "functionDeclarations").array();
    for (let i = 0; i < request.tools.length; i++) this.tool(request.tools[i]);
    json.end().end().end();
    if (request.toolChoice == ToolChoice.Unset) return;
    json.key("toolConfig").object().key("functionCallingConfig").object();
    json.key("mode").text(MODES[request.toolChoice]);
    if (request.toolChoice == ToolChoice.Tool) {
      json.key("allowedFunctionNames").array().escaped(request.toolChoiceName).end();
    }
    json.end().end();
  }

  private tool(tool: ChatTool): void {
    const json = this.json.object();
    if (!tool.description.isEmpty) json.key("description").escaped(tool.description);
    json.key("name").escaped(tool.name);
    if (!tool.parameters.isEmpty && !isEmptyObjectSchema(tool.parameters)) {
      this.schema("parameters", "parametersJsonSchema", tool.parameters);
    }
    json.end();
    tool.dropStrict(this.request.dropped);
    if (!tool.cacheControl.isEmpty) this.request.dropped.add("tools.cache_control");
  }

  /** Writes a schema as Gemini's own, or as JSON schema where that has no word for it. */
  private schema(own: string, json: string, schema: Span): void {
    if (Json.read(schema).kind != JsonKind.Object) return;
    this.json.key(fitsGeminiSchema(schema, this.options.isVertex) ? own : json).raw(schema);
  }
}
