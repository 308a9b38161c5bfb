// One HTTP exchange as a plugin sees it. A plugin extends `Stream` and overrides the callbacks it needs; what a
// callback returns says what becomes of the message.

import * as host from "../abi/host";
import { Direction, MapKind } from "../abi/codes";
import { Span } from "../bytes/span";
import { Body } from "./body";
import { Config } from "./config";
import { Head, HeaderList } from "./head";
import { Side } from "./side";

const nothing = Span.empty();

export const requestHead = new Head(MapKind.RequestHeaders);
export const responseHead = new Head(MapKind.ResponseHeaders);

export enum Flow {
  /** Let it go on. */
  Next,
  /**
   * Headers: keep them, editable, and read the body. Body: keep what came and ask again when more comes; the
   * next callback sees all of it. It is not a wait: the first `Next` of a body callback lets everything go.
   */
  Hold,
  /**
   * Stop until `resumeRequest` or `resumeResponse`, always with a call-out that has a deadline. No callback of
   * this direction comes in between; what arrived meanwhile is heard on resuming, before it goes on.
   */
  Wait,
  /** Body only: what is visible is swallowed. Headers that are held stay held. */
  Drop,
  /** A local reply was sent. */
  Answered,
}

/** The part of a stream that does not depend on the plugin's configuration class. */
export abstract class AnyStream {
  /** Context id in the host; 0 in `noStream` alone. */
  id: u32 = 0;
  /** Of the header `x-request-id`; empty when absent. */
  requestId: Span = nothing;
  /** True from the moment the host forgot the stream: answers of call-outs find nobody. */
  isGone: bool = false;
  /** False for bodies nobody should edit as text: gRPC, octet streams, any content-encoding, websockets. */
  requestBodyReadable: bool = true;
  responseBodyReadable: bool = true;
  /** Kept by the SDK. */
  requestSide: Side = new Side(Direction.Request);
  responseSide: Side = new Side(Direction.Response);
  private readsRequest: bool = true;
  private readsResponse: bool = true;
  /** The plugin has no use for the answer: not even its head is asked for. */
  ignoresResponse: bool = false;
  private isAnswered: bool = false;

  abstract attach(config: Config): void;

  onRequestHead(head: Head, end: bool): Flow {
    return Flow.Next;
  }
  /**
   * `end` comes exactly once, also when the message ends with trailers. Then only what was held can still be
   * changed or added to: hosts offer no other buffer.
   */
  onRequestBody(body: Body, end: bool): Flow {
    return Flow.Next;
  }
  onRequestTrailers(trailers: Head): Flow {
    return Flow.Next;
  }
  onResponseHead(head: Head, end: bool): Flow {
    return Flow.Next;
  }
  onResponseBody(body: Body, end: bool): Flow {
    return Flow.Next;
  }
  onResponseTrailers(trailers: Head): Flow {
    return Flow.Next;
  }
  /** The exchange is over and all headers can be read; called once. */
  onLog(): void {}
  /** Last call; whatever the stream still holds must be given back here. */
  onDone(): void {}

  /** No body callback for this direction any more: the body flows past untouched. */
  ignoreRequestBody(): void {
    this.readsRequest = false;
  }
  ignoreResponseBody(): void {
    this.readsResponse = false;
  }
  /** No callback for the answer, whoever gives it: it flows past unread. */
  ignoreResponse(): void {
    this.ignoresResponse = true;
  }
  get wantsRequestBody(): bool {
    return this.readsRequest && this.requestBodyReadable;
  }
  get wantsResponseBody(): bool {
    return this.readsResponse && this.responseBodyReadable;
  }

  get requestHead(): Head {
    return requestHead;
  }
  get responseHead(): Head {
    return responseHead;
  }

  /** Ends a `Flow.Wait`, or a `Flow.Hold` early; the request goes on. Read what is needed of it first. */
  resumeRequest(): void {
    this.requestSide.resume(this);
  }
  resumeResponse(): void {
    this.responseSide.resume(this);
  }

  /**
   * Answers the client instead of the upstream; a second reply is ignored. `details` shows in the access log as
   * `<plugin>.<reason>`. Possible until response headers are sent; the response callbacks run for it too.
   * A status outside 200-599 becomes 500.
   */
  reply(
    status: i32,
    contentType: string,
    body: Span,
    details: string,
    headers: HeaderList | null = null,
  ): Flow {
    if (this.isAnswered) return Flow.Answered;
    this.isAnswered = true;
    this.requestSide.abandon();
    if (this.responseSide.began) this.responseSide.abandon();
    const list = new HeaderList();
    if (headers !== null) list.addAll(headers);
    if (body.size > 0 && contentType.length > 0) list.add("content-type", contentType);
    const code = status >= 200 && status <= 599 ? status : 500;
    host.sendLocalResponse(code, details, body, list.serialize());
    return Flow.Answered;
  }

  /** Cuts the response: the client sees a reset. */
  cut(): void {
    host.closeStream(Direction.Response);
  }
}

export abstract class Stream<C extends Config> extends AnyStream {
  /** The configuration that matched this request. Set before any callback. */
  private matched: C | null = null;

  attach(config: Config): void {
    if (config instanceof C) this.matched = config as C;
  }

  /** Never read before a callback: the SDK attaches the configuration first. */
  get config(): C {
    return this.matched as C;
  }
}

class NoStream extends AnyStream {
  attach(config: Config): void {}
}

/** For work that belongs to no exchange, done by code that wants a stream: calls made with it always return. */
export const noStream: AnyStream = new NoStream();
