// Exports for regex.test.ts.
export { abort } from "as-proxy-wasm-sdk/abi/abort";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Regex } from "as-proxy-wasm-sdk/regex";

let input = new ArrayBuffer(0);
let regex = new Regex("");
let result = Span.empty();
let match: StaticArray<i32> = [];

export function alloc(size: i32): usize {
  input = new ArrayBuffer(size);
  return changetype<usize>(input);
}

function inputText(): string {
  return Span.of(input).toString();
}

/** Compiles the input; the size of the error text, which `resultAt` then has. */
export function compile(): i32 {
  regex = new Regex(inputText());
  result = Span.text(regex.error);
  return result.size;
}

/** Searches the input; the number of slots, 0 without a match. */
export function find(from: i32): i32 {
  const found = regex.find(Span.of(input), from);
  if (found === null) return 0;
  match = found;
  return match.length;
}

export function slot(index: i32): i32 {
  return match[index];
}

/** Replaces in the input's first `size` bytes by the template that follows them; the result's size. */
export function replace(size: i32): i32 {
  const all = Span.of(input);
  result = regex.replaceAll(all.slice(0, size), all.slice(size).toString());
  return result.size;
}

export function resultAt(): usize {
  return result.start;
}

export function collect(): void {
  __collect();
}

/** Steps of all searches since the pattern was compiled. */
export function steps(): i64 {
  return regex.steps;
}
