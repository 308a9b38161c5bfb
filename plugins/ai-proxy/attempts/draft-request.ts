// A client's request in memory, made into one provider's by the same steps that a request in the host passes.

import { AnyStream, DraftHead } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Upstream } from "../config";
import { Fault } from "../fault";
import { Preparation, PreparationWaiter } from "../preparation";
import { Request } from "../request";
import { RequestBody } from "../request-body";
import { openBody, RequestEdit } from "../request-edit";
import { readHead, writeHead } from "../request-head";
import { removeHopByHop } from "./attempt";

export interface DraftWaiter {
  /** Called once, unless the stream is gone: the draft is ready, or its `error` says why it never will be. */
  drafted(draft: DraftRequest): void;
}

export class DraftRequest implements PreparationWaiter {
  /** Why it cannot be sent; "" when it can. */
  error: string = "";
  readonly request: Request;
  private body: RequestBody;
  private edit: RequestEdit;

  /** `head` becomes the provider's; `token` is that of the provider's pool when "". */
  constructor(
    public head: DraftHead,
    received: Span,
    private upstream: Upstream,
    private stream: AnyStream,
    private waiter: DraftWaiter,
    token: string,
  ) {
    const request = readHead(head, upstream);
    if (token.length > 0) request.token = token;
    this.request = request;
    const body = openBody(request, upstream);
    body.takeIn(received);
    this.body = body;
    this.edit = new RequestEdit(body, request, upstream, head);
  }

  /** The request's body, once it is drafted. */
  get bytes(): Span {
    return this.body.whole();
  }

  /** Makes the request, and tells the waiter: at once, or when all is there that has to be fetched. */
  write(): void {
    const request = this.request;
    const upstream = this.upstream;
    // Before anything is signed.
    removeHopByHop(this.head);
    writeHead(this.head, request, upstream);
    if (this.body.size == 0) {
      if (upstream.provider.sealsRequest) upstream.provider.seal(this.head, request, Span.empty());
      return this.end(null);
    }
    if (upstream.refuses(request.api)) {
      return this.end(Fault.gateway(upstream.provider.unsupportedMessage(request.api)));
    }
    if (!request.readsBody) return this.end(null);
    const fault = this.edit.begin();
    if (fault === null) this.proceed();
    else this.end(fault);
  }

  private proceed(): void {
    for (let next = this.edit.nextPreparation(); next !== null; next = this.edit.nextPreparation()) {
      if (next.start(this.head, this.stream, this)) return;
      if (next.error.length > 0) return this.end(Fault.gateway(next.error));
    }
    this.end(this.edit.finish());
  }

  prepared(preparation: Preparation): void {
    if (preparation.error.length > 0) this.end(Fault.gateway(preparation.error));
    else this.proceed();
  }

  private end(fault: Fault | null): void {
    if (fault !== null) this.error = fault.message;
    this.waiter.drafted(this);
  }
}
