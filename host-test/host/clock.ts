// The machine's clock.

import type { Cancel, Clock } from "./types.ts";

export class SystemClock implements Clock {
  now(): bigint {
    // `performance` has sub-millisecond resolution; its sum is monotonic only as far as the wall clock is.
    return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e3)) * 1000n;
  }

  monotonic(): bigint {
    return process.hrtime.bigint();
  }

  setTimer(delayMs: number, fire: () => void): Cancel {
    const timer = setTimeout(fire, delayMs);
    return { cancel: () => clearTimeout(timer) };
  }
}
