// Search in raw memory, sixteen bytes at a step where the build has SIMD. Callers own the bounds:
// `[start, end)` must be readable memory.

/** Address of the first `byte` in `[start, end)`, or `end`. */
export function findByte(start: usize, end: usize, byte: i32): usize {
  let at = start;
  if (ASC_FEATURE_SIMD) {
    const wanted = i8x16.splat(<i8>byte);
    while (at + 16 <= end) {
      const hits = i8x16.bitmask(i8x16.eq(v128.load(at), wanted));
      if (hits) return at + <usize>ctz(hits);
      at += 16;
    }
  }
  while (at < end && <i32>load<u8>(at) != byte) at++;
  return at;
}

/**
 * Address of the first `first` in `[start, end)` that has `second` `distance` bytes behind it, or `end`. Those bytes
 * must be readable too, up to `end + distance`.
 */
export function findApart(start: usize, end: usize, first: i32, second: i32, distance: usize): usize {
  let at = start;
  if (ASC_FEATURE_SIMD) {
    const firsts = i8x16.splat(<i8>first);
    const seconds = i8x16.splat(<i8>second);
    while (at + 16 <= end) {
      const both = v128.and(i8x16.eq(v128.load(at), firsts), i8x16.eq(v128.load(at + distance), seconds));
      const hits = i8x16.bitmask(both);
      if (hits) return at + <usize>ctz(hits);
      at += 16;
    }
  }
  while (at < end && (<i32>load<u8>(at) != first || <i32>load<u8>(at + distance) != second)) at++;
  return at;
}

/** Address of the first CR or LF in `[start, end)`, or `end`. */
export function findLineBreak(start: usize, end: usize): usize {
  return findEither(start, end, 0x0a, 0x0d);
}

/** Address of the first byte in `[start, end)` that is one of two, or `end`. */
export function findEither(start: usize, end: usize, one: i32, other: i32): usize {
  let at = start;
  if (ASC_FEATURE_SIMD) {
    const ones = i8x16.splat(<i8>one);
    const others = i8x16.splat(<i8>other);
    while (at + 16 <= end) {
      const block = v128.load(at);
      const hits = i8x16.bitmask(v128.or(i8x16.eq(block, ones), i8x16.eq(block, others)));
      if (hits) return at + <usize>ctz(hits);
      at += 16;
    }
  }
  while (at < end) {
    const byte = <i32>load<u8>(at);
    if (byte == one || byte == other) break;
    at++;
  }
  return at;
}

/** Address of the first byte above 0x7f in `[start, end)`, or `end`. */
export function findNonAscii(start: usize, end: usize): usize {
  let at = start;
  if (ASC_FEATURE_SIMD) {
    while (at + 16 <= end) {
      const hits = i8x16.bitmask(v128.load(at));
      if (hits) return at + <usize>ctz(hits);
      at += 16;
    }
  }
  while (at + 8 <= end) {
    const hits = load<u64>(at) & 0x8080808080808080;
    if (hits) return at + <usize>(ctz(hits) >> 3);
    at += 8;
  }
  while (at < end && load<u8>(at) < 0x80) at++;
  return at;
}
