// `proxy_http_call`: one buffered exchange with a cluster, failures as Envoy's client reports them.

import type { Cancel, Headers, UpstreamReply, UpstreamRequest } from "../host/types.ts";
import type { Clusters } from "./clusters.ts";
import { localReply, requestTimeout, unavailableText } from "./envoy-replies.ts";
import { headerValue } from "./upstream-stream.ts";

const nothing = new Uint8Array(0);

/** An answer beyond this is given up, as by Envoy's asynchronous client (`http.async_response_buffer_limit`). */
export const maxReplyBytes = 32 * 1024 * 1024;

export function callCluster(
  clusters: Clusters,
  request: UpstreamRequest,
  reply: (reply: UpstreamReply) => void,
): Cancel | null {
  const { body, trailers, timeoutMs } = request;
  const endsWithHeaders = body.length === 0 && trailers.length === 0;
  const answer = new Answer(reply);
  const opened = clusters.open(request.cluster, callHeaders(request), endsWithHeaders, {
    headers: (headers, isEnd) => answer.headers(headers, isEnd),
    data: (chunk, isEnd) => {
      if (!answer.data(chunk, isEnd)) opened?.stream.reset();
    },
    trailers: (received) => answer.trailers(received),
    failed: (reason) => answer.fail(localReply(503, unavailableText(reason))),
    drained: () => undefined,
  });
  if (!opened) return null;
  const { stream } = opened;
  if (!endsWithHeaders) {
    if (body.length > 0) stream.data(body, trailers.length === 0);
    if (trailers.length > 0) stream.trailers(trailers);
  }
  if (timeoutMs > 0) answer.deadline(timeoutMs, () => stream.reset());
  return {
    cancel: () => {
      answer.abandon();
      stream.reset();
    },
  };
}

/** What Envoy adds to a call. */
function callHeaders({ headers, body, timeoutMs }: UpstreamRequest): Headers {
  const sent = headers.filter(([name]) => name !== "content-length" || body.length === 0);
  if (headerValue(sent, ":scheme") === undefined) sent.push([":scheme", "http"]);
  if (body.length > 0) sent.push(["content-length", String(body.length)]);
  sent.push(["x-envoy-internal", "true"]);
  if (timeoutMs > 0) sent.push(["x-envoy-expected-rq-timeout-ms", String(timeoutMs)]);
  return sent.toSorted(([a], [b]) => Number(b.startsWith(":")) - Number(a.startsWith(":")));
}

class Answer {
  #reply: (reply: UpstreamReply) => void;
  #headers: Headers | undefined;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isDone = false;

  constructor(reply: (reply: UpstreamReply) => void) {
    this.#reply = reply;
  }

  headers(headers: Headers, isEnd: boolean): void {
    this.#headers = headers;
    if (isEnd) this.#complete([]);
  }

  /** False: the answer is too long and was given up. */
  data(chunk: Uint8Array, isEnd: boolean): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > maxReplyBytes) {
      this.#settle({ kind: "reset" });
      return false;
    }
    this.#chunks.push(chunk);
    if (isEnd) this.#complete([]);
    return true;
  }

  trailers(trailers: Headers): void {
    this.#complete(trailers);
  }

  /** Before the headers a failure is an ordinary answer, afterwards a reset. */
  fail(local: { headers: Headers; body: Uint8Array }): void {
    if (this.#headers) this.#settle({ kind: "reset" });
    else this.#settle({ kind: "response", ...local, trailers: [] });
  }

  deadline(timeoutMs: number, giveUp: () => void): void {
    this.#timer = setTimeout(() => {
      giveUp();
      this.fail(localReply(504, requestTimeout));
    }, timeoutMs);
  }

  abandon(): void {
    this.#isDone = true;
    clearTimeout(this.#timer);
  }

  #complete(trailers: Headers): void {
    const body = this.#chunks.length === 0 ? nothing : Buffer.concat(this.#chunks);
    this.#settle({ kind: "response", headers: this.#headers ?? [], body, trailers });
  }

  #settle(reply: UpstreamReply): void {
    if (this.#isDone) return;
    this.abandon();
    this.#reply(reply);
  }
}
