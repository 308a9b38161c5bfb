// A clock that stands still until it is told to advance: timers fire in order, at their time, inside
// `advance`. For tests.

import type { Cancel, Clock } from "./types.ts";

interface Timer {
  at: bigint;
  order: number;
  fire: () => void;
}

const msToNs = 1_000_000n;

export class VirtualClock implements Clock {
  #now: bigint;
  #monotonic = 0n;
  #order = 0;
  readonly #timers = new Set<Timer>();

  /** `startMs`: wall clock in milliseconds since the epoch. */
  constructor(startMs = 1_700_000_000_000) {
    this.#now = BigInt(startMs) * msToNs;
  }

  now(): bigint {
    return this.#now;
  }

  monotonic(): bigint {
    return this.#monotonic;
  }

  setTimer(delayMs: number, fire: () => void): Cancel {
    const timer = { at: this.#monotonic + BigInt(Math.round(delayMs * 1e6)), order: this.#order++, fire };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** Moves both clocks on and fires what becomes due, earliest first, also timers set meanwhile. */
  advance(ms: number): void {
    const end = this.#monotonic + BigInt(Math.round(ms * 1e6));
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#move(timer.at);
      this.#timers.delete(timer);
      timer.fire();
    }
    this.#move(end);
  }

  /** Sets the wall clock alone, as an operator or a time service does: it may jump backwards. */
  setWallClock(ms: number): void {
    this.#now = BigInt(ms) * msToNs;
  }

  /** Timers not yet due. */
  get pending(): number {
    return this.#timers.size;
  }

  #next(end: bigint): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.at > end) continue;
      if (
        first === undefined ||
        timer.at < first.at ||
        (timer.at === first.at && timer.order < first.order)
      ) {
        first = timer;
      }
    }
    return first;
  }

  #move(to: bigint): void {
    if (to <= this.#monotonic) return;
    this.#now += to - this.#monotonic;
    this.#monotonic = to;
  }
}
