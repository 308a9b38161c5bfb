// The host's form of a map (compat "Map"): u32 count, sizes of each name and value, then name NUL value NUL.

import { Span } from "../bytes/span";

/** True when every name and value lies inside the bytes. Nothing below reads a map that does not. */
export function isPairs(pairs: Span): bool {
  if (pairs.size < 4) return false;
  const count = <u64>load<u32>(pairs.start);
  let total = 4 + count * 8;
  if (total > <u64>pairs.size) return false;
  for (let i: usize = 0; i < <usize>count; i++) {
    total += <u64>nameSize(pairs, i) + <u64>valueSize(pairs, i) + 2;
    if (total > <u64>pairs.size) return false;
  }
  return true;
}

/** First value of `name`, ASCII in any case; null when there is none. `pairs` has passed `isPairs`. */
export function firstValue(pairs: Span, name: string): Span | null {
  const count = <usize>load<u32>(pairs.start);
  let position = pairs.start + 4 + count * 8;
  for (let i: usize = 0; i < count; i++) {
    const named = <i32>nameSize(pairs, i);
    const valued = <i32>valueSize(pairs, i);
    if (named == name.length && isText(position, name)) {
      const start = <i32>(position - pairs.start) + named + 1;
      return pairs.slice(start, start + valued);
    }
    position += <usize>named + <usize>valued + 2;
  }
  return null;
}

function nameSize(pairs: Span, index: usize): u32 {
  return load<u32>(pairs.start + 4 + index * 8);
}

function valueSize(pairs: Span, index: usize): u32 {
  return load<u32>(pairs.start + 8 + index * 8);
}

/** True when the lower-case bytes are `text` in any case. */
function isText(address: usize, text: string): bool {
  for (let i = 0; i < text.length; i++) {
    if (<i32>load<u8>(address + <usize>i) != lower(text.charCodeAt(i))) return false;
  }
  return true;
}

/** Names of headers are equal in any case. */
export function isSameName(one: string, other: string): bool {
  if (one.length != other.length) return false;
  for (let i = 0; i < one.length; i++) {
    if (lower(one.charCodeAt(i)) != lower(other.charCodeAt(i))) return false;
  }
  return true;
}

function lower(character: i32): i32 {
  return character >= 0x41 && character <= 0x5a ? character | 0x20 : character;
}
