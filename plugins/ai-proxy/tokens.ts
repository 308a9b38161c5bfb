// Which of a provider's tokens a request goes out with.

import { clusterName, log, randomBelow } from "as-proxy-wasm-sdk/sdk";
import { fnv1a32, Span } from "as-proxy-wasm-sdk/bytes";
import { Api, isStateful } from "./apis";
import { Failover } from "./config/resilience";
import { SharedTokens } from "./failover/shared-tokens";
import { Request } from "./request";

export class TokenPool {
  /** Where the tokens' state is shared; null without failover. */
  private shared: SharedTokens | null = null;
  private failover: Failover = new Failover();

  constructor(public tokens: string[]) {}

  /** What the provider answers decides which are used. */
  get areWatched(): bool {
    return this.shared !== null;
  }

  /** From now on tokens that fail are left out. */
  watch(shared: SharedTokens, failover: Failover): void {
    this.shared = shared;
    this.failover = failover;
  }

  /**
   * One token for the whole request; "" when there is none. Requests that build on earlier ones of the same
   * consumer always get the same token, others a random one; with failover always a random one of those in use.
   */
  select(api: Api, consumer: string): string {
    const shared = this.shared;
    if (shared !== null) {
      let tokens = this.own(shared.available);
      if (tokens.length == 0) tokens = this.own(shared.unavailable);
      if (tokens.length > 0) return anyOf(tokens);
    } else if (isStateful(api) && consumer.length > 0 && this.tokens.length > 0) {
      return this.tokens[<i32>(fnv1a32(Span.text(consumer)) % <u32>this.tokens.length)];
    }
    return anyOf(this.tokens);
  }

  /** A token in use that is not among `tried`; "" when there is none. */
  selectOther(tried: string[]): string {
    const shared = this.shared;
    const others = shared === null ? this.tokens.slice() : this.own(shared.available);
    for (let i = others.length - 1; i >= 0; i--) if (tried.includes(others[i])) others.splice(i, 1);
    return anyOf(others);
  }

  /** What became of a request. */
  report(request: Request, status: i32): void {
    const shared = this.shared;
    if (shared === null || request.token.length == 0) return;
    if (status == 200) {
      shared.succeeded(request.token);
    } else if (this.failover.onStatus.has(status)) {
      if (!shared.failed(request.token, this.failover.failureThreshold)) return;
      shared.keepPlace(request.receivedHost, request.receivedPath, clusterName());
      log.warn(
        `token ${this.number(request.token)} failed too often: out of use until a health check succeeds`,
      );
    }
  }

  /** A token as logs may show it. */
  number(token: string): string {
    return `${this.tokens.indexOf(token) + 1} of ${this.tokens.length}`;
  }

  /** Shared lists may hold tokens of another configuration with the same id: those are not sent anywhere. */
  own(listed: string[]): string[] {
    for (let i = listed.length - 1; i >= 0; i--) if (!this.tokens.includes(listed[i])) listed.splice(i, 1);
    return listed;
  }
}

function anyOf(tokens: string[]): string {
  if (tokens.length <= 1) return tokens.length == 0 ? "" : tokens[0];
  return tokens[randomBelow(tokens.length)];
}
