// Finds out whether tokens that are out of use work again. One VM does it for all (compat ai-proxy §12.3).

import { DraftHead, log, noStream, Task } from "as-proxy-wasm-sdk/sdk";
import { Buffer } from "as-proxy-wasm-sdk/bytes";
import { JsonWriter } from "as-proxy-wasm-sdk/json";
import { Api, detectApi } from "../apis";
import { Attempt, AttemptWaiter } from "../attempts/attempt";
import { DraftRequest, DraftWaiter } from "../attempts/draft-request";
import { Upstream } from "../config";
import { Failover } from "../config/resilience";
import { decodedPath, withoutQuery } from "../path";
import { TokenPool } from "../tokens";
import { Lease } from "./lease";
import { SharedTokens } from "./shared-tokens";

export class HealthChecks extends Task {
  private lease: Lease = new Lease();
  /** Tokens whose check has not ended. */
  private open: string[] = [];

  constructor(
    public shared: SharedTokens,
    public failover: Failover,
    /** How the provider is asked: in OpenAI's words, without a context file. */
    public upstream: Upstream,
    public pool: TokenPool,
  ) {
    super(failover.healthCheckIntervalMs);
  }

  run(): void {
    if (!this.lease.take(this.shared.store)) return;
    const tokens = this.pool.own(this.shared.unavailable);
    for (let i = 0; i < tokens.length; i++) {
      if (this.open.includes(tokens[i])) continue;
      this.open.push(tokens[i]);
      new HealthCheck(this, tokens[i]).start();
    }
  }

  /** `outcome` is for the log. */
  ended(token: string, isHealthy: bool, outcome: string): void {
    const index = this.open.indexOf(token);
    if (index >= 0) this.open.splice(index, 1);
    const number = this.pool.number(token);
    log.info(`health check of token ${number}: ${outcome}`);
    if (isHealthy && this.shared.recovered(token, this.failover.successThreshold)) {
      log.info(`token ${number} is in use again`);
    }
  }
}

class HealthCheck implements DraftWaiter, AttemptWaiter {
  constructor(
    private checks: HealthChecks,
    private token: string,
  ) {}

  start(): void {
    const place = this.checks.shared.place;
    const head = new DraftHead();
    head.set(":method", "POST");
    head.set(":authority", place.get("host").text());
    const path = place.get("path").text();
    const isChat = detectApi(decodedPath(path)) == Api.ChatCompletions;
    // The query is that of a client's request; a provider whose paths the client knows may need it.
    const kept = this.checks.upstream.provider.mapsPath ? withoutQuery(path) : path;
    head.set(":path", isChat ? kept : "/v1/chat/completions");
    head.set("content-type", "application/json");
    const body = new Buffer(128);
    const json = new JsonWriter(body).object().key("model").text(this.checks.failover.healthCheckModel);
    json.key("messages").array().object().key("role").text("user").key("content").text("who are you?");
    json.end().end().end();
    new DraftRequest(head, body.span(), this.checks.upstream, noStream, this, this.token).write();
  }

  drafted(draft: DraftRequest): void {
    if (draft.error.length > 0) return this.end(false, draft.error);
    const cluster = this.checks.shared.place.get("cluster").text();
    const attempt = new Attempt(noStream, this);
    const timeoutMs = this.checks.failover.healthCheckTimeoutMs;
    if (!attempt.start(cluster, draft.head, draft.bytes, timeoutMs)) this.end(false, `no cluster ${cluster}`);
  }

  attempted(attempt: Attempt): void {
    this.end(attempt.status == 200, `status ${attempt.status}`);
  }

  private end(isHealthy: bool, outcome: string): void {
    this.checks.ended(this.token, isHealthy, outcome);
  }
}
