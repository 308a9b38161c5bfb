// Content that an upstream or a template has written in the protocol's own form. It is checked: clients refuse a whole
// result for one item that is not what it must be.

import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { ToolResult } from "as-proxy-wasm-sdk/mcp";

/** Type of an item, and the members that must be text. */
const ITEMS: StaticArray<StaticArray<string>> = [
  ["text", "text"],
  ["image", "data", "mimeType"],
  ["audio", "data", "mimeType"],
  ["resource_link", "uri", "name"],
];

/** Adds the items of a JSON list. Returns what is wrong with them, or "": then nothing is to be used. */
export function addContent(result: ToolResult, list: Json): string {
  if (list.kind != JsonKind.Array) return "expected a list of content items";
  const items = list.items();
  for (let i = 0; items.next(); i++) {
    const problem = problemOf(items.value);
    if (problem.length > 0) return `item ${i}: ${problem}`;
    result.item(items.value.raw());
  }
  return "";
}

function problemOf(item: Json): string {
  const type = item.get("type").text();
  if (type == "resource") {
    const resource = item.get("resource");
    const isWhole = isText(resource, "uri") && (isText(resource, "text") || isText(resource, "blob"));
    return isWhole ? "" : "a resource needs uri, and text or blob";
  }
  for (let i = 0; i < ITEMS.length; i++) {
    const members = ITEMS[i];
    if (members[0] != type) continue;
    for (let j = 1; j < members.length; j++) {
      if (!isText(item, members[j])) return `${type} needs ${members[j]}`;
    }
    return "";
  }
  return "type must be text, image, audio, resource or resource_link";
}

function isText(object: Json, member: string): bool {
  return object.get(member).kind == JsonKind.String;
}
