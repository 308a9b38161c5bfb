// The shared attributes of one exchange that AI plugins add to: filter state `ai_log`, a JSON object written as the
// inside of a JSON string, names sorted (Higress's `%FILTER_STATE(wasm.ai_log:PLAIN)%`).

import { Buffer } from "../bytes";
import { escapeHtmlInto, Json, JsonError, JsonKind, JsonWriter, unescapeInto } from "../json";
import { propertyBytes, setPropertyBytes } from "./property";

const NAME: string = "ai_log";

/** Sets an attribute to a text beside those that other plugins have set. A log that cannot be read is left alone. */
export function logAttribute(name: string, value: string): bool {
  const document = new Buffer(256);
  const present = propertyBytes(NAME);
  if (present === null || present.isEmpty) document.text("{}");
  else if (unescapeInto(document, present) != JsonError.None) return false;
  const json = document.span();
  if (Json.check(json) != JsonError.None || Json.read(json).kind != JsonKind.Object) return false;
  const names: string[] = [name];
  const members = Json.read(json).members();
  while (members.next()) if (!names.includes(members.key)) names.push(members.key);
  names.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const merged = new Buffer(json.size + 64);
  const writer = new JsonWriter(merged, true).object();
  for (let i = 0; i < names.length; i++) {
    writer.key(names[i]);
    if (names[i] == name) writer.text(value);
    else writer.raw(Json.read(json).get(names[i]).raw());
  }
  writer.end();
  const escaped = new Buffer(merged.size + 64);
  escapeHtmlInto(escaped, merged.span());
  setPropertyBytes(NAME, escaped.span());
  return true;
}
