// Names of keys that a Redis cluster keeps beside a counter whose own name is given.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";

const OPEN = 0x7b;
const CLOSE = 0x7d;
const SLOTS: u32 = 1 << 14;

/** `key` with `suffix`, in the same slot of a cluster (https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec). */
export function siblingOf(key: Span, suffix: string): Span {
  const name = new Buffer(key.size + suffix.length + 8);
  const open = key.indexOf(OPEN);
  if (open >= 0 && key.indexOf(CLOSE, open) > open + 1) {
    // The name has a tag of its own.
    name.append(key);
  } else if (key.indexOf(CLOSE) < 0) {
    name.push(OPEN);
    name.append(key);
    name.push(CLOSE);
  } else {
    // No tag can hold such a name: two bytes that have its slot stand for it.
    name.push(OPEN);
    appendTag(name, key);
    name.push(CLOSE);
    name.append(key);
  }
  name.push(0x3a);
  name.text(suffix);
  return name.take();
}

function appendTag(out: Buffer, key: Span): void {
  let checksum: u32 = 0;
  for (let i = 0; i < key.size; i++) {
    checksum ^= (<u32>key.at(i)) << 8;
    for (let bit = 0; bit < 8; bit++) {
      checksum = ((checksum << 1) ^ ((checksum & 0x8000) != 0 ? 0x1021 : 0)) & 0xffff;
    }
  }
  // Of two bytes the checksum can be undone. Four of them have the same slot.
  for (let turn: u32 = 0; turn < 4; turn++) {
    let bytes: u32 = (checksum + turn * SLOTS) & 0xffff;
    for (let bit = 0; bit < 16; bit++) {
      bytes = (bytes & 1) != 0 ? ((bytes ^ 0x1021) >> 1) | 0x8000 : bytes >> 1;
    }
    const first = <i32>(bytes >> 8);
    const second = <i32>(bytes & 0xff);
    if (first == CLOSE || second == CLOSE) continue;
    out.push(first);
    out.push(second);
    return;
  }
}
