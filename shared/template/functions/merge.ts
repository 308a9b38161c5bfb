// sprig's merge and mergeOverwrite: objects within objects are merged too. https://pkg.go.dev/dario.cat/mergo

import { Buffer, Span } from "../../bytes";
import { Json, JsonKind, JsonWriter } from "../../json";
import { Execution } from "../execution";
import { Value } from "../value";
import { isEmpty } from "./argument";

/** Objects within one another that are merged; deeper ones are taken as they are. */
const MAX_DEPTH: i32 = 40;

/** The first object with what it lacks of the others; with `overwrites` what the later ones have stands. */
export function merged(values: Value[], overwrites: bool, x: Execution): Value {
  let result = values[0];
  for (let i = 0; i < values.length; i++) {
    if (values[i].kind != JsonKind.Object && !values[i].isNil)
      return x.fail("wrong type for value; expected map[string]interface {}; got " + values[i].typeName());
    if (i == 0 && result.isNil) result = Value.json(Span.text("{}"));
    if (i > 0 && !values[i].isNil) result = mergedPair(result, values[i], overwrites, 0, x);
    if (x.failed) break;
  }
  return result;
}

/** Empty values give way to others, and overwrite none. */
function mergedPair(into: Value, from: Value, overwrites: bool, depth: i32, x: Execution): Value {
  if (!x.spend(into.text.size + from.text.size)) return into;
  const others = Json.read(from.text);
  const own = Json.read(into.text);
  const out = new Buffer(into.text.size + from.text.size);
  const json = new JsonWriter(out).object();
  const kept = own.members();
  while (kept.next()) {
    const value = Value.json(kept.value.raw());
    const other = Value.json(others.get(kept.key).raw());
    let chosen = value;
    if (other.kind == JsonKind.Object && value.kind == JsonKind.Object && depth < MAX_DEPTH)
      chosen = mergedPair(value, other, overwrites, depth + 1, x);
    else if (!isEmpty(other) && (overwrites || isEmpty(value))) chosen = other;
    json.keyBytes(kept.keyBytes()).raw(chosen.raw());
  }
  const added = others.members();
  while (added.next()) {
    if (!own.get(added.key).exists) json.keyBytes(added.keyBytes()).raw(added.value.raw());
  }
  json.end();
  return Value.json(out.span());
}
