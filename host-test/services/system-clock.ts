import type { Cancel, Clock } from "../host/types.ts";

/** The process's clocks. */
export const systemClock: Clock = {
  // `performance` keeps microseconds where `Date.now` has milliseconds.
  now: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n,
  monotonic: () => process.hrtime.bigint(),
  setTimer(delayMs: number, fire: () => void): Cancel {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
