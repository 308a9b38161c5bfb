// What the tests call. A call's input is what `alloc` was last given room for; results that are bytes lie at
// `outputStart`, `outputSize` until the next call.

export { abort } from "as-proxy-wasm-sdk/abi/abort";
import { Buffer, Span } from "../../bytes";
import {
  Json,
  JsonEdit,
  JsonError,
  JsonKind,
  JsonPath,
  JsonNames,
  JsonSeek,
  JsonWriter,
  escapeHtmlInto,
  escapeInto,
  jsonErrorText,
  positionOf,
  unescapeInto,
} from "..";
import { skipValue } from "../scan";

let input = new ArrayBuffer(0);
let output = Span.empty();
let errorAt: i32 = -1;

export function alloc(size: i32): usize {
  input = new ArrayBuffer(size);
  return changetype<usize>(input);
}

export function collect(): void {
  __collect();
}

export function outputStart(): usize {
  return output.start;
}

export function outputSize(): i32 {
  return output.size;
}

export function lastErrorAt(): i32 {
  return errorAt;
}

// Kernels and whole documents

/** Address after the value at `start`, relative to it, or -1. */
export function skip(start: usize, size: i32): i32 {
  const after = skipValue(start, start + <usize>size);
  return after != 0 ? <i32>(after - start) : -1;
}

export function check(): i32 {
  const value = Json.checked(Span.of(input));
  errorAt = value.errorAt;
  return Json.check(Span.of(input));
}

/** Output: what the code of an error means. */
export function errorText(error: i32): void {
  output = Span.text(jsonErrorText(error));
}

/** Output: `line:column` of the byte offset. */
export function position(offset: i32): void {
  output = Span.text(positionOf(Span.of(input), offset).toString());
}

// Views. The input is `path NUL document`; the result is the error of the value the path leads to.

let value: Json = Json.read(Span.empty());

/** Follows the path; the readers below use the value. Returns its kind. */
export function open(): i32 {
  const all = Span.of(input);
  const cut = all.indexOf(0);
  value = Json.read(all.slice(cut + 1));
  if (cut > 0) value = value.path(all.slice(0, cut).toString());
  errorAt = value.errorAt;
  return value.kind;
}

/** `get` on the value opened last, keeping it. Output: the member's raw bytes. */
export function getAgain(): i32 {
  const found = value.get(Span.of(input).toString());
  output = found.raw();
  return found.kind;
}

export function error(): i32 {
  errorAt = value.errorAt;
  return value.error;
}

export function offset(): i32 {
  return value.offset;
}

export function raw(): void {
  output = value.raw();
}

export function text(): void {
  output = Span.text(value.text());
}

export function bytes(): void {
  output = value.bytes();
}

export function escaped(): void {
  output = value.escaped();
}

export function integer(fallback: i64): i64 {
  return value.integer(fallback);
}

export function number(fallback: f64): f64 {
  return value.number(fallback);
}

export function isTrue(): bool {
  return value.isTrue;
}

export function length(): i32 {
  return value.length();
}

export function lenientText(): void {
  output = Span.text(value.lenientText());
}

export function lenientInteger(): i64 {
  return value.lenientInteger();
}

export function lenientNumber(): f64 {
  return value.lenientNumber();
}

export function lenientBool(): bool {
  return value.lenientBool();
}

/** Output: an array of the list's items. */
export function lenientArray(): void {
  const out = new Buffer();
  const json = new JsonWriter(out).array();
  const items = value.lenientArray();
  while (items.next()) json.raw(items.value.raw());
  json.end();
  output = out.span();
}

/** Output: the value opened last, read through the views and written by the writer. Returns the error. */
export function rewrite(): i32 {
  const out = new Buffer();
  const failed = copy(value, new JsonWriter(out));
  output = out.span();
  return failed;
}

function copy(value: Json, json: JsonWriter): JsonError {
  switch (value.kind) {
    case JsonKind.String: {
      const content = value.bytes();
      json.bytes(content);
      return value.error;
    }
    case JsonKind.Array: {
      const items = value.items();
      json.array();
      while (items.next()) {
        const failed = copy(items.value, json);
        if (failed != JsonError.None) return failed;
      }
      json.end();
      return items.error;
    }
    case JsonKind.Object: {
      const members = value.members();
      json.object();
      while (members.next()) {
        if (!members.keyIs(members.keyBytes())) return JsonError.Syntax;
        // Either way of writing a name, by turns.
        if (members.keyBytes().size & 1) json.key(members.key);
        else json.keyBytes(members.keyBytes());
        const failed = copy(members.value, json);
        if (failed != JsonError.None) return failed;
      }
      json.end();
      return members.error;
    }
    case JsonKind.Bool:
      json.bool(value.isTrue);
      break;
    case JsonKind.Null:
      json.null_();
      break;
    default:
      json.raw(value.raw());
  }
  return value.error;
}

// Seek

let names: string[] = [];
let seek = new JsonSeek(new JsonNames(names));

/** The input is a comma-separated list of names. */
export function seekStart(): void {
  names = Span.of(input).toString().split(",");
  seekAgain();
}

/** Starts once more with the same names. */
export function seekAgain(): void {
  seek = new JsonSeek(new JsonNames(names));
}

export function seekFeed(start: usize, size: i32): void {
  seek.feed(new Span(input, start, size));
}

/** 0 while searching, 1 when done, 2 when failed. */
export function seekState(): i32 {
  return seek.failed ? 2 : <i32>seek.done;
}

export function seekFinish(): void {
  seek.finish();
}

export function seekError(): i32 {
  errorAt = seek.errorAt;
  return seek.error;
}

export function seekCount(i: i32): i32 {
  return seek.found(i) ? seek.count(i) : 0;
}

export function seekFrom(i: i32): i32 {
  return seek.start(i);
}

export function seekTo(i: i32): i32 {
  return seek.end(i);
}

export function seekKind(i: i32): i32 {
  return seek.kind(i);
}

// Edit

let edit = new JsonEdit(Span.empty());

/** The input is the document. */
export function editStart(): void {
  edit = new JsonEdit(Span.of(input));
}

/** The input is `path NUL raw`, `path NUL text`, or for a removal the path. */
export function editSet(): void {
  const all = Span.of(input);
  const cut = all.indexOf(0);
  edit.set(all.slice(0, cut).toString(), all.slice(cut + 1));
}

export function editText(): void {
  const all = Span.of(input);
  const cut = all.indexOf(0);
  edit.setText(all.slice(0, cut).toString(), all.slice(cut + 1).toString());
}

export function editRemove(): void {
  edit.remove(Span.of(input).toString());
}

export function editApply(): i32 {
  output = edit.apply();
  errorAt = edit.errorAt;
  return edit.error;
}

/** Output: the splices as an array of [start, end, replacement]. */
export function editSplices(): void {
  const out = new Buffer();
  const json = new JsonWriter(out).array();
  const splices = edit.splices();
  for (let i = 0; i < splices.length; i++) {
    const splice = splices[i];
    json.array().integer(splice.start).integer(splice.end).bytes(splice.replacement).end();
  }
  json.end();
  output = out.span();
}

// Write

let written = new Buffer();
let writer = new JsonWriter(written);

export function writeStart(html: bool): void {
  written = new Buffer();
  writer = new JsonWriter(written, html);
}

/** Output: all that was written. */
export function writeFinish(): i32 {
  output = written.span();
  return writer.error;
}

export function writeObject(): void {
  writer.object();
}

export function writeArray(): void {
  writer.array();
}

export function writeEnd(): void {
  writer.end();
}

export function writeKey(): void {
  writer.key(Span.of(input).toString());
}

export function writeText(): void {
  writer.text(Span.of(input).toString());
}

export function writeBytes(): void {
  writer.bytes(Span.of(input));
}

export function writeEscaped(): void {
  writer.escaped(Span.of(input));
}

export function writeRaw(): void {
  writer.raw(Span.of(input));
}

export function writeInteger(value: i64): void {
  writer.integer(value);
}

export function writeNumber(value: f64): void {
  writer.number(value);
}

export function writeBool(value: bool): void {
  writer.bool(value);
}

// Escape

export function escape(html: bool): void {
  const out = new Buffer();
  if (html) escapeHtmlInto(out, Span.of(input));
  else escapeInto(out, Span.of(input));
  output = out.span();
}

export function unescape(): i32 {
  const out = new Buffer();
  const failed = unescapeInto(out, Span.of(input));
  output = out.span();
  return failed;
}

// All at once

/** Output: what every part of the library says about the input, as one array. */
export function survey(): void {
  const source = Span.of(input);
  const out = new Buffer();
  const json = new JsonWriter(out).array();
  const checked = Json.checked(source);
  json.integer(checked.error).integer(checked.errorAt).integer(skip(source.start, source.size));
  value = Json.read(source);
  json.integer(rewrite()).bytes(output);
  const model = value.get("model");
  json
    .integer(model.kind)
    .integer(model.error)
    .integer(model.errorAt)
    .bytes(model.raw())
    .text(model.lenientText());
  json.integer(value.length()).integer(value.path("messages.0.a").kind);
  const found = new JsonSeek(new JsonNames(["model", "a"]));
  found.feed(source);
  json.integer(found.error).integer(found.errorAt).integer(found.start(0)).integer(found.end(1));
  const edited = new JsonEdit(source).set("model", Span.text("1")).remove("a").setText("b.0", "x");
  const result = edited.apply();
  json.integer(edited.error).integer(edited.errorAt).bytes(result);
  const unescaped = new Buffer();
  json.integer(unescapeInto(unescaped, source)).bytes(unescaped.span());
  json.end();
  output = out.span();
}

const content = new JsonPath("choices.0.delta.content");

/** Reads the field of a stream event that every plugin needs. Output: its text. */
export function readEvent(): void {
  output = Json.read(Span.of(input)).follow(content).bytes();
}
