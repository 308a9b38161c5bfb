// ai-proxy: one API for every model provider. The request finds its provider, path, credential and model here;
// the answer comes back in the client's dialect.

export * from "as-proxy-wasm-sdk/sdk/exports";
import {
  Body,
  Flow,
  Head,
  log,
  plugin,
  responseDetails,
  setProperty,
  setSwitch,
  Stream,
  UPSTREAM_TIME,
  VIA_UPSTREAM,
} from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { AnswerEdit } from "./answer-edit";
import { apiName } from "./apis";
import { AttemptAnswer } from "./attempts/attempt-answer";
import { Failure } from "./attempts/failure";
import { AnswerWaiter, MAX_KEPT_BYTES, SecondAttempts } from "./attempts/second-attempts";
import { errorBody } from "./client-dialect";
import { ProxyConfig, Upstream } from "./config";
import { Fault } from "./fault";
import { MAX_BODY_BYTES, releaseLength, TOO_LARGE, updateLength } from "./limits";
import { ModelsRequest } from "./offered-models";
import { Preparation, PreparationWaiter } from "./preparation";
import { Request } from "./request";
import { RequestBody } from "./request-body";
import { openBody, RequestEdit } from "./request-edit";
import { readHead, writeHead } from "./request-head";

plugin<ProxyConfig>("ai-proxy", ProxyConfig.parse, () => new AiProxy());

/** Id of the provider that served in place of the route's. */
const SERVED_BY: string = "x-ai-proxy-provider";

class AiProxy extends Stream<ProxyConfig> implements PreparationWaiter, AnswerWaiter {
  // All that is known of this exchange; the configuration and its provider are shared with others.
  private upstream: Upstream | null = null;
  private request: Request | null = null;
  private body: RequestBody | null = null;
  private edit: RequestEdit | null = null;
  private answerEdit: AnswerEdit | null = null;
  /** What is done when the first answer is a failure. */
  private attempts: SecondAttempts | null = null;
  private models: ModelsRequest | null = null;
  private answerEnds: bool = false;

  onRequestHead(head: Head, end: bool): Flow {
    const upstream = this.config.upstream;
    if (upstream === null) return this.leaveAlone();
    // Editing headers must not choose the route again.
    setProperty("clear_route_cache", "off");
    const request = readHead(head, upstream);
    this.upstream = upstream;
    this.request = request;
    if (request.announcedLength > MAX_BODY_BYTES) return this.refuse(413, "request_too_large", TOO_LARGE);
    const models = ModelsRequest.of(head, request, upstream, this.config.models);
    if (models !== null && !models.hasUpstream) return this.list(models);
    this.models = models;
    const attempts = SecondAttempts.wanted(this, this, this.config, upstream, request);
    this.attempts = attempts;
    if (attempts !== null) attempts.keepReceivedHead(head, end);
    writeHead(head, request, upstream);
    if (end) {
      if (upstream.provider.sealsRequest) upstream.provider.seal(head, request, Span.empty());
      if (attempts !== null) attempts.keepSent(head, null);
      return Flow.Next;
    }

    releaseLength(head);
    setSwitch("set_decoder_buffer_limit", MAX_BODY_BYTES.toString());
    if (request.readsBody || this.keepsUnread(request)) this.body = openBody(request, upstream);
    else this.ignoreRequestBody();
    return Flow.Hold;
  }

  onRequestBody(body: Body, end: bool): Flow {
    const upstream = this.upstream;
    const request = this.request;
    const received = this.body;
    if (upstream === null || request === null || received === null) return Flow.Next;
    const attempts = this.attempts;
    if (!request.readsBody) {
      received.advance(body, end);
      if (end && attempts !== null) attempts.keepReceivedBody(received);
      if (end && attempts !== null) attempts.keepSent(this.requestHead, received);
      return end ? Flow.Next : Flow.Hold;
    }
    if (upstream.refuses(request.api)) {
      return this.refuseBody(Fault.gateway(upstream.provider.unsupportedMessage(request.api)));
    }
    received.advance(body, end);
    if (!end) return Flow.Hold;
    if (attempts !== null) attempts.keepReceivedBody(received);
    const edit = new RequestEdit(received, request, upstream, this.requestHead);
    this.edit = edit;
    const fault = edit.begin();
    return fault === null ? this.proceed(edit, received, request) : this.refuseBody(fault);
  }

  /** Fetches what the request still needs, one after the other, then lets it go. */
  private proceed(edit: RequestEdit, body: RequestBody, request: Request): Flow {
    for (let next = edit.nextPreparation(); next !== null; next = edit.nextPreparation()) {
      if (next.start(this.requestHead, this, this)) return Flow.Wait;
      if (next.error.length > 0) return this.refusePreparation(next, edit, body);
    }
    let fault = edit.finish();
    const attempts = this.attempts;
    if (fault === null && attempts !== null) attempts.keepSent(this.requestHead, body);
    if (fault === null) fault = body.apply();
    if (fault !== null) return this.refuseBody(fault);
    updateLength(this.requestHead, request.announcedLength, body.size);
    if (this.leavesAnswer()) this.ignoreResponse();
    return Flow.Next;
  }

  prepared(preparation: Preparation): void {
    const edit = this.edit;
    const body = this.body;
    const request = this.request;
    if (edit === null || body === null || request === null) return;
    if (preparation.error.length > 0) this.refusePreparation(preparation, edit, body);
    else if (this.proceed(edit, body, request) == Flow.Next) this.resumeRequest();
  }

  private refusePreparation(preparation: Preparation, edit: RequestEdit, body: RequestBody): Flow {
    if (preparation.failsLate && edit.finish() === null) body.apply();
    return this.refuse(500, preparation.detail, preparation.error);
  }

  private refuseBody(fault: Fault): Flow {
    return this.refuse(fault.status, "proc_req_body_failed", fault.message);
  }

  onResponseHead(head: Head, end: bool): Flow {
    const upstream = this.upstream;
    const request = this.request;
    const attempts = this.attempts;
    if (upstream === null || request === null) return this.leaveAlone();
    const details = responseDetails(head);
    if (details == VIA_UPSTREAM) upstream.tokens.report(request, head.status);
    if (attempts !== null) {
      this.answerEnds = end;
      if (head.status >= 200 && head.status <= 299) attempts.release();
      else if (attempts.begin(Failure.ofAnswer(head.status, details))) return Flow.Wait;
    }
    return end ? this.leaveAlone() : this.answer(head, request, upstream, details);
  }

  /** The answer that the route has brought. */
  private answer(head: Head, request: Request, upstream: Upstream, details: string): Flow {
    let edit: AnswerEdit | null = null;
    if (details == "request_payload_too_large") edit = AnswerEdit.ofRefusal(head, request, upstream);
    // Other answers of the gateway pass as they are: this plugin's are in the client's dialect already.
    else if (details == VIA_UPSTREAM && this.responseBodyReadable) {
      edit = AnswerEdit.of(head, request, upstream, this.models);
    }
    this.answerEdit = edit;
    return edit === null ? this.leaveAlone() : edit.begin();
  }

  onResponseBody(body: Body, end: bool): Flow {
    const edit = this.answerEdit;
    if (edit === null) return Flow.Next;
    const flow = edit.advance(body, end, this.responseHead);
    return edit.failure.length == 0 ? flow : this.refuse(500, edit.failure, edit.failureText);
  }

  served(answer: AttemptAnswer, provider: string): void {
    const head = answer.head;
    const contentType = head.contentType;
    head.remove("content-type");
    head.remove(UPSTREAM_TIME);
    if (provider.length > 0) head.set(SERVED_BY, provider);
    const models = this.models;
    const body = models !== null && answer.status == 200 ? models.merged(answer.body) : answer.body;
    this.reply(answer.status, contentType, body, "ai-proxy.second_attempt", head.regular);
  }

  exhausted(): void {
    const upstream = this.upstream;
    const request = this.request;
    if (upstream === null || request === null) return;
    const details = responseDetails(this.responseHead);
    if (this.answerEnds) this.leaveAlone();
    else this.answer(this.responseHead, request, upstream, details);
    this.resumeResponse();
  }

  onDone(): void {
    const attempts = this.attempts;
    if (attempts !== null) attempts.release();
  }

  /** Nothing will be done with the answer to this request, whatever it is. Only asked when the request is complete. */
  private leavesAnswer(): bool {
    const upstream = this.upstream;
    const request = this.request;
    return (
      upstream !== null &&
      request !== null &&
      this.attempts === null &&
      this.models === null &&
      request.dropped.isEmpty &&
      !upstream.tokens.areWatched &&
      !upstream.editsAnswer(request, true) &&
      !upstream.editsAnswer(request, false) &&
      !upstream.translatesAnswer(request)
    );
  }

  /** A body that nothing is done with is only held where a second attempt may need it, and it is small. */
  private keepsUnread(request: Request): bool {
    const length = request.announcedLength;
    return this.attempts !== null && length >= 0 && length <= MAX_KEPT_BYTES && this.requestBodyReadable;
  }

  private list(models: ModelsRequest): Flow {
    this.ignoreRequestBody();
    this.reply(200, "application/json", models.list(), "ai-proxy.models");
    return Flow.Next;
  }

  private leaveAlone(): Flow {
    this.ignoreRequestBody();
    this.ignoreResponseBody();
    return Flow.Next;
  }

  /**
   * Tells the client in its own dialect what is wrong with its request; what the gateway could not do, in Go's
   * plain words (docs/decisions: broken request bodies). The host drops what it holds after a reply.
   */
  private refuse(status: i32, reason: string, message: string): Flow {
    const request = this.request;
    if (request === null) return Flow.Next;
    const line = `${apiName(request.api)} refused with ${status}: ${message}`;
    const details = "ai-proxy." + reason;
    if (status >= 500) {
      log.error(line);
      this.reply(status, "text/plain", Span.text(message), details);
    } else {
      log.warn(line);
      this.reply(status, "application/json", errorBody(request.dialect, status, message), details);
    }
    // Continue, as the Go plugin answers: after a reply the host goes no further, whatever it is told.
    return Flow.Next;
  }
}
