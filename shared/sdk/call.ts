// HTTP call-outs without closures: an object with fields and one `onReply`. Every call has a deadline; the
// reply finds its stream again, or the call is told that the stream is gone.

import { callStatus, httpCall } from "../abi/calls";
import { BufferKind, MapKind, Status } from "../abi/codes";
import { Span } from "../bytes/span";
import { Body } from "./body";
import { CallOut, PendingCalls } from "./call-out";
import { Head, HeaderList } from "./head";

export const DEFAULT_TIMEOUT_MS = 500;

export class HttpRequest {
  headers: HeaderList = new HeaderList();
  body: Span = Span.empty();
  /** Milliseconds; what is not above 0 means the default. */
  timeoutMs: i32 = DEFAULT_TIMEOUT_MS;

  constructor(
    /** Envoy cluster name, e.g. `outbound|443||name.dns`. */
    public cluster: string,
    public method: string,
    public authority: string,
    /** Path with query, percent-encoded. */
    public path: string,
  ) {}
}

export class HttpReply {
  constructor(
    /** 503 connect failure, 504 deadline passed, as Envoy words them; 0 when the connection broke after the headers. */
    public status: i32,
    public head: Head,
    public body: Body,
  ) {}

  get isReset(): bool {
    return this.status == 0;
  }
}

export abstract class HttpCall extends CallOut {
  /** Comes once, unless the stream is gone. `reply` is readable only inside. */
  abstract onReply(reply: HttpReply): void;
}

export const httpCalls = new PendingCalls();
const replyHead = new Head(MapKind.CallHeaders);

/** Sends the request; false when the host refuses it at once (unknown cluster, no host): `onReply` will not come. */
export function send(request: HttpRequest, call: HttpCall): bool {
  const headers = new HeaderList()
    .add(":method", request.method)
    .add(":path", request.path)
    .add(":authority", request.authority)
    .addAll(request.headers);
  const timeoutMs = request.timeoutMs > 0 ? request.timeoutMs : DEFAULT_TIMEOUT_MS;
  const token = httpCall(request.cluster, headers.serialize(), request.body, timeoutMs);
  if (callStatus() != Status.Ok) return false;
  httpCalls.add(token, call);
  return true;
}

/** Gives the host's answer to the call that waits for it. */
export function deliver(token: u32, headerCount: i32, bodySize: i32): void {
  const call = httpCalls.take(token);
  if (call === null || !call.begin()) return;
  const status = headerCount > 0 ? replyHead.status : 0;
  (call as HttpCall).onReply(new HttpReply(status, replyHead, new Body(BufferKind.CallBody, bodySize)));
}
