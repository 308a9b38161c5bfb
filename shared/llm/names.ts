// Tables of names: the position of a name is the value of an enum.

import { Span } from "../bytes";

/** Position of an ASCII name in the table, or -1. An empty entry is never found. */
export function indexOfName(names: StaticArray<string>, name: Span): i32 {
  if (name.isEmpty) return -1;
  for (let i = 0; i < names.length; i++) {
    if (name.equalsAscii(names[i])) return i;
  }
  return -1;
}
