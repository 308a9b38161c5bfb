// Messages that another parser may read otherwise than this one: with a member twice, or in another case, as Go's
// decoder takes it. What was allowed here must be what is done there.

import { equalsIgnoreCase, Span } from "as-proxy-wasm-sdk/bytes";
import { Json } from "as-proxy-wasm-sdk/json";

const OF_MESSAGE: StaticArray<string> = ["method", "params"];
const OF_PARAMS: StaticArray<string> = ["name", "arguments"];

export function isAmbiguous(message: Json): bool {
  return isRepeated(message, OF_MESSAGE) || isRepeated(message.get("params"), OF_PARAMS);
}

function isRepeated(object: Json, names: StaticArray<string>): bool {
  for (let i = 0; i < names.length; i++) {
    const name = Span.text(names[i]);
    let count = 0;
    const members = object.members();
    while (members.next()) if (equalsIgnoreCase(members.keyBytes(), name)) count++;
    if (count > 1 || (count == 1 && !object.get(names[i]).exists)) return true;
  }
  return false;
}
