// What the tests call: one input, at most one more beside it, one result.

export { abort } from "as-proxy-wasm-sdk/abi/abort";
import {
  Base64,
  Buffer,
  Sha256,
  Span,
  decodeBase64,
  decodeHex,
  decodeLossy,
  encodeBase64,
  encodeHex,
  equalsAsciiIgnoreCase,
  equalsIgnoreCase,
  fnv1a32,
  fnv1a64,
  hmacSha256,
  isUtf8,
  lowerAscii,
  percentDecode,
  percentEncode,
  readInteger,
  readUnsigned,
  sha256,
  trimAscii,
  writeInteger,
} from "as-proxy-wasm-sdk/bytes";
import { crc32 } from "as-proxy-wasm-sdk/bytes/crc32";

let input = new ArrayBuffer(1 << 16);
let result: Span = Span.empty();
let buffer = new Buffer();
let taken: Span = Span.empty();

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

function bytes(size: i32): Span {
  return new Span(input, changetype<usize>(input), size);
}

/** The input's UTF-16 units as a string, lone surrogates included. */
function units(count: i32): string {
  return String.UTF16.decodeUnsafe(changetype<usize>(input), (<usize>count) << 1);
}

function answer(span: Span | null): bool {
  result = span ? span : Span.empty();
  return span != null;
}

function written(out: Buffer): void {
  result = out.take();
}

export function utf8Valid(size: i32): bool {
  return isUtf8(bytes(size));
}

export function utf8Decode(size: i32): void {
  const text = decodeLossy(bytes(size));
  result = Span.of(String.UTF16.encode(text));
}

export function utf8Encode(count: i32): void {
  result = Span.text(units(count));
}

export function bufferUtf8(count: i32): void {
  const out = new Buffer();
  out.text(units(count));
  written(out);
}

export function lower(size: i32): void {
  result = lowerAscii(bytes(size));
}

export function trim(size: i32): void {
  result = trimAscii(bytes(size));
}

export function sameIgnoringCase(leftSize: i32, rightSize: i32): bool {
  const both = bytes(leftSize + rightSize);
  return equalsIgnoreCase(both.slice(0, leftSize), both.slice(leftSize));
}

export function sameTextIgnoringCase(size: i32): bool {
  return equalsAsciiIgnoreCase(bytes(size), "Content-Type");
}

export function unsignedError(size: i32, maximum: i64): i32 {
  return readUnsigned(bytes(size), maximum).error;
}

export function unsignedValue(size: i32, maximum: i64): i64 {
  return readUnsigned(bytes(size), maximum).value;
}

export function integerError(size: i32, minimum: i64, maximum: i64): i32 {
  return readInteger(bytes(size), minimum, maximum).error;
}

export function integerValue(size: i32, minimum: i64, maximum: i64): i64 {
  return readInteger(bytes(size), minimum, maximum).value;
}

export function integerText(value: i64): void {
  const out = new Buffer(16);
  writeInteger(out, value);
  written(out);
}

export function percentEncoded(size: i32, keepsSlash: bool): void {
  const out = new Buffer();
  percentEncode(out, bytes(size), keepsSlash);
  written(out);
}

export function percentDecoded(size: i32): void {
  result = percentDecode(bytes(size));
}

export function base64Encoded(size: i32, form: i32): void {
  const out = new Buffer();
  encodeBase64(out, bytes(size), <Base64>form);
  written(out);
}

export function base64Decoded(size: i32, form: i32): bool {
  return answer(decodeBase64(bytes(size), <Base64>form));
}

export function hexEncoded(size: i32): void {
  const out = new Buffer();
  encodeHex(out, bytes(size));
  written(out);
}

export function hexDecoded(size: i32): bool {
  return answer(decodeHex(bytes(size)));
}

export function checksum(size: i32): u32 {
  return crc32(bytes(size));
}

export function checksumInPieces(size: i32, cut: i32): u32 {
  return crc32(bytes(size).slice(cut), crc32(bytes(size).slice(0, cut)));
}

export function hash32(size: i32): u32 {
  return fnv1a32(bytes(size));
}

export function hash32InPieces(size: i32, cut: i32): u32 {
  return fnv1a32(bytes(size).slice(cut), fnv1a32(bytes(size).slice(0, cut)));
}

export function hash64(size: i32): u64 {
  return fnv1a64(bytes(size));
}

export function digest(size: i32): void {
  result = sha256(bytes(size));
}

export function digestInPieces(size: i32, piece: i32): void {
  const hash = new Sha256();
  for (let at = 0; at < size; at += piece) hash.update(bytes(size).slice(at, at + piece));
  result = hash.digest();
}

export function authenticate(keySize: i32, messageSize: i32): void {
  const both = bytes(keySize + messageSize);
  result = hmacSha256(both.slice(0, keySize), both.slice(keySize));
}

export function spanAt(size: i32, index: i32): i32 {
  return bytes(size).at(index);
}

export function spanSlice(size: i32, from: i32, to: i32): void {
  result = bytes(size).slice(from, to);
}

export function spanIndexOf(size: i32, byte: i32, from: i32): i32 {
  return bytes(size).indexOf(byte, from);
}

export function spanLastIndexOf(size: i32, byte: i32): i32 {
  return bytes(size).lastIndexOf(byte);
}

export function spanIndexOfText(size: i32, count: i32, from: i32): i32 {
  return bytes(size).indexOfAscii(asciiBehind(size, count), from);
}

export function spanStartsWith(size: i32, count: i32): bool {
  return bytes(size).startsWithAscii(asciiBehind(size, count));
}

export function spanEndsWith(size: i32, count: i32): bool {
  return bytes(size).endsWithAscii(asciiBehind(size, count));
}

export function spanEqualsText(size: i32, count: i32): bool {
  return bytes(size).equalsAscii(asciiBehind(size, count));
}

export function spanEquals(leftSize: i32, rightSize: i32): bool {
  const both = bytes(leftSize + rightSize);
  return both.slice(0, leftSize).equals(both.slice(leftSize));
}

function asciiBehind(size: i32, count: i32): string {
  return bytes(size + count)
    .slice(size)
    .toString();
}

export function bufferNew(capacity: i32): void {
  buffer = new Buffer(capacity);
}

export function bufferPush(byte: i32): void {
  buffer.push(byte);
}

export function bufferAppend(size: i32): void {
  buffer.append(bytes(size));
}

export function bufferAppendItself(from: i32, to: i32): void {
  buffer.append(buffer.span().slice(from, to));
}

export function bufferDrop(count: i32): void {
  buffer.drop(count);
}

export function bufferClear(): void {
  buffer.clear();
}

export function bufferSpan(): void {
  result = buffer.span();
}

/** Takes the content and keeps it; `bufferTaken` shows it later. */
export function bufferTake(): void {
  taken = buffer.take();
}

export function bufferTaken(): void {
  result = taken;
}

export function bufferReserve(count: i32): usize {
  return buffer.reserve(count);
}

export function bufferWrote(count: i32): void {
  buffer.wrote(count);
}

export function bufferSize(): i32 {
  return buffer.size;
}

export function bufferOverflowed(): bool {
  return buffer.overflowed;
}
