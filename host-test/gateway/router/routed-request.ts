// One request of the chain on its way upstream: attempts, deadlines, and the one answer that comes of them.

import type { Headers } from "../../host/types.ts";
import type { Clusters } from "../../services/clusters.ts";
import {
  localReply,
  noHealthyUpstream,
  requestTimeout,
  unavailableText,
} from "../../services/envoy-replies.ts";
import { headerValue, type FailureReason, type UpstreamStream } from "../../services/upstream-stream.ts";
import type { RuledRoute } from "../route-table.ts";
import type { ClusterCounters } from "../statistics.ts";
import { RequestBody } from "./request-body.ts";
import { RetryPolicy, type Outcome } from "./retry-policy.ts";
import { preferredEndpoints, readTimeouts, upstreamHeaders, type Timeouts } from "./upstream-headers.ts";

/** Where the answer goes. Never called before the method that caused it has returned. */
export interface RouterEvents {
  /** An endpoint was chosen: `host:port`. Once per attempt. */
  selected(address: string): void;
  headers(headers: Headers, endStream: boolean): void;
  data(chunk: Uint8Array, endStream: boolean): void;
  trailers(trailers: Headers): void;
  /** No answer came. After answer headers the answer breaks off; before them `failed` decides about the text. */
  failed(reason: "connect-failure" | "reset" | "timeout"): void;
  /** The upstream takes more of the request again. */
  drained(): void;
  log(message: string): void;
}

export interface RouterContext {
  clusters: Clusters;
  /** Bytes of a request body that are kept for another attempt. */
  bufferLimit: number;
  counters(cluster: string): ClusterCounters;
}

export class RoutedRequest {
  #context: RouterContext;
  #events: RouterEvents;
  #route: RuledRoute;
  #headers: Headers;
  #preferred: string[];
  #timeouts: Timeouts;
  #retry: RetryPolicy;
  #body: RequestBody;
  #counters: ClusterCounters;
  #tried = new Set<string>();
  #stream: UpstreamStream | undefined;
  #attempt = 0;
  #isPaused = false;
  #hasStarted = false;
  #isDone = false;
  #timers: {
    request?: NodeJS.Timeout;
    perTry?: NodeJS.Timeout;
    firstByte?: NodeJS.Timeout;
    pause?: NodeJS.Timeout;
  } = {};
  #requestEndedAt = 0;

  constructor(
    context: RouterContext,
    events: RouterEvents,
    headers: Headers,
    endStream: boolean,
    route: RuledRoute,
  ) {
    this.#context = context;
    this.#events = events;
    this.#route = route;
    this.#timeouts = readTimeouts(headers, route.rule);
    this.#preferred = preferredEndpoints(headers, route.overrideHost);
    this.#retry = new RetryPolicy(headers, route.rule);
    this.#headers = upstreamHeaders(headers, route.rule, this.#timeouts);
    this.#body = new RequestBody(endStream, this.#retry.mayRetry ? context.bufferLimit : 0);
    this.#counters = context.counters(route.cluster);
    this.#send();
    if (endStream) this.#onRequestEnd();
  }

  /** False: more should wait for `drained`. */
  data(chunk: Uint8Array, endStream: boolean): boolean {
    if (this.#isDone) return true;
    const hasRoom = this.#forward(chunk, endStream);
    if (endStream) this.#onRequestEnd();
    return hasRoom;
  }

  trailers(trailers: Headers): void {
    if (this.#isDone) return;
    this.#body.end(trailers);
    this.#stream?.trailers(trailers);
    this.#onRequestEnd();
  }

  /** Nobody wants the answer any more. */
  reset(): void {
    this.#finish();
    this.#stream?.reset();
  }

  pause(): void {
    this.#isPaused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#stream?.resume();
  }

  #send(): void {
    this.#attempt++;
    const attempt = this.#attempt;
    // What a given-up attempt still says is about nothing any more.
    const current = (): boolean => !this.#isDone && attempt === this.#attempt;
    const opened = this.#context.clusters.open(
      this.#route.cluster,
      this.#headers,
      this.#body.endsWithHeaders,
      {
        headers: (headers, endStream) => current() && this.#onHeaders(headers, endStream),
        data: (chunk, endStream) => current() && this.#onData(chunk, endStream),
        trailers: (trailers) => current() && this.#onTrailers(trailers),
        failed: (reason, detail) => current() && this.#onFailure(reason, detail),
        drained: () => current() && this.#events.drained(),
      },
      { preferred: this.#preferred, tried: this.#tried },
    );
    if (!opened) {
      process.nextTick(() => current() && this.#answer(503, noHealthyUpstream));
      return;
    }
    this.#counters.requests++;
    this.#tried.add(opened.address);
    this.#stream = opened.stream;
    process.nextTick(() => current() && this.#events.selected(opened.address));
    this.#body.replay(opened.stream);
    if (attempt > 1) process.nextTick(() => current() && this.#events.drained());
    if (this.#isPaused) opened.stream.pause();
    if (this.#body.isEnded) this.#startPerTryTimer();
  }

  #forward(chunk: Uint8Array, endStream: boolean): boolean {
    if (!this.#stream) {
      // Between two attempts: the next one sends it.
      this.#body.keep(chunk, endStream);
      return false;
    }
    if (!this.#body.add(chunk, endStream)) this.#retry.giveUp();
    return this.#stream.data(chunk, endStream);
  }

  #onRequestEnd(): void {
    this.#requestEndedAt = performance.now();
    const { requestMs, firstByteMs } = this.#timeouts;
    if (requestMs > 0) this.#timers.request = setTimeout(() => this.#onTimeout("the request"), requestMs);
    if (firstByteMs > 0)
      this.#timers.firstByte = setTimeout(() => this.#onTimeout("the first byte"), firstByteMs);
    this.#startPerTryTimer();
  }

  #startPerTryTimer(): void {
    const { perTryMs } = this.#timeouts;
    if (perTryMs === 0 || this.#hasStarted) return;
    clearTimeout(this.#timers.perTry);
    this.#timers.perTry = setTimeout(() => this.#onPerTryTimeout(), perTryMs);
  }

  #onHeaders(headers: Headers, endStream: boolean): void {
    const status = Number(headerValue(headers, ":status"));
    this.#counters.status(status);
    if (this.#tryAgain({ kind: "response", status, headers })) return;
    this.#hasStarted = true;
    clearTimeout(this.#timers.perTry);
    clearTimeout(this.#timers.firstByte);
    this.#body.forget();
    if (endStream) this.#finish();
    const elapsed = Math.round(performance.now() - (this.#requestEndedAt || performance.now()));
    const timed = headers.filter(([name]) => name !== "x-envoy-upstream-service-time");
    this.#events.headers([...timed, ["x-envoy-upstream-service-time", String(elapsed)]], endStream);
  }

  #onData(chunk: Uint8Array, endStream: boolean): void {
    if (endStream) this.#finish();
    this.#events.data(chunk, endStream);
  }

  #onTrailers(trailers: Headers): void {
    this.#finish();
    this.#events.trailers(trailers);
  }

  #onFailure(reason: FailureReason, detail: string): void {
    this.#events.log(`${this.#route.cluster}: ${reason}: ${detail}`);
    const isConnectFailure = reason === "remote connection failure" || reason === "connection timeout";
    if (isConnectFailure) this.#counters.connectFailures++;
    if (this.#tryAgain({ kind: "failure", reason })) return;
    this.#counters.status(503);
    // The chain has the texts of the two common reasons and their flags; the others are told here.
    const isCommon = reason === "remote connection failure" || reason === "connection termination";
    if (this.#hasStarted || (isCommon && !this.#retry.hasRetried)) {
      this.#finish();
      this.#events.failed(isConnectFailure ? "connect-failure" : "reset");
    } else this.#answer(503, unavailableText(reason, this.#retry.hasRetried));
  }

  #onPerTryTimeout(): void {
    if (this.#isDone || this.#hasStarted) return;
    this.#counters.timeouts++;
    this.#stream?.reset();
    if (this.#tryAgain({ kind: "per-try-timeout" })) return;
    this.#giveUpInTime();
  }

  #onTimeout(what: string): void {
    if (this.#isDone) return;
    this.#events.log(`${this.#route.cluster}: no time left for ${what}`);
    this.#counters.timeouts++;
    this.#stream?.reset();
    this.#giveUpInTime();
  }

  #giveUpInTime(): void {
    this.#counters.status(504);
    if (this.#hasStarted || !this.#retry.hasRetried) {
      this.#finish();
      this.#events.failed("timeout");
    } else this.#answer(504, requestTimeout);
  }

  /** True: another attempt is under way or scheduled. */
  #tryAgain(outcome: Outcome): boolean {
    if (this.#hasStarted || !this.#retry.take(outcome)) return false;
    this.#counters.retries++;
    this.#stream?.reset();
    this.#stream = undefined;
    // From here on nothing of the failed attempt counts.
    this.#attempt++;
    clearTimeout(this.#timers.perTry);
    this.#timers.pause = setTimeout(() => {
      if (!this.#isDone) this.#send();
    }, this.#retry.pauseMs());
    return true;
  }

  #answer(status: number, text: string): void {
    this.#finish();
    const { headers, body } = localReply(status, text);
    this.#events.headers(headers, false);
    this.#events.data(body, true);
  }

  #finish(): void {
    this.#isDone = true;
    this.#body.forget();
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
  }
}
