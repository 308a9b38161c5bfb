// Parts of an answer as Gemini writes them: https://ai.google.dev/api/caching#Part

import { Buffer, Span } from "../../bytes";
import { JsonWriter } from "../../json";
import { Dropped } from "../dropped";
import { NONE, objectInText, writeCompact } from "../text";

/** A call whose arguments come in pieces; Gemini's clients want them whole. */
export class GeminiCall {
  readonly arguments: Buffer = new Buffer();
  /** Arguments as they are written, when they came as JSON. */
  input: Span = NONE;
  signature: Span = NONE;
  private checkedBytes: i32 = -1;
  private isObject: bool = false;

  constructor(
    readonly index: i32,
    readonly id: Span,
    readonly name: Span,
  ) {}

  /** False as long as the arguments are no JSON object. */
  get isComplete(): bool {
    const bytes = this.arguments.size;
    if (this.input.isEmpty && this.checkedBytes != bytes) {
      this.checkedBytes = bytes;
      this.isObject = !objectInText(this.arguments.span()).isEmpty;
    }
    return this.isObject || !this.input.isEmpty;
  }
}

/** Writes `{"text":…}`, with `thought` for reasoning and its signature where there is one. */
export function writeTextPart(json: JsonWriter, escaped: Span, isThought: bool, signature: Span): void {
  json.object().key("text").escaped(escaped);
  if (isThought) json.key("thought").bool(true);
  if (!signature.isEmpty) json.key("thoughtSignature").escaped(signature);
  json.end();
}

/** Writes `{"functionCall":…}`. Arguments that are no JSON object are left out. */
export function writeCallPart(json: JsonWriter, call: GeminiCall, dropped: Dropped): void {
  const text = call.arguments.span();
  const input = call.input.isEmpty ? objectInText(text) : call.input;
  if (input.isEmpty && !text.isEmpty) dropped.add("tool_calls.function.arguments");
  json.object().key("functionCall").object();
  if (!call.id.isEmpty) json.key("id").escaped(call.id);
  json.key("name").escaped(call.name).key("args");
  // An event of a stream is one line: white space between the arguments must not break it.
  const line = new Buffer(input.size);
  writeCompact(line, input);
  if (input.isEmpty) json.object().end();
  else json.raw(line.span());
  json.end();
  if (!call.signature.isEmpty) json.key("thoughtSignature").escaped(call.signature);
  json.end();
}

/** Writes `{"inlineData":…}`. */
export function writeInlinePart(json: JsonWriter, mediaType: Span, data: Span): void {
  json.object().key("inlineData").object().key("mimeType");
  if (mediaType.isEmpty) json.text("image/png");
  else json.escaped(mediaType);
  json.key("data").escaped(data).end().end();
}
