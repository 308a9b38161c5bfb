// gRPC call-outs of plugins to clusters, over HTTP/2.

import type { GrpcClients, GrpcEvents, GrpcRequest, GrpcStream, Headers } from "../../host/types.ts";
import type { Clusters } from "../clusters.ts";
import { headerValue, withoutPseudo, type UpstreamStream } from "../upstream-stream.ts";
import { targetCluster } from "./target.ts";
import { frameMessage, MessageReader } from "./messages.ts";

const nothing = new Uint8Array(0);

const status = { ok: 0, unknown: 2, deadlineExceeded: 4, internal: 13, unavailable: 14 } as const;

/** https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
const statusOfHttp: Record<number, number> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
};

export class GrpcClusterClients implements GrpcClients {
  #clusters: Clusters;

  constructor(clusters: Clusters) {
    this.#clusters = clusters;
  }

  open(request: GrpcRequest, events: GrpcEvents): GrpcStream | "unknown" | "failed" {
    const cluster = targetCluster(request.target);
    if (cluster === undefined || !this.#clusters.has(cluster)) return "unknown";
    const call = new Call(events, request.timeoutMs);
    const opened = this.#clusters.open(cluster, requestHeaders(cluster, request), false, {
      headers: (headers, endStream) => call.onHeaders(headers, endStream),
      data: (chunk, endStream) => call.onData(chunk, endStream),
      trailers: (trailers) => call.onTrailers(trailers),
      failed: (reason) => call.end(status.unavailable, reason),
      drained: () => undefined,
    });
    if (!opened) return "failed";
    call.stream = opened.stream;
    return call;
  }
}

function requestHeaders(cluster: string, { service, method, metadata, timeoutMs }: GrpcRequest): Headers {
  return [
    [":method", "POST"],
    [":path", `/${service}/${method}`],
    // Envoy sends the whole name of the cluster, whose `|` strict servers refuse.
    [":authority", cluster.split("|").pop() ?? cluster],
    [":scheme", "http"],
    ...(timeoutMs > 0 ? [["grpc-timeout", `${timeoutMs}m`] as [string, string]] : []),
    ["te", "trailers"],
    ["content-type", "application/grpc"],
    ["x-envoy-internal", "true"],
    ...metadata,
  ];
}

class Call implements GrpcStream {
  stream: UpstreamStream | undefined;
  #events: GrpcEvents;
  #messages = new MessageReader();
  #timer: NodeJS.Timeout | undefined;
  #isDone = false;

  constructor(events: GrpcEvents, timeoutMs: number) {
    this.#events = events;
    if (timeoutMs <= 0) return;
    this.#timer = setTimeout(() => {
      this.stream?.reset();
      this.end(status.deadlineExceeded, "deadline exceeded");
    }, timeoutMs);
  }

  send(message: Uint8Array, endStream: boolean): void {
    if (!this.#isDone) this.stream?.data(frameMessage(message), endStream);
  }

  close(): void {
    if (!this.#isDone) this.stream?.data(nothing, true);
  }

  reset(): void {
    this.#finish();
    this.stream?.reset();
  }

  onHeaders(headers: Headers, endStream: boolean): void {
    const code = Number(headerValue(headers, ":status"));
    if (code !== 200) {
      this.stream?.reset();
      this.end(statusOfHttp[code] ?? status.unknown, `HTTP status ${code}`);
      return;
    }
    // A refusal may consist of headers alone.
    if (endStream) return this.onTrailers(headers);
    this.#events.initialMetadata(withoutPseudo(headers));
  }

  onData(chunk: Uint8Array, endStream: boolean): void {
    if (this.#isDone) return;
    const messages = this.#messages.feed(chunk);
    if (!messages) {
      this.stream?.reset();
      return this.end(status.internal, "not a gRPC body");
    }
    for (const message of messages) if (!this.#isDone) this.#events.message(message);
    if (endStream) this.end(status.unknown, "no status");
  }

  onTrailers(trailers: Headers): void {
    if (this.#isDone) return;
    if (!this.#messages.isAtBorder) return this.end(status.internal, "the last message is not whole");
    this.#events.trailingMetadata(withoutPseudo(trailers));
    const code = Number(headerValue(trailers, "grpc-status") ?? status.unknown);
    this.end(
      Number.isInteger(code) ? code : status.unknown,
      percentDecode(headerValue(trailers, "grpc-message") ?? ""),
    );
  }

  end(code: number, message: string): void {
    if (this.#isDone) return;
    this.#finish();
    this.#events.close(code, message);
  }

  #finish(): void {
    this.#isDone = true;
    clearTimeout(this.#timer);
  }
}

function percentDecode(text: string): string {
  return text.replaceAll(/%([0-9a-fA-F]{2})/g, (_whole, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
