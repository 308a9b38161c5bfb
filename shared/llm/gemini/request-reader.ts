// Gemini's generateContent requests: https://ai.google.dev/api/generate-content
// Google reads every name in camel case and in snake case. Model and streaming are in the path, not in the body.

import { Span, equalsAsciiIgnoreCase } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ChatMessage, ChatPart, ChatRequest, ChatTool, RequestError, Role, ToolChoice } from "../chat";
import { Dropped } from "../dropped";
import { nameOthers } from "../fields";
import { indexOfName } from "../names";
import { NONE, textOf } from "../text";
import { ContentReader } from "./content-reader";
import { GeminiConfigReader } from "./config-reader";
import { camelName, member } from "./spelling";
import { jsonSchemaOf } from "./schema";

const enum Field {
  Contents,
  SystemInstruction,
  GenerationConfig,
  Tools,
  ToolConfig,
  Model,
}

const FIELDS: StaticArray<string> = [
  "contents",
  "systemInstruction",
  "generationConfig",
  "tools",
  "toolConfig",
  "model",
];

/** What is read of the declaration of a function, and of how functions are to be called. */
const MEMBERS: StaticArray<string> = [
  "name",
  "description",
  "parameters",
  "parametersJsonSchema",
  "parameters_json_schema",
  "functionCallingConfig",
  "function_calling_config",
  "mode",
  "allowedFunctionNames",
  "allowed_function_names",
];

const TEXT_MEMBERS: StaticArray<string> = ["text"];

/** Reads a request. `error` of the result tells when the body is none; the spans are borrowed from `body`. */
export function readGeminiRequest(body: Span): ChatRequest {
  const request = new ChatRequest();
  const root = request.open(body);
  if (request.error != RequestError.None) return request;
  let system: ChatMessage | null = null;
  let calling: Json | null = null;
  const members = root.members();
  while (members.next()) {
    const value = members.value;
    const name = camelName(members.keyBytes());
    switch (indexOfName(FIELDS, name)) {
      case Field.Contents:
        readContents(request, value);
        break;
      case Field.SystemInstruction:
        system = readSystem(value, request.dropped);
        break;
      case Field.GenerationConfig:
        new GeminiConfigReader(request).read(value);
        break;
      case Field.Tools:
        readTools(request, value);
        break;
      case Field.ToolConfig:
        calling = member(value, "functionCallingConfig", "function_calling_config");
        nameOthers(value, MEMBERS, "toolConfig.", request.dropped);
        break;
      case Field.Model:
        break;
      default:
        if (value.kind > JsonKind.Null) request.dropped.addNamed("", name);
    }
  }
  if (calling) readToolConfig(request, calling);
  if (request.messages.length == 0) request.error = RequestError.NoMessages;
  if (system) request.messages.unshift(system);
  return request;
}

function readContents(request: ChatRequest, value: Json): void {
  request.messages = [];
  const reader = new ContentReader(request);
  if (value.kind == JsonKind.Object) reader.read(value);
  const items = value.items();
  while (items.next()) if (items.value.kind == JsonKind.Object) reader.read(items.value);
  if (request.messages.length > 0 || value.length() == 0) return;
  // Gemini answers to contents that say nothing, too.
  const nothing = new ChatMessage(Role.User);
  nothing.isPlain = true;
  nothing.parts.push(ChatPart.text(NONE));
  request.messages.push(nothing);
}

function readSystem(value: Json, dropped: Dropped): ChatMessage | null {
  const message = new ChatMessage(Role.System);
  if (value.kind == JsonKind.String) message.parts.push(ChatPart.text(value.escaped()));
  const parts = value.get("parts");
  const items = parts.items();
  while (items.next()) addText(message, items.value, dropped);
  if (parts.kind == JsonKind.Object) addText(message, parts, dropped);
  message.isPlain = message.parts.length == 1;
  return message.parts.length > 0 ? message : null;
}

/** A system says texts only. */
function addText(message: ChatMessage, part: Json, dropped: Dropped): void {
  nameOthers(part, TEXT_MEMBERS, "systemInstruction.parts.", dropped);
  const text = textOf(part.get("text"));
  if (!text.isEmpty) message.parts.push(ChatPart.text(text));
}

function readTools(request: ChatRequest, value: Json): void {
  request.tools = [];
  if (value.kind == JsonKind.Object) readTool(request, value);
  const items = value.items();
  while (items.next()) readTool(request, items.value);
}

/** One tool declares functions, or stands for something that Google runs. */
function readTool(request: ChatRequest, value: Json): void {
  const members = value.members();
  while (members.next()) {
    const name = camelName(members.keyBytes());
    if (!name.equalsAscii("functionDeclarations")) {
      if (members.value.kind > JsonKind.Null) request.dropped.addNamed("tools.", name);
      continue;
    }
    const items = members.value.items();
    while (items.next()) {
      const declared = items.value;
      const tool = new ChatTool();
      tool.name = textOf(declared.get("name"));
      if (tool.name.isEmpty) continue;
      tool.description = textOf(declared.get("description"));
      nameOthers(declared, MEMBERS, "tools.functionDeclarations.", request.dropped);
      tool.parameters = jsonSchemaOf(
        declared.get("parameters"),
        member(declared, "parametersJsonSchema", "parameters_json_schema"),
      );
      request.tools.push(tool);
    }
  }
}

function readToolConfig(request: ChatRequest, value: Json): void {
  const mode = textOf(value.get("mode"));
  const allowed = member(value, "allowedFunctionNames", "allowed_function_names");
  if (equalsAsciiIgnoreCase(mode, "NONE")) request.toolChoice = ToolChoice.None;
  else if (equalsAsciiIgnoreCase(mode, "ANY")) request.toolChoice = ToolChoice.Required;
  else if (equalsAsciiIgnoreCase(mode, "AUTO") || equalsAsciiIgnoreCase(mode, "VALIDATED"))
    request.toolChoice = ToolChoice.Auto;
  if (allowed.length() == 1 && request.toolChoice == ToolChoice.Required) {
    request.toolChoice = ToolChoice.Tool;
    request.toolChoiceName = textOf(allowed.at(0));
  } else if (allowed.length() > 0) {
    request.allowTools(allowed);
  }
  nameOthers(value, MEMBERS, "toolConfig.functionCallingConfig.", request.dropped);
}
