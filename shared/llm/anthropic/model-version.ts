// What a request may hold depends on the model: the generation that its name tells.

import { Span } from "../../bytes";
import { Json, JsonKind, JsonWriter } from "../../json";
import { ChatRequest, Option } from "../chat";
import { NONE } from "../text";

/** Thinks as much as it finds right; budgets are refused. */
export const ADAPTIVE: i32 = 407;
/** Takes a temperature or `top_p`, not both. */
const ONE_SAMPLING: i32 = 401;
const MAX_TEMPERATURE: f64 = 1;
/** Takes JSON schemas for its answers. */
export const OUTPUT_FORMAT: i32 = 405;

/**
 * `claude-opus-4-7` is 407, `claude-3-5-sonnet-20241022` 305, `claude-sonnet-4-20250514` 400; 0 for a name that tells
 * no version.
 */
export function modelVersion(model: Span): i32 {
  const start = model.indexOfAscii("claude-");
  if (start < 0) return 0;
  let major = -1;
  let number = 0;
  let digits = 0;
  for (let i = start + 7; i <= model.size; i++) {
    const digit = model.at(i) - 0x30;
    if (<u32>digit < 10) {
      digits++;
      number = digits < 3 ? number * 10 + digit : number;
      continue;
    }
    if (major >= 0) return major * 100 + (digits > 0 && digits < 3 ? number : 0);
    if (digits > 0 && digits < 3) major = number;
    digits = 0;
    number = 0;
  }
  return major < 0 ? 0 : major * 100;
}

/** Leaves a request the temperature alone, where its model of this version refuses `top_p` beside it. */
export function settleSampling(request: ChatRequest, version: i32): void {
  if (request.option(Option.Temperature).isEmpty || version < ONE_SAMPLING) return;
  request.dropOptions(Option.TopP, Option.TopP);
  request.setOption(Option.TopP, NONE);
}

/** Writes the temperature; one above 1, which OpenAI takes up to 2, as 1. */
export function writeTemperature(json: JsonWriter, request: ChatRequest): void {
  const stated = request.option(Option.Temperature);
  if (stated.isEmpty) return;
  const temperature = Json.read(stated);
  // What is too large for a number is too large for the provider.
  const isHigh = temperature.number(temperature.kind == JsonKind.Number ? 2 : 0) > MAX_TEMPERATURE;
  if (isHigh) request.dropped.add("temperature");
  json.key("temperature").raw(isHigh ? Span.text("1") : stated);
}
