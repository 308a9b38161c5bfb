// Fetches the text that is put before conversations, while the request waits.

import { AnyStream, HttpCall, HttpReply, HttpRequest, clusterName, send } from "as-proxy-wasm-sdk/sdk";
import { Buffer } from "as-proxy-wasm-sdk/bytes";
import { escapeInto, Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { ContextSource } from "./config/context-source";

/** A text longer than this is a mistake: it would go with every request. */
const MAX_BYTES = 4 << 20;

export interface ContextWaiter {
  /** The text is there, or `error` says why not. */
  contextFetched(error: string): void;
}

export class ContextCall extends HttpCall {
  constructor(
    stream: AnyStream,
    private source: ContextSource,
    private waiter: ContextWaiter,
  ) {
    super();
    this.stream = stream;
  }

  /** False when the host refuses the call at once. */
  start(token: string, timeoutMs: i32): bool {
    const source = this.source;
    const cluster = source.cluster.length > 0 ? source.cluster : clusterName();
    const request = new HttpRequest(cluster, "GET", source.authority, source.path);
    if (source.isProviderFile) request.headers.add("authorization", "Bearer " + token);
    request.timeoutMs = timeoutMs;
    return send(request, this);
  }

  onReply(reply: HttpReply): void {
    this.waiter.contextFetched(this.take(reply));
  }

  /** Keeps the text; why not, when there is none. */
  private take(reply: HttpReply): string {
    if (reply.status != 200) return `failed to load context file, status: ${reply.status}`;
    const body = reply.body.read(0, MAX_BYTES + 1);
    if (body.size > MAX_BYTES) return `the context file has more than ${MAX_BYTES} bytes`;
    if (!this.source.isProviderFile) {
      const text = new Buffer(body.size);
      escapeInto(text, body);
      this.source.text = text.take();
      return "";
    }
    const content = Json.checked(body).get("content");
    if (content.kind != JsonKind.String) return "the provider's file has no content";
    this.source.text = content.escaped().copy();
    return "";
  }
}
