// What the tests call: a request is built and signed, or one parser is fed; one result is read at a time.

export { abort } from "as-proxy-wasm-sdk/abi/abort";
import { AwsRequest } from "as-proxy-wasm-sdk/aws/canonical";
import { amzDate } from "as-proxy-wasm-sdk/aws/date";
import { EventStreamParser } from "as-proxy-wasm-sdk/aws/event-stream";
import { AwsSignature, AwsSigner, hexDigest } from "as-proxy-wasm-sdk/aws/sigv4";
import { Span } from "as-proxy-wasm-sdk/bytes";

let input = new ArrayBuffer(1 << 16);
let result: Span = Span.empty();
let texts: Span[] = [];
let request = new AwsRequest("", Span.empty(), Span.empty());
let signature = new AwsSignature();
let parser = new EventStreamParser(0);

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

/** Keeps the input for the next call that takes texts. */
export function push(size: i32): void {
  texts.push(new Span(input, changetype<usize>(input), size).copy());
}

function take(): Span[] {
  const taken = texts;
  texts = [];
  return taken;
}

/** Texts: method, path, query. */
export function openRequest(keepsPath: bool, normalizesPath: bool): void {
  const parts = take();
  request = new AwsRequest(parts[0].toString(), parts[1], parts[2]);
  request.keepsPath = keepsPath;
  request.normalizesPath = normalizesPath;
}

/** Texts: name, value. */
export function addHeader(): void {
  const parts = take();
  request.sign(parts[0], parts[1]);
}

/** Texts: access key, secret key, region, service, body. */
export function sign(ms: i64): void {
  const parts = take();
  const signer = new AwsSigner(
    parts[0].toString(),
    parts[1].toString(),
    parts[2].toString(),
    parts[3].toString(),
  );
  signature = signer.sign(request, hexDigest(parts[4]), ms);
}

export function readSignature(part: i32): void {
  if (part == 0) result = signature.canonicalRequest;
  else if (part == 1) result = signature.stringToSign;
  else if (part == 2) result = signature.signature;
  else result = Span.text(part == 3 ? signature.authorization : signature.date);
}

export function date(ms: i64): void {
  result = Span.text(amzDate(ms));
}

export function openStream(maxFrameBytes: i32): void {
  parser = new EventStreamParser(maxFrameBytes);
}

export function feed(size: i32): void {
  parser.feed(new Span(input, changetype<usize>(input), size));
}

export function next(): bool {
  return parser.next();
}

export function streamError(): i32 {
  return parser.error;
}

export function isCut(): bool {
  return parser.isCut;
}

export function readFrame(part: i32): void {
  if (part == 0) result = parser.payload;
  else if (part == 1) result = parser.messageType;
  else if (part == 2) result = parser.eventType;
  else result = part == 3 ? parser.exceptionType : parser.errorMessage;
}
