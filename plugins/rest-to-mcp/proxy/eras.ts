// Which eras the servers behind a configuration speak: configured, or found out and remembered for a while. A server
// may speak both: those with `initialize`, and the stateless ones.

import { nowMs } from "as-proxy-wasm-sdk/sdk";

/** For how long an answer about a server is believed. */
const LIFETIME_MS: i64 = 5 * 60 * 1000;
/** A configuration has few routes: more clusters than this are not remembered. */
const MAX_CLUSTERS: i32 = 64;

export enum Speaks {
  Unknown,
  No,
  Yes,
}

class Known {
  initialize: Speaks = Speaks.Unknown;
  stateless: Speaks = Speaks.Unknown;

  constructor(readonly untilMs: i64) {}
}

export class Eras {
  private known: Map<string, Known> = new Map<string, Known>();

  constructor(
    /** Whether it is found out; else `isStateless` says. */
    readonly isTried: bool,
    private isStateless: bool,
  ) {}

  stateless(cluster: string): Speaks {
    if (!this.isTried) return this.isStateless ? Speaks.Yes : Speaks.No;
    const known = this.at(cluster);
    return known === null ? Speaks.Unknown : known.stateless;
  }

  initialize(cluster: string): Speaks {
    if (!this.isTried) return this.isStateless ? Speaks.No : Speaks.Yes;
    const known = this.at(cluster);
    return known === null ? Speaks.Unknown : known.initialize;
  }

  rememberStateless(cluster: string, speaks: bool): void {
    const known = this.kept(cluster);
    if (known !== null) known.stateless = speaks ? Speaks.Yes : Speaks.No;
  }

  rememberInitialize(cluster: string, speaks: bool): void {
    const known = this.kept(cluster);
    if (known !== null) known.initialize = speaks ? Speaks.Yes : Speaks.No;
  }

  forget(cluster: string): void {
    if (this.known.has(cluster)) this.known.delete(cluster);
  }

  /** What is known, to be added to; null where nothing is remembered. */
  private kept(cluster: string): Known | null {
    const known = this.at(cluster);
    if (known !== null) return known;
    if (!this.isTried || (this.known.size >= MAX_CLUSTERS && !this.known.has(cluster))) return null;
    const fresh = new Known(nowMs() + LIFETIME_MS);
    this.known.set(cluster, fresh);
    return fresh;
  }

  private at(cluster: string): Known | null {
    if (!this.known.has(cluster)) return null;
    const known = this.known.get(cluster);
    return nowMs() < known.untilMs ? known : null;
  }
}
