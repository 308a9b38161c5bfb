// The ABI's serialized maps (compat/abi.md §5):
//
//   u32 count │ count × (u32 name length, u32 value length) │ count × (name, 0, value, 0)

import type { Headers } from "./types.ts";

/** Host limits on what a guest may hand over. */
const maxBytes = 1 << 20;
const maxPairs = 1024;

type Pairs = readonly (readonly [string, string])[];

export function pairsSize(pairs: Pairs): number {
  let size = 4;
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i]!;
    size += 10 + pair[0].length + pair[1].length;
  }
  return size;
}

/** Writes `pairs` at `at`; there must be room for `pairsSize`. */
export function writePairs(bytes: Buffer, at: number, pairs: Pairs): void {
  let head = bytes.writeUInt32LE(pairs.length, at);
  let body = head + pairs.length * 8;
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i]!;
    const name = pair[0];
    const value = pair[1];
    head = bytes.writeUInt32LE(name.length, head);
    head = bytes.writeUInt32LE(value.length, head);
    bytes.write(name, body, "latin1");
    body += name.length;
    bytes[body++] = 0;
    bytes.write(value, body, "latin1");
    body += value.length;
    bytes[body++] = 0;
  }
}

export function encodePairs(pairs: Pairs): Buffer {
  const bytes = Buffer.allocUnsafe(pairsSize(pairs));
  writePairs(bytes, 0, pairs);
  return bytes;
}

/** Anything malformed, too large or too many is an empty map, as in Envoy. */
export function decodePairs(bytes: Buffer): Headers {
  if (bytes.length < 4 || bytes.length > maxBytes) return [];
  const count = bytes.readUInt32LE(0);
  if (count > maxPairs || 4 + count * 8 > bytes.length) return [];
  const pairs: Headers = [];
  let at = 4 + count * 8;
  for (let i = 0; i < count; i++) {
    const nameEnd = at + bytes.readUInt32LE(4 + i * 8);
    const valueEnd = nameEnd + 1 + bytes.readUInt32LE(8 + i * 8);
    if (valueEnd >= bytes.length || bytes[nameEnd] !== 0 || bytes[valueEnd] !== 0) return [];
    pairs.push([bytes.toString("latin1", at, nameEnd), bytes.toString("latin1", nameEnd + 1, valueEnd)]);
    at = valueEnd + 1;
  }
  return at === bytes.length ? pairs : [];
}
