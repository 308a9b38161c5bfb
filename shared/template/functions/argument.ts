// Arguments as functions in Go take them: a value of another type is an error.

import { Buffer, Span } from "../../bytes";
import { JsonKind } from "../../json";
import { Execution } from "../execution";
import { writeGeneral } from "../float-text";
import { Value } from "../value";

/** A string's content; an array or object counts as its JSON text. */
export function textOf(value: Value, execution: Execution): Span {
  if (value.isString || value.isContainer) return value.text;
  execution.fail("wrong type for value; expected string; got " + value.typeName());
  return Span.empty();
}

/** What Go's `%v` prints of the value: a number without what its text says beyond its value. */
export function plainText(value: Value): Span {
  if (!value.isNumber) return value.text;
  if (value.isInteger) return Value.integer(value.integer()).text;
  const out = new Buffer(24);
  writeGeneral(out, value.number(), -1, 21);
  return out.span();
}

/** A number without a fraction. */
export function integerOf(value: Value, execution: Execution): i64 {
  if (value.isInteger) return value.integer();
  execution.fail("wrong type for value; expected int; got " + value.typeName());
  return 0;
}

/** As `integerOf`, within the bounds of what may be made. */
export function countOf(value: Value, execution: Execution): i32 {
  const count = integerOf(value, execution);
  if (count > <i64>execution.budget.maxBytes) execution.fail("the output is too large");
  return <i32>min(max(count, <i64>i32.MIN_VALUE), <i64>i32.MAX_VALUE);
}

export function boolOf(value: Value, execution: Execution): bool {
  if (value.kind == JsonKind.Bool) return value.isTrue;
  execution.fail("wrong type for value; expected bool; got " + value.typeName());
  return false;
}

/** Empty as sprig has it, and empty lists and objects too. */
export function isEmpty(value: Value): bool {
  return !value.isTrue;
}
