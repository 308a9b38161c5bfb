// Fetches the text that is put before conversations, while the request waits.

import { AnyStream, Head, HttpCall, HttpReply, HttpRequest, clusterName, send } from "as-proxy-wasm-sdk/sdk";
import { Buffer } from "as-proxy-wasm-sdk/bytes";
import { escapeInto, Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { ContextSource } from "./config/context-source";
import { Preparation, PreparationWaiter } from "./preparation";

/** A text longer than this is a mistake: it would go with every request. */
const MAX_BYTES = 4 << 20;

export class ContextPreparation extends Preparation {
  constructor(
    public source: ContextSource,
    private token: string,
    private timeoutMs: i32,
    type: string,
  ) {
    super();
    this.detail = type + ".load_ctx_failed";
  }

  start(head: Head, stream: AnyStream, waiter: PreparationWaiter): bool {
    const source = this.source;
    const cluster = source.cluster.length > 0 ? source.cluster : clusterName();
    const request = new HttpRequest(cluster, "GET", source.authority, source.path);
    if (source.isProviderFile) request.headers.add("authorization", "Bearer " + this.token);
    request.timeoutMs = this.timeoutMs;
    if (send(request, new ContextCall(stream, this, waiter))) return true;
    this.fail(`no cluster ${cluster}`);
    return false;
  }

  fail(why: string): void {
    this.error = "failed to load context file: " + why;
  }
}

class ContextCall extends HttpCall {
  constructor(
    stream: AnyStream,
    private preparation: ContextPreparation,
    private waiter: PreparationWaiter,
  ) {
    super();
    this.stream = stream;
  }

  onReply(reply: HttpReply): void {
    const error = this.take(reply);
    if (error.length > 0) this.preparation.fail(error);
    this.waiter.prepared(this.preparation);
  }

  /** Keeps the text; why not, when there is none. */
  private take(reply: HttpReply): string {
    const source = this.preparation.source;
    if (reply.status != 200) return `failed to load context file, status: ${reply.status}`;
    const body = reply.body.read(0, MAX_BYTES + 1);
    if (body.size > MAX_BYTES) return `the context file has more than ${MAX_BYTES} bytes`;
    if (!source.isProviderFile) {
      const text = new Buffer(body.size);
      escapeInto(text, body);
      source.text = text.take();
      return "";
    }
    const content = Json.checked(body).get("content");
    if (content.kind != JsonKind.String) return "the provider's file has no content";
    source.text = content.escaped().copy();
    return "";
  }
}
