// Tools in OpenAI chat completion requests, and the functions that they were before.

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ChatMessage, ChatPart, ChatRequest, ChatTool, PartKind, ToolChoice } from "../chat";
import { readCustomTool } from "../custom-tool";
import { nameOthers } from "../fields";
import { rawOf, textOf } from "../text";

/** Calls without id that wait for their results at a time; more stay without. */
const MAX_OPEN_CALLS: i32 = 128;

/** What is read of tools. */
const MEMBERS: StaticArray<string> = [
  "type",
  "function",
  "name",
  "description",
  "parameters",
  "strict",
  "cache_control",
  "custom",
  "format",
];

/** What is read of the choice of a tool. */
const CHOICE_MEMBERS: StaticArray<string> = [
  "type",
  "function",
  "name",
  "custom",
  "allowed_tools",
  "mode",
  "tools",
];

export function readTools(request: ChatRequest, list: Json): void {
  if (list.kind != JsonKind.Array) return;
  request.tools = [];
  request.hasFunctions = false;
  const items = list.items();
  while (items.next()) {
    const custom = items.value.get("custom");
    const named = custom.exists ? custom : items.value.get("function");
    const tool = toolOf(named);
    if (!tool) {
      request.dropped.addNamed("tools.", textOf(items.value.get("type")));
      continue;
    }
    if (custom.exists) readCustomTool(request, tool, custom);
    tool.cacheControl = rawOf(items.value.get("cache_control"));
    nameOthers(items.value, MEMBERS, "tools.", request.dropped);
    nameOthers(named, MEMBERS, custom.exists ? "tools.custom." : "tools.function.", request.dropped);
    request.tools.push(tool);
  }
}

/** What tools were before they were tools; where a request has both, the tools count. */
export function readFunctions(request: ChatRequest, list: Json): void {
  if (request.tools.length > 0) return;
  const items = list.items();
  while (items.next()) {
    const tool = toolOf(items.value);
    nameOthers(items.value, MEMBERS, "functions.", request.dropped);
    if (tool) request.tools.push(tool);
  }
  request.hasFunctions = request.tools.length > 0;
}

function toolOf(value: Json): ChatTool | null {
  const tool = new ChatTool();
  tool.name = textOf(value.get("name"));
  if (tool.name.isEmpty) return null;
  tool.description = textOf(value.get("description"));
  tool.parameters = rawOf(value.get("parameters"));
  tool.strict = rawOf(value.get("strict"));
  return tool;
}

/** Calls of functions have no id, and some servers leave out those of tools. */
export function nameCalls(messages: ChatMessage[]): void {
  const open: ChatPart[] = [];
  let count = 0;
  for (let i = 0; i < messages.length; i++) {
    const parts = messages[i].parts;
    for (let j = 0; j < parts.length; j++) {
      const part = parts[j];
      if (!part.id.isEmpty) continue;
      if (part.kind == PartKind.ToolCall && open.length < MAX_OPEN_CALLS) {
        part.id = Span.text("call_" + (count++).toString());
        open.push(part);
      } else if (part.kind == PartKind.ToolResult && open.length > 0) {
        let at = 0;
        while (at < open.length - 1 && !open[at].name.equals(part.name)) at++;
        if (part.name.isEmpty) at = 0;
        part.id = open[at].id;
        open.splice(at, 1);
      }
    }
  }
}

export function readToolChoice(request: ChatRequest, value: Json): void {
  // {"type":"allowed_tools","allowed_tools":{"mode":"auto",…}}
  const allowed = value.get("allowed_tools");
  nameOthers(value, CHOICE_MEMBERS, "tool_choice.", request.dropped);
  const custom = value.get("custom");
  const named = custom.exists ? custom : value.get("function");
  nameOthers(named, CHOICE_MEMBERS, "tool_choice.function.", request.dropped);
  nameOthers(allowed, CHOICE_MEMBERS, "tool_choice.allowed_tools.", request.dropped);
  setToolChoice(request, allowed.kind == JsonKind.Object ? allowed.get("mode") : value, named);
  if (request.toolChoice == ToolChoice.Unset && value.kind > JsonKind.Null)
    request.dropped.add("tool_choice");
}

export function readFunctionChoice(request: ChatRequest, value: Json): void {
  if (request.toolChoice == ToolChoice.Unset) setToolChoice(request, value, value);
}

function setToolChoice(request: ChatRequest, mode: Json, named: Json): void {
  const word = textOf(mode);
  request.toolChoice = ToolChoice.Unset;
  request.toolChoiceName = textOf(named.get("name"));
  if (!request.toolChoiceName.isEmpty) request.toolChoice = ToolChoice.Tool;
  else if (word.equalsAscii("auto")) request.toolChoice = ToolChoice.Auto;
  else if (word.equalsAscii("none")) request.toolChoice = ToolChoice.None;
  else if (word.equalsAscii("required") || word.equalsAscii("any")) request.toolChoice = ToolChoice.Required;
}
