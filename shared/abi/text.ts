// A string as UTF-8 for the length of one host call, in static memory: reading a header would otherwise leave
// two objects of garbage for its name alone.

import { unfilled } from "../bytes/unfilled";
import { encodeUtf8Unchecked, utf8Size } from "../bytes/utf8";

const ROOM = 512;
const room = memory.data(ROOM);

/** Bytes of the last text. */
let size = 0;
/** Holds a text that does not fit the room, until the next one comes. */
let _long: ArrayBuffer | null = null;

/** Address of `text`; the bytes are good until the next call. */
export function utf8(text: string): usize {
  size = utf8Size(text);
  let address = room;
  if (size > ROOM) {
    const bytes = unfilled(size);
    _long = bytes;
    address = changetype<usize>(bytes);
  }
  encodeUtf8Unchecked(text, address);
  return address;
}

/** Size of the text that `utf8` wrote last. */
export function writtenSize(): i32 {
  return size;
}
