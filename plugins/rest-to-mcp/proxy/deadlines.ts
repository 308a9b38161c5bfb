// Ends what waits too long for something that no call brings: events of a stream.

import { AnyStream, CallOut, nowMs, Task } from "as-proxy-wasm-sdk/sdk";

const PERIOD_MS: i64 = 200;

export abstract class Deadline {
  /** When `expire` is due, in milliseconds since the epoch; 0: nothing is waited for any more. */
  dueMs: i64 = 0;

  abstract get stream(): AnyStream | null;
  abstract expire(): void;
}

export class Deadlines extends Task {
  /** As many as there are exchanges that wait. */
  private waiting: Deadline[] = [];

  constructor() {
    super(PERIOD_MS);
  }

  add(deadline: Deadline): void {
    this.waiting.push(deadline);
  }

  run(): void {
    const now = nowMs();
    const all = this.waiting;
    this.waiting = [];
    for (let i = 0; i < all.length; i++) {
      const deadline = all[i];
      if (deadline.dueMs == 0) continue;
      if (now < deadline.dueMs) this.waiting.push(deadline);
      else wake(deadline);
    }
  }
}

function wake(deadline: Deadline): void {
  const turn = new Turn();
  turn.stream = deadline.stream;
  if (turn.stream !== null && turn.begin()) deadline.expire();
}

/** Makes the host act for the exchange that waits. */
class Turn extends CallOut {}
