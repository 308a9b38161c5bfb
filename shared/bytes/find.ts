// Search in raw memory, sixteen bytes at a step where the build has SIMD, and 64 through long text that has nothing of
// what is sought. Callers own the bounds: `[start, end)` must be readable memory.

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
    for (; at + 64 <= end; at += 64) {
      const low = v128.or(bothAt(at, distance, firsts, seconds), bothAt(at + 16, distance, firsts, seconds));
      const high = v128.or(
        bothAt(at + 32, distance, firsts, seconds),
        bothAt(at + 48, distance, firsts, seconds),
      );
      if (v128.any_true(v128.or(low, high))) break;
    }
    while (at + 16 <= end) {
      const hits = i8x16.bitmask(bothAt(at, distance, firsts, seconds));
      if (hits) return at + <usize>ctz(hits);
      at += 16;
    }
  }
  while (at < end && (<i32>load<u8>(at) != first || <i32>load<u8>(at + distance) != second)) at++;
  return at;
}

function bothAt(at: usize, distance: usize, firsts: v128, seconds: v128): v128 {
  return v128.and(i8x16.eq(v128.load(at), firsts), i8x16.eq(v128.load(at + distance), seconds));
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
    for (; at + 64 <= end; at += 64) {
      const low = v128.or(eitherAt(at, ones, others), eitherAt(at + 16, ones, others));
      const high = v128.or(eitherAt(at + 32, ones, others), eitherAt(at + 48, ones, others));
      if (v128.any_true(v128.or(low, high))) break;
    }
    while (at + 16 <= end) {
      const hits = i8x16.bitmask(eitherAt(at, ones, others));
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

function eitherAt(at: usize, ones: v128, others: v128): v128 {
  const block = v128.load(at);
  return v128.or(i8x16.eq(block, ones), i8x16.eq(block, others));
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
