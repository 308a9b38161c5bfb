// What the tests call: one parser, one chunk at a time, one result.

export { abort } from "as-proxy-wasm-sdk/abi/abort";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { SseParser, writeComment, writeEvent } from "as-proxy-wasm-sdk/sse";

let input = new ArrayBuffer(1 << 16);
let parser = new SseParser(0);
let result: Span = Span.empty();

export function alloc(size: i32): usize {
  if (size > input.byteLength) input = new ArrayBuffer(size);
  return changetype<usize>(input);
}

export function collect(): void {
  result = Span.empty();
  __collect();
}

export function resultStart(): usize {
  return result.start;
}

export function resultSize(): i32 {
  return result.size;
}

export function open(maxEventBytes: i32, everyBlock: bool): void {
  parser = new SseParser(maxEventBytes, everyBlock);
}

export function feed(size: i32): void {
  parser.feed(new Span(input, changetype<usize>(input), size));
}

/** Feeds a copy, so that the next chunk may be put before this one is read. */
export function feedCopy(size: i32): void {
  parser.feed(new Span(input, changetype<usize>(input), size).copy());
}

export function next(): bool {
  return parser.next();
}

export function finish(discardsIncomplete: bool): void {
  parser.finish(discardsIncomplete);
}

export function readEvent(): void {
  result = parser.event;
}

export function readData(): void {
  result = parser.data;
}

export function readId(): void {
  result = parser.id;
}

export function readRaw(): void {
  result = parser.raw;
}

export function isEvent(): bool {
  return parser.isEvent;
}

export function isComplete(): bool {
  return parser.isComplete;
}

export function overflowed(): bool {
  return parser.overflowed;
}

export function retryMs(): i64 {
  return parser.retryMs;
}

export function held(): i32 {
  return parser.held;
}

/** The input is the event's name and behind it the data. */
export function write(nameSize: i32, dataSize: i32, nameIsString: bool): void {
  const both = new Span(input, changetype<usize>(input), nameSize + dataSize);
  const name = both.slice(0, nameSize);
  const out = new Buffer();
  if (nameIsString) writeEvent(out, name.toString(), both.slice(nameSize));
  else writeEvent(out, name, both.slice(nameSize));
  result = out.take();
}

export function comment(size: i32): void {
  const out = new Buffer();
  writeComment(out, new Span(input, changetype<usize>(input), size).toString());
  result = out.take();
}

/** Reads a stream of events in chunks of `chunkSize` and adds up the sizes of their data. */
export function readAll(size: i32, chunkSize: i32): i32 {
  const stream = new Span(input, changetype<usize>(input), size);
  const reader = new SseParser(1 << 20);
  let total = 0;
  for (let at = 0; at < size; at += chunkSize) {
    reader.feed(stream.slice(at, at + chunkSize));
    while (reader.next()) total += reader.data.size;
  }
  return total;
}

const readers: SseParser[] = [];

/** Makes a parser that reads the input, in two pieces, and one event more, and keeps it. */
export function keepReader(size: i32): void {
  const stream = new Span(input, changetype<usize>(input), size);
  const reader = new SseParser(1 << 20);
  reader.feed(stream.slice(0, size >> 1));
  while (reader.next());
  reader.feed(stream.slice(size >> 1));
  while (reader.next());
  reader.feed(Span.text("data: a\n\n"));
  while (reader.next());
  readers.push(reader);
}
