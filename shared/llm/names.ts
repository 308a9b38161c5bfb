// Tables of names: the position of a name is the value of an enum.

import { Span } from "../bytes";

/** Position of an ASCII name in the table, or -1. An empty entry is never found. */
export function indexOfName(names: StaticArray<string>, name: Span): i32 {
  const size = name.size;
  if (size == 0) return -1;
  // Most names differ in size or first character: those cost no call.
  const first = <u16>load<u8>(name.start);
  const length = names.length;
  for (let i = 0; i < length; i++) {
    const entry = load<usize>(changetype<usize>(names) + ((<usize>i) << alignof<usize>()));
    const text = changetype<string>(entry);
    if (text.length == size && load<u16>(entry) == first && name.equalsAscii(text)) return i;
  }
  return -1;
}
