// Periodic work. The host has one timer per root context; tasks keep their own periods on it.

/** Period of the host's timer, as the Go SDK has it. */
const BASE_MS = 100;

export abstract class Task {
  /** Wall-clock milliseconds of the next run; 0 runs at the first tick. */
  dueAtMs: i64 = 0;
  constructor(public periodMs: i64) {}
  abstract run(): void;
}

export class Ticker {
  private tasks: Task[] = [];

  get isEmpty(): bool {
    return this.tasks.length == 0;
  }

  add(task: Task): void {
    this.tasks.push(task);
  }

  /** Of the host's timer; 0: none is needed. */
  get periodMs(): i32 {
    return this.isEmpty ? 0 : BASE_MS;
  }

  /** A clock that jumped back must not silence a task: a due time further away than a period is moved up. */
  tick(nowMs: i64): void {
    for (let i = 0; i < this.tasks.length; i++) {
      const task = this.tasks[i];
      if (nowMs < task.dueAtMs && task.dueAtMs - nowMs <= task.periodMs) continue;
      task.dueAtMs = nowMs + task.periodMs;
      task.run();
    }
  }
}

/** Tasks registered while a configuration starts belong to that root context. */
let starting: Ticker | null = null;

export function collectTasks(ticker: Ticker | null): void {
  starting = ticker;
}

/** Runs `task` every `task.periodMs`; only from `Config.start`. */
export function every(task: Task): void {
  const ticker = starting;
  if (ticker !== null) ticker.add(task);
}
