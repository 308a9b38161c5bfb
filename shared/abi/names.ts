// Names of headers as host calls and `PairIndex` take them. Plugins ask for the same names all the time, and a literal
// is the same object every time: what follows from it is kept.

import { unfilled } from "../bytes/unfilled";
import { encodeUtf8Unchecked, utf8Size } from "../bytes/utf8";

/** RFC 9110 token characters, one bit each: 0x00-0x3f and 0x40-0x7f. */
const TOKENS_LOW: u64 = 0x03ff6cfa00000000;
const TOKENS_HIGH: u64 = 0x57ffffffc7fffffe;

export class HeaderName {
  /** UTF-8, with ASCII in lower case. */
  readonly bytes: ArrayBuffer;
  /** What few names share; 0 for the empty name alone. */
  readonly mark: u8;
  /** 0 to 127: what still fewer names share. */
  readonly place: u8;
  /** A token, with `:` in front for pseudo headers. */
  readonly isValid: bool;

  constructor(public text: string) {
    const bytes = unfilled(utf8Size(text));
    const start = changetype<usize>(bytes);
    encodeUtf8Unchecked(text, start);
    let hash: u32 = 0;
    for (let at = start; at < start + <usize>bytes.byteLength; at++) {
      const byte = lower(load<u8>(at));
      store<u8>(at, byte);
      hash = (hash ^ (<u32>byte)) * 0x01000193;
    }
    this.place = <u8>(hash >> 25);
    this.bytes = bytes;
    this.mark = markOf(start, bytes.byteLength);
    this.isValid = isName(start, bytes.byteLength);
  }

  get start(): usize {
    return changetype<usize>(this.bytes);
  }

  get size(): i32 {
    return this.bytes.byteLength;
  }

  equals(other: HeaderName): bool {
    return this.mark == other.mark && this.isAt(other.start, other.size);
  }

  /** True when these bytes, in lower case, are the name. */
  isAt(start: usize, size: i32): bool {
    if (size != this.size) return false;
    let own = this.start;
    let at = start;
    const end = at + <usize>size;
    for (; at + 8 <= end; at += 8, own += 8) if (load<u64>(at) != load<u64>(own)) return false;
    for (; at < end; at++, own++) if (load<u8>(at) != load<u8>(own)) return false;
    return true;
  }
}

/** More than a plugin has literal names. */
const SLOTS = 256;
/** Slots in a row where a name may be; the first of them gives way when all are taken. */
const PROBES = 4;
const names = new StaticArray<HeaderName | null>(SLOTS + PROBES);

/** The name with this text. */
export function headerName(text: string): HeaderName {
  if (changetype<usize>(text) >= __heap_base) return new HeaderName(text);
  // Fibonacci hashing of the address.
  let slot = <i32>((<u32>changetype<usize>(text) * 0x9e3779b1) >> 24);
  const end = slot + PROBES;
  for (; slot < end; slot++) {
    const kept = names[slot];
    if (kept === null) break;
    if (changetype<usize>(kept.text) == changetype<usize>(text)) return kept;
  }
  const name = new HeaderName(text);
  names[slot < end ? slot : slot - PROBES] = name;
  return name;
}

/** Of a name in lower case. Never 0 but for the empty one. */
export function markOf(start: usize, size: u32): u8 {
  if (size == 0) return 0;
  const first = <u32>load<u8>(start);
  const last = <u32>load<u8>(start + <usize>size - 1);
  return <u8>(((first * 7) ^ (last * 29) ^ size) | 0x80);
}

function isName(start: usize, size: i32): bool {
  const end = start + <usize>size;
  let at = start;
  if (size > 0 && load<u8>(at) == 0x3a) at++;
  if (at == end) return false;
  for (; at < end; at++) {
    const byte = load<u8>(at);
    const tokens = byte < 0x40 ? TOKENS_LOW : TOKENS_HIGH;
    if (byte > 0x7f || ((tokens >> (<u64>(byte & 0x3f))) & 1) == 0) return false;
  }
  return true;
}

function lower(byte: u8): u8 {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}
