// Time and randomness. The standard library's `Date` and `crypto` would bring 5 KB of error texts.

import { randomBits, wallClockMs } from "../abi/host";

/** Milliseconds since the epoch. */
export function nowMs(): i64 {
  return wallClockMs();
}

/** 64 random bits. */
export function random(): u64 {
  return randomBits();
}

/** A uniform number in [0, bound); 0 when bound is not positive. */
export function randomBelow(bound: i32): i32 {
  return bound > 0 ? <i32>(random() % <u64>bound) : 0;
}
