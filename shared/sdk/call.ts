// Call-outs without closures: an object with fields and one `onReply`. Every call has a deadline; the reply
// finds its stream again, or is told that the stream is gone.

import * as host from "../abi/host";
import { BufferKind, MapKind, Status } from "../abi/codes";
import { Span } from "../bytes/span";
import { Body } from "./body";
import { Head, HeaderList } from "./head";
import { AnyStream } from "./stream";

export const DEFAULT_TIMEOUT_MS = 500;

export class HttpRequest {
  headers: HeaderList = new HeaderList();
  body: Span = Span.empty();
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

export abstract class HttpCall {
  /** Null for a call that belongs to no stream: its reply always comes. */
  stream: AnyStream | null = null;
  abstract onReply(reply: HttpReply): void;
  /** The stream ended first; give back what the call holds. */
  onStreamGone(): void {}
}

const pending = new Map<u32, HttpCall>();

/** Sends the request; false when the host refuses it at once (unknown cluster, no host): `onReply` will not come. */
export function send(request: HttpRequest, call: HttpCall): bool {
  const headers = new HeaderList()
    .add(":method", request.method)
    .add(":path", request.path)
    .add(":authority", request.authority);
  headers.addAll(request.headers);
  const serialized = headers.serialize();
  const timeoutMs = request.timeoutMs > 0 ? request.timeoutMs : DEFAULT_TIMEOUT_MS;
  const token = host.httpCall(request.cluster, serialized, request.body, timeoutMs);
  if (host.callStatus() != Status.Ok) return false;
  pending.set(token, call);
  return true;
}

/** The call that waits for `token`, taken off the list; null for a token nobody waits for. */
export function takePending(token: u32): HttpCall | null {
  if (!pending.has(token)) return null;
  const call = pending.get(token);
  pending.delete(token);
  return call;
}

/** Runs the reply in its stream's context, or tells the call that its stream is gone. */
export function deliver(call: HttpCall, headerCount: i32, bodySize: i32): void {
  const stream = call.stream;
  if (stream !== null && (stream.isGone || !host.setEffectiveContext(stream.id))) {
    call.onStreamGone();
    return;
  }
  const head = new Head(MapKind.CallHeaders);
  const status = headerCount > 0 ? head.status : 0;
  call.onReply(new HttpReply(status, head, new Body(BufferKind.CallBody, bodySize)));
}
