// Fetches the text that is put before conversations, while the request waits.

import { AnyStream, HttpCall, HttpReply, HttpRequest, clusterName, send } from "as-proxy-wasm-sdk/sdk";
import { Json } from "as-proxy-wasm-sdk/json";
import { escapedText } from "./client-dialect";
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
    if (reply.status != 200) {
      this.waiter.contextFetched(`failed to load context file, status: ${reply.status}`);
      return;
    }
    const body = reply.body.all();
    if (body.size > MAX_BYTES) {
      this.waiter.contextFetched(`the context file has more than ${MAX_BYTES} bytes`);
      return;
    }
    const isFile = this.source.isProviderFile;
    this.source.text = isFile
      ? Json.checked(body).get("content").escaped().copy()
      : escapedText(body.toString());
    this.waiter.contextFetched("");
  }
}
