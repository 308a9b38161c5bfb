// Which era the servers behind a configuration are of: configured, or found out and remembered for a while.

import { nowMs } from "as-proxy-wasm-sdk/sdk";

/** For how long an answer about a server is believed. */
const LIFETIME_MS: i64 = 5 * 60 * 1000;
/** A configuration has few routes: more clusters than this are not remembered. */
const MAX_CLUSTERS: i32 = 64;

class Era {
  constructor(
    readonly isStateless: bool,
    readonly untilMs: i64,
  ) {}
}

export class Eras {
  private known: Map<string, Era> = new Map<string, Era>();

  constructor(
    /** Whether it is found out; else `isStateless` says. */
    readonly isTried: bool,
    private isStateless: bool,
  ) {}

  /** Whether it is known that the server has the stateless revisions. */
  isStatelessAt(cluster: string): bool {
    const era = this.at(cluster);
    return era === null ? !this.isTried && this.isStateless : era.isStateless;
  }

  /** Whether it is known that the server wants `initialize`. */
  wantsInitializeAt(cluster: string): bool {
    const era = this.at(cluster);
    return era === null ? !this.isTried && !this.isStateless : !era.isStateless;
  }

  remember(cluster: string, isStateless: bool): void {
    if (!this.isTried || (this.known.size >= MAX_CLUSTERS && !this.known.has(cluster))) return;
    this.known.set(cluster, new Era(isStateless, nowMs() + LIFETIME_MS));
  }

  forget(cluster: string): void {
    if (this.known.has(cluster)) this.known.delete(cluster);
  }

  private at(cluster: string): Era | null {
    if (!this.known.has(cluster)) return null;
    const era = this.known.get(cluster);
    return nowMs() < era.untilMs ? era : null;
  }
}
