// Functions of the language itself.

import { Buffer, Span } from "../../bytes";
import { GjsonPath } from "../../gjson";
import { Json, JsonKind } from "../../json";
import { floatOf } from "../../gjson/float";
import { escapeForm, escapeHtml, escapeScript } from "../escape";
import { Execution } from "../execution";
import { format } from "../format";
import { Value } from "../value";

export const coreFunctions =
  "gjson len index:2+ and:1+ or:1+ not eq:2+ ne:2 lt:2 le:2 gt:2 ge:2 print:0+ println:0+ html:1+ js:1+ " +
  "urlquery:1+ printf:1+ sprintf:1+";

/** Rows that the caller treats apart. */
export const enum CoreFunction {
  Gjson = 0,
  And = 3,
  Or = 4,
  Printf = 17,
}

export function callCore(place: i32, values: Value[], dot: Value, execution: Execution): Value {
  const first = values.length > 0 ? values[0] : Value.missing();
  const last = values.length > 0 ? values[values.length - 1] : first;
  const second = values.length > 1 ? values[1] : Value.missing();
  switch (place) {
    case 0: {
      if (!first.isString) return execution.fail("gjson path must be a string");
      const path = GjsonPath.compileBytes(first.text);
      if (path.error.length > 0) return Value.missing();
      return Value.json(path.select(dot.raw(), execution.budget));
    }
    case 1:
      return Value.integer(
        first.isString ? first.text.size : first.isContainer ? Json.read(first.text).length() : 0,
      );
    case 2:
      return index(first, second, execution);
    case 3:
    case 4:
      // The value that decides is given before the call; here it is the last.
      return last;
    case 5:
      return Value.bool(!first.isTrue);
    case 6:
      return Value.bool(isEqual(first, second));
    case 7:
      return Value.bool(!first.raw().equals(second.raw()));
    case 8:
      return Value.bool(compare(first, second) < 0);
    case 9:
      return Value.bool(compare(first, second) <= 0);
    case 10:
      return Value.bool(compare(first, second) > 0);
    case 11:
      return Value.bool(compare(first, second) >= 0);
    case 12:
    case 13:
      return printed(values, place == 13);
    case 14:
      return Value.string(escapeHtml(printed(values, false).text));
    case 15:
      return Value.string(escapeScript(printed(values, false).text));
    case 16:
      return Value.string(escapeForm(printed(values, false).text));
  }
  const out = new Buffer(64);
  format(out, first.text, values, execution);
  return Value.string(out.span());
}

function index(container: Value, key: Value, execution: Execution): Value {
  if (container.kind == JsonKind.Array && key.isNumber) {
    const place = key.integer();
    const json = Json.read(container.text);
    const item = json.at(<i32>min(max(place, -1), <i64>i32.MAX_VALUE));
    if (!item.exists) return execution.fail("array index out of range: " + place.toString());
    return Value.json(item.raw());
  }
  if (container.kind == JsonKind.Object && !key.isContainer) {
    return Value.json(GjsonPath.compileBytes(key.text).select(container.text, execution.budget));
  }
  return execution.fail("can't index " + container.typeName());
}

function isEqual(a: Value, b: Value): bool {
  if (a.isNumber && b.isNumber) return a.number() == b.number();
  if ((a.isNumber && b.isString) || (a.isString && b.isNumber)) {
    const text = a.isString ? a.text : b.text;
    const number = floatOf(text, NaN);
    return number == (a.isNumber ? a.number() : b.number());
  }
  return a.raw().equals(b.raw());
}

/** Negative, 0 or positive. */
export function compare(a: Value, b: Value): i32 {
  if (a.isNumber && b.isNumber) {
    const x = a.number();
    const y = b.number();
    return <i32>(x > y) - <i32>(x < y);
  }
  return compareText(a.text, b.text);
}

export function compareText(a: Span, b: Span): i32 {
  const order = memory.compare(a.start, b.start, <usize>min(a.size, b.size));
  return order != 0 ? order : a.size - b.size;
}

function printed(values: Value[], breaksLine: bool): Value {
  const out = new Buffer(64);
  for (let i = 0; i < values.length; i++) {
    if (i > 0) out.push(0x20);
    out.append(values[i].text);
  }
  if (breaksLine) out.push(0x0a);
  return Value.string(out.span());
}
