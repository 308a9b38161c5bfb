// One more request to a provider, made as a call-out: for a second try of a client's request, or to see whether a
// token works.

import { AnyStream, DraftHead, HttpCall, HttpReply, HttpRequest, send } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";

export interface AttemptWaiter {
  /** Called once, unless the stream is gone. */
  attempted(attempt: Attempt): void;
}

/** Headers of one connection (RFC 9110 §7.6.1), and what the call says itself. */
const HOP_BY_HOP: StaticArray<string> = [
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
];

export function removeHopByHop(head: DraftHead): void {
  for (let i = 0; i < HOP_BY_HOP.length; i++) head.remove(HOP_BY_HOP[i]);
}

export class Attempt extends HttpCall {
  /** As in `HttpReply`. */
  status: i32 = 0;
  head: DraftHead = new DraftHead();
  body: Span = Span.empty();

  constructor(
    stream: AnyStream,
    private waiter: AttemptWaiter,
  ) {
    super();
    this.stream = stream;
  }

  /** False when the host refuses the call at once: then nothing more comes. */
  start(cluster: string, head: DraftHead, body: Span, timeoutMs: i32): bool {
    const request = new HttpRequest(cluster, head.method, head.authority, head.path);
    removeHopByHop(head);
    request.headers = head.regular;
    request.body = body;
    request.timeoutMs = timeoutMs;
    return send(request, this);
  }

  onReply(reply: HttpReply): void {
    this.status = reply.status;
    if (!reply.isReset) {
      this.head = DraftHead.of(reply.head);
      removeHopByHop(this.head);
      this.body = reply.body.all();
    }
    this.waiter.attempted(this);
  }
}
