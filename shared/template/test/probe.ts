// What the tests call: a template is compiled from the input, then rendered with the input as data.

export { abort } from "as-proxy-wasm-sdk/abi/abort";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Budget } from "as-proxy-wasm-sdk/gjson";
import { Template, TemplateContext } from "as-proxy-wasm-sdk/template";

let input = new ArrayBuffer(0);
let result: Span = Span.empty();
let template = Template.compile("test", "");
let budget = new Budget();
const out = new Buffer();
let nowMs: i64 = 0;

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

/** The line of the error whose text is the result, or 0. */
export function compile(): i32 {
  template = Template.compile("test", Span.of(input).toString());
  result = Span.text(template.error);
  return template.line;
}

export function column(): i32 {
  return template.column;
}

export function setNow(ms: i64): void {
  nowMs = ms;
}

/** Whether the result is the rendering, and not an error. */
export function render(maxSteps: i64, maxBytes: i32): bool {
  budget = new Budget(maxSteps, maxBytes);
  const context = new TemplateContext(7);
  context.nowMs = nowMs;
  context.socketIp = "10.0.0.1";
  context.realIp = "1.2.3.4";
  out.clear();
  const error = template.render(out, Span.of(input), context, budget);
  result = error.length > 0 ? Span.text(error) : out.span();
  return error.length == 0;
}

export function spent(): i64 {
  return budget.spent;
}
