// Periodic work that says so.

import { Task, log } from "as-proxy-wasm-sdk/sdk";

export class ProbeTask extends Task {
  constructor(
    private say: string,
    periodMs: i64,
  ) {
    super(periodMs);
  }

  run(): void {
    log.info(`tick ${this.say}`);
  }
}
