// Sessions of a server that are kept for the next request of the same caller. What tells callers apart is every header
// that reaches the server, but those that are known to say nothing of who asks: a session is never shared by mistake.

import { DraftHead, HttpCall, HttpReply, HttpRequest, nowMs, send, Task } from "as-proxy-wasm-sdk/sdk";
import { Buffer, sha256, Span } from "as-proxy-wasm-sdk/bytes";
import { Json } from "as-proxy-wasm-sdk/json";
import { Session } from "./session";

const MAX_SESSIONS: i32 = 1000;
/** Servers forget sessions that nobody uses; so does the gateway, and tells them. */
const IDLE_MS: i64 = 10 * 60 * 1000;
const PERIOD_MS: i64 = 30 * 1000;

/** Of one request, of its body, of the client's program, or of the way it came. */
const NOT_THE_CALLER: string[] = [
  ":method",
  ":scheme",
  "accept",
  "accept-language",
  "cache-control",
  "content-type",
  "date",
  "origin",
  "pragma",
  "priority",
  "referer",
  "traceparent",
  "tracestate",
  "user-agent",
  "via",
  "x-request-id",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-real-ip",
];
const NOT_THE_CALLER_PREFIXES: string[] = ["x-envoy-", "x-b3-", "sec-", "b3"];

const noParams = Json.read(Span.empty());

export class SessionCache extends Task {
  private sessions: Map<string, Session> = new Map<string, Session>();

  constructor(private timeoutMs: i32) {
    super(PERIOD_MS);
  }

  /** `head` is a request as it reaches the server, credentials included. */
  static keyOf(head: DraftHead, cluster: string, principal: Span): string {
    const text = new Buffer(512);
    text.text(cluster);
    append(text, principal);
    const pairs = head.pairs();
    while (pairs.next()) {
      if (!tellsCaller(pairs.name.toString())) continue;
      append(text, pairs.name);
      append(text, pairs.value);
    }
    const digest = sha256(text.span());
    let key = "";
    for (let i = 0; i < digest.size; i++) key += String.fromCharCode(digest.at(i));
    return key;
  }

  get(key: string): Session | null {
    if (!this.sessions.has(key)) return null;
    const session = this.sessions.get(key);
    const now = nowMs();
    if (now - session.lastUsedMs > IDLE_MS) {
      this.end(key);
      return null;
    }
    session.lastUsedMs = now;
    return session;
  }

  /** Of two that were opened at the same time the first stays: the other is used once. */
  keep(key: string, session: Session): void {
    if (this.sessions.has(key)) return;
    if (this.sessions.size >= MAX_SESSIONS) this.endOldest();
    session.lastUsedMs = nowMs();
    this.sessions.set(key, session);
  }

  /** The server does not know it any more. */
  drop(key: string, session: Session): void {
    if (this.sessions.has(key) && this.sessions.get(key) === session) this.sessions.delete(key);
  }

  /** Whether this very session is kept. */
  holds(key: string, session: Session): bool {
    return this.sessions.has(key) && this.sessions.get(key) === session;
  }

  /** Ends what nobody has used for a while. */
  run(): void {
    const now = nowMs();
    const keys = this.sessions.keys();
    const sessions = this.sessions.values();
    for (let i = 0; i < keys.length; i++) if (now - sessions[i].lastUsedMs > IDLE_MS) this.end(keys[i]);
  }

  private endOldest(): void {
    const keys = this.sessions.keys();
    const sessions = this.sessions.values();
    let oldest = "";
    let least = i64.MAX_VALUE;
    for (let i = 0; i < keys.length; i++) {
      const used = sessions[i].lastUsedMs;
      if (used >= least) continue;
      least = used;
      oldest = keys[i];
    }
    this.end(oldest);
  }

  private end(key: string): void {
    if (!this.sessions.has(key)) return;
    const session = this.sessions.get(key);
    this.sessions.delete(key);
    this.close(session);
  }

  /** Tells the server that nobody will come back; what it answers is no matter. */
  close(session: Session): void {
    if (session.id.isEmpty) return;
    const head = DraftHead.of(session.head);
    session.write(head, "", noParams);
    const request = new HttpRequest(session.cluster, "DELETE", head.authority, head.path);
    request.headers = head.regular;
    request.timeoutMs = this.timeoutMs;
    send(request, new ClosingCall());
  }
}

class ClosingCall extends HttpCall {
  onReply(reply: HttpReply): void {}
}

function append(out: Buffer, bytes: Span): void {
  out.push(0);
  out.append(bytes);
}

function tellsCaller(name: string): bool {
  if (NOT_THE_CALLER.includes(name)) return false;
  for (let i = 0; i < NOT_THE_CALLER_PREFIXES.length; i++) {
    if (name.startsWith(NOT_THE_CALLER_PREFIXES[i])) return false;
  }
  return true;
}
