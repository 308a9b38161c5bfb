// CRC-32 as in IEEE 802.3, zlib and AWS's event streams: reflected polynomial 0xedb88320.
//
// Import it by its path: the tables are built when a module that has it starts.

import { Span } from "./span";

/** Eight tables of 256 entries, so that a step takes eight bytes ("slicing by 8", Kounavis and Berry 2005). */
const TABLES: usize = memory.data(8 << 10, 8);

for (let byte: u32 = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xedb88320 & (0 - (crc & 1)));
  store<u32>(TABLES + ((<usize>byte) << 2), crc);
}
for (let at: usize = TABLES + 1024; at < TABLES + 8192; at += 4) {
  const shorter = load<u32>(at - 1024);
  store<u32>(at, (shorter >> 8) ^ entry(0, shorter));
}

/** The checksum of the bytes. Of a message in pieces: each piece with the checksum of those before it. */
export function crc32(bytes: Span, before: u32 = 0): u32 {
  let crc = ~before;
  let at = bytes.start;
  const end = bytes.end;
  for (; at + 8 <= end; at += 8) {
    const low = crc ^ load<u32>(at);
    const high = load<u32>(at, 4);
    crc =
      entry(7, low) ^
      entry(6, low >> 8) ^
      entry(5, low >> 16) ^
      entry(4, low >> 24) ^
      entry(3, high) ^
      entry(2, high >> 8) ^
      entry(1, high >> 16) ^
      entry(0, high >> 24);
  }
  for (; at < end; at++) crc = (crc >> 8) ^ entry(0, crc ^ (<u32>load<u8>(at)));
  return ~crc;
}

/** The entry for the lowest byte of `value`. */
function entry(table: usize, value: u32): u32 {
  return load<u32>(TABLES + (table << 10) + ((<usize>(value & 0xff)) << 2));
}
