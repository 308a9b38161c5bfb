// What a request may cost, counted and not timed: bytes read and bytes written.

import { LARGE, takesRoom } from "../runtime/room";

/** Steps between two looks at the memory: what they leave behind is less than `LARGE`, and most requests take fewer. */
const LOOK_STEPS: i64 = 1 << 12;

export class Budget {
  /** Steps spent so far; a step is about one byte of JSON read, or one written. */
  spent: i64 = 0;

  /** `maxBytes` bounds what is written, each single result and all of them together. */
  constructor(
    readonly maxSteps: i64 = 1 << 30,
    readonly maxBytes: i32 = 1 << 26,
  ) {}

  /** Counts steps; false once more were counted than there may be, or the VM has no room for what they leave behind. */
  spend(steps: i64): bool {
    const before = this.spent;
    this.spent += steps;
    const looks = before / LOOK_STEPS != this.spent / LOOK_STEPS;
    if (looks && !takesRoom(LARGE)) this.spent = max(this.spent, this.maxSteps + 1);
    return this.spent <= this.maxSteps;
  }

  get isExhausted(): bool {
    return this.spent > this.maxSteps;
  }
}
