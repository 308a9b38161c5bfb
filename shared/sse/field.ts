// One line of an event stream: which field it is and where its value begins.
// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation

import { findByte } from "../bytes/find";
import { IntegerError, readUnsigned } from "../bytes/integer";
import { Span } from "../bytes/span";

const SPACE: u8 = 0x20;
const COLON: u8 = 0x3a;

// The field names as little-endian words.
const DATA: u32 = 0x61746164;
const EVEN: u32 = 0x6e657665;
const RETR: u32 = 0x72746572;
const ID: u16 = 0x6469;

export const enum Field {
  Unknown,
  Comment,
  Data,
  Event,
  Id,
  Retry,
}

/** The field of the line `[start, end)`, which is not blank. */
export function fieldName(start: usize, end: usize): Field {
  if (load<u8>(start) == COLON) return Field.Comment;
  const size = end - start;
  if (size >= 4) {
    const word = load<u32>(start);
    if (word == DATA) return endsName(start + 4, end) ? Field.Data : Field.Unknown;
    if (size >= 5) {
      const fifth = load<u8>(start, 4);
      if (word == EVEN && fifth == 0x74 && endsName(start + 5, end)) return Field.Event;
      if (word == RETR && fifth == 0x79 && endsName(start + 5, end)) return Field.Retry;
    }
  }
  return size >= 2 && load<u16>(start) == ID && endsName(start + 2, end) ? Field.Id : Field.Unknown;
}

/** Address of the value of a line that `fieldName` called one of the four known fields. */
export function fieldValue(field: Field, start: usize, end: usize): usize {
  const colon = start + (field == Field.Data ? 4 : field == Field.Id ? 2 : 5);
  if (colon == end) return end;
  const value = colon + 1;
  return value < end && load<u8>(value) == SPACE ? value + 1 : value;
}

/** True when the value has a NUL, for which an id is ignored. */
export function hasNull(value: usize, end: usize): bool {
  return findByte(value, end, 0) < end;
}

/** The value as milliseconds, at most 2^63 - 1; `present` unless it is digits only. */
export function readRetry(value: usize, end: usize, present: i64): i64 {
  const read = readUnsigned(new Span(null, value, <i32>(end - value)));
  return read.error == IntegerError.Malformed ? present : read.value;
}

function endsName(at: usize, end: usize): bool {
  return at == end || load<u8>(at) == COLON;
}
