// What the tests call: a path is compiled from the input, then followed in the input.

export { abort } from "as-proxy-wasm-sdk/abi/abort";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Budget, GjsonPath } from "as-proxy-wasm-sdk/gjson";

let input = new ArrayBuffer(0);
let result: Span = Span.empty();
let path = GjsonPath.compile("");
let budget = new Budget();
let kind = 0;

export function alloc(size: i32): usize {
  input = new ArrayBuffer(size);
  return changetype<usize>(input);
}

export function collect(): void {
  __collect();
}

export function resultStart(): usize {
  return result.start;
}

export function resultSize(): i32 {
  return result.size;
}

/** Offset of the error whose text is the result, or -1. */
export function compile(): i32 {
  path = GjsonPath.compile(Span.of(input).toString());
  result = Span.text(path.error);
  return path.errorAt;
}

/** The result is what the path selects. */
export function select(maxSteps: i64, maxBytes: i32): void {
  budget = new Budget(maxSteps, maxBytes);
  result = path.select(Span.of(input), budget);
  kind = path.find(Span.of(input)).kind;
}

export function foundKind(): i32 {
  return kind;
}

export function spent(): i64 {
  return budget.spent;
}
