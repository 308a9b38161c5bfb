// Time and randomness, from the standard library over WASI imports that every Envoy has.

/** Milliseconds since the epoch. */
export function nowMs(): i64 {
  return Date.now();
}

const seed = new Uint8Array(8);

/** 64 random bits. */
export function random(): u64 {
  crypto.getRandomValues(seed);
  let bits: u64 = 0;
  for (let i = 0; i < 8; i++) bits = (bits << 8) | <u64>seed[i];
  return bits;
}

/** A uniform number in [0, bound); 0 when bound is not positive. */
export function randomBelow(bound: i32): i32 {
  return bound > 0 ? <i32>(random() % <u64>bound) : 0;
}
