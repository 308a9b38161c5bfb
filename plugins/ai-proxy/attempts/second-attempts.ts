// What is done for a request whose first answer was a failure: other tokens (`retryOnFailure`), then other providers
// (`fallbacks`), one after the other, while the first answer waits. Everything needed for that is kept from the
// request's own time; who keeps too much gets no second attempt.

import { AnyStream, clusterName, DraftHead, Head, log } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { ProxyConfig, Upstream } from "../config";
import { Fallback } from "../config/fallback";
import { Request } from "../request";
import { RequestBody } from "../request-body";
import { writePlace } from "../request-head";
import { Attempt, AttemptWaiter } from "./attempt";
import { AttemptAnswer } from "./attempt-answer";
import { DraftRequest, DraftWaiter } from "./draft-request";
import { Failure } from "./failure";

/** A larger body is not kept. */
export const MAX_KEPT_BYTES: i32 = 8 << 20;

/** What all requests of a VM keep at once. */
const MAX_KEPT_IN_ALL: i32 = 128 << 20;

let keptInAll: i32 = 0;

export interface AnswerWaiter {
  /** An attempt succeeded; `provider` is the id of the fallback that did it, "" for a retry. */
  served(answer: AttemptAnswer, provider: string): void;
  /** The first answer has to do. */
  exhausted(): void;
}

export class SecondAttempts implements AttemptWaiter, DraftWaiter {
  private kept: i32 = 0;
  /** The request as it went out; null when no retry is possible. */
  private sentHead: DraftHead | null = null;
  private sentBody: Span = Span.empty();
  /** The request as it came; null when no fallback is possible. */
  private receivedHead: DraftHead | null = null;
  private receivedBody: Span = Span.empty();
  /** False while the request's end is not known. */
  private isReceived: bool = false;
  private failure: Failure = Failure.ofCall(0);
  /** Tokens that were used, the first included. */
  private tried: string[] = [];
  private retriesLeft: i32 = 0;
  private nextFallback: i32 = 0;
  /** Who is being asked; null for a retry. */
  private fallback: Fallback | null = null;
  private draft: DraftRequest | null = null;
  /** An attempt is under way. */
  private isOpen: bool = false;
  private isStarting: bool = false;

  constructor(
    private stream: AnyStream,
    private waiter: AnswerWaiter,
    private upstream: Upstream,
    private fallbacks: Fallback[],
    private request: Request,
  ) {}

  /** Null when the configuration wants none. */
  static wanted(
    stream: AnyStream,
    waiter: AnswerWaiter,
    config: ProxyConfig,
    upstream: Upstream,
    request: Request,
  ): SecondAttempts | null {
    const retry = upstream.settings.retry;
    if (config.fallbacks.length == 0 && !(retry.isEnabled && upstream.tokens.tokens.length > 1)) return null;
    return new SecondAttempts(stream, waiter, upstream, config.fallbacks, request);
  }

  // --- while the request passes

  /** `end`: there is no body. */
  keepReceivedHead(head: Head, end: bool): void {
    if (this.fallbacks.length > 0) this.receivedHead = DraftHead.of(head);
    this.isReceived = end;
  }

  /** The body before any edit. */
  keepReceivedBody(body: RequestBody): void {
    this.isReceived = true;
    if (this.receivedHead === null) return;
    if (this.reserve(body.size)) this.receivedBody = body.whole();
    else this.receivedHead = null;
  }

  /** The request as it goes out; `body` null when it has none. A stream is not retried. */
  keepSent(head: Head, body: RequestBody | null): void {
    if (!this.upstream.settings.retry.isEnabled || this.request.isStream) return;
    if (body !== null) {
      if (!this.reserve(body.size)) return;
      this.sentBody = body.whole();
    }
    this.sentHead = DraftHead.of(head);
  }

  private reserve(size: i32): bool {
    if (size > MAX_KEPT_BYTES || keptInAll + size > MAX_KEPT_IN_ALL) {
      log.warn(`a request of ${size} bytes is not kept: it will not be tried again`);
      return false;
    }
    this.kept += size;
    keptInAll += size;
    return true;
  }

  /** Gives back what is kept: there will be no further attempt. */
  release(): void {
    keptInAll -= this.kept;
    this.kept = 0;
    this.sentHead = null;
    this.sentBody = Span.empty();
    this.receivedHead = null;
    this.receivedBody = Span.empty();
    this.draft = null;
  }

  // --- when the answer has come

  /** True when something is under way, and the waiter will be told of its end. */
  begin(failure: Failure): bool {
    const retry = this.upstream.settings.retry;
    this.failure = failure;
    this.tried.push(this.request.token);
    if (failure.isAnswer && retry.onStatus.has(failure.status)) this.retriesLeft = retry.maxRetries;
    return this.proceed();
  }

  private proceed(): bool {
    this.isStarting = true;
    let hasMore = true;
    while (!this.isOpen && hasMore) hasMore = this.startRetry() || this.startFallback();
    this.isStarting = false;
    if (!this.isOpen) this.release();
    return this.isOpen;
  }

  /** False when there is nothing left to try. */
  private startRetry(): bool {
    const sent = this.sentHead;
    const upstream = this.upstream;
    const request = this.request;
    if (sent === null || this.retriesLeft <= 0) return false;
    const token = upstream.tokens.selectOther(this.tried);
    if (token.length == 0) return false;
    this.retriesLeft--;
    this.tried.push(token);
    request.token = token;
    const head = DraftHead.of(sent);
    upstream.provider.authenticate(request, head);
    writePlace(head, request, upstream);
    if (upstream.provider.sealsRequest) upstream.provider.seal(head, request, this.sentBody);
    log.info(`status ${this.failure.status}: trying token ${upstream.tokens.number(token)}`);
    this.send(head, this.sentBody, clusterName(), upstream.settings.retry.timeoutMs);
    return true;
  }

  /** False when there is nobody left to ask. */
  private startFallback(): bool {
    const received = this.receivedHead;
    if (received === null || !this.isReceived) return false;
    this.retriesLeft = 0;
    while (this.nextFallback < this.fallbacks.length) {
      const fallback = this.fallbacks[this.nextFallback++];
      if (!fallback.serves(this.failure)) continue;
      log.info(`status ${this.failure.status}: asking provider ${fallback.id}`);
      this.fallback = fallback;
      this.isOpen = true;
      const head = DraftHead.of(received);
      const draft = new DraftRequest(head, this.receivedBody, fallback.upstream, this.stream, this, "");
      this.draft = draft;
      draft.write();
      return true;
    }
    return false;
  }

  drafted(draft: DraftRequest): void {
    const fallback = this.fallback;
    this.isOpen = false;
    if (fallback === null) return;
    if (draft.error.length > 0) log.warn(`provider ${fallback.id} cannot be asked: ${draft.error}`);
    else this.send(draft.head, draft.bytes, fallback.cluster, fallback.timeoutMs);
    if (!this.isStarting && !this.isOpen) this.goOn();
  }

  private send(head: DraftHead, body: Span, cluster: string, timeoutMs: i32): void {
    this.isOpen = new Attempt(this.stream, this).start(cluster, head, body, timeoutMs);
    if (this.isOpen) return;
    log.warn(`the host sends no call to cluster ${cluster}`);
    this.failure = Failure.ofCall(0);
  }

  attempted(attempt: Attempt): void {
    this.isOpen = false;
    const fallback = this.fallback;
    const draft = this.draft;
    this.failure = Failure.ofCall(attempt.status);
    if (fallback === null) {
      this.upstream.tokens.report(this.request, attempt.status);
      this.take(attempt, this.request, this.upstream, "");
    } else if (draft !== null) {
      this.take(attempt, draft.request, fallback.upstream, fallback.id);
    }
  }

  /** Hands the answer on if it is one; else tries what is left. */
  private take(attempt: Attempt, request: Request, upstream: Upstream, provider: string): void {
    if (attempt.status < 200 || attempt.status > 299) return this.goOn();
    const answer = new AttemptAnswer(attempt, request, upstream);
    if (answer.isFailure) {
      this.failure = Failure.ofCall(500);
      return this.goOn();
    }
    this.release();
    this.waiter.served(answer, provider);
  }

  private goOn(): void {
    if (!this.proceed()) this.waiter.exhausted();
  }
}
