// FNV-1a, a fast hash for tables and slots; it gives no protection against chosen keys.
// https://datatracker.ietf.org/doc/html/draft-eastlake-fnv

import { Span } from "./span";

export const FNV32_BASIS: u32 = 0x811c9dc5;
export const FNV64_BASIS: u64 = 0xcbf29ce484222325;

/** The 32-bit hash; pass an earlier result as `basis` to continue it. */
export function fnv1a32(bytes: Span, basis: u32 = FNV32_BASIS): u32 {
  let hash = basis;
  for (let at = bytes.start; at < bytes.end; at++) hash = (hash ^ (<u32>load<u8>(at))) * 0x01000193;
  return hash;
}

/** The 64-bit hash; pass an earlier result as `basis` to continue it. */
export function fnv1a64(bytes: Span, basis: u64 = FNV64_BASIS): u64 {
  let hash = basis;
  for (let at = bytes.start; at < bytes.end; at++) hash = (hash ^ (<u64>load<u8>(at))) * 0x00000100000001b3;
  return hash;
}
