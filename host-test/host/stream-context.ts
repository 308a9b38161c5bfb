// A plugin's filter for one exchange: what the module sees of it, when, and what its return values mean
// (compat/abi.md §6 to §9, §14; Envoy's extensions/common/wasm/context.cc).

import type { BodyBuffer } from "./buffers.ts";
import { DataStatus, HeadersStatus, TrailersStatus } from "./codes.ts";
import type { Context } from "./context.ts";
import type { HeaderMap } from "./maps.ts";
import type { PathFilter, Place } from "./path.ts";
import type { RootContext } from "./root-context.ts";
import type { Stream } from "./stream.ts";
import type { ChainObserver, Headers } from "./types.ts";
import type { Vm } from "./vm.ts";

export type Direction = "request" | "response";

const unavailable = 14;

/** One direction of the filter: the windows through which the module sees headers, body and trailers. */
export class Side implements PathFilter {
  readonly direction: Direction;
  headers: HeaderMap | undefined;
  trailers: HeaderMap | undefined;
  /** The chunk of the current or last body callback. */
  body: BodyBuffer | undefined;
  /** The last body callback returned StopIterationAndBuffer: the module sees all that is kept. */
  buffering = false;
  /** Set by the stream when it lines its filters up. */
  place!: Place;
  readonly #context: StreamContext;

  constructor(context: StreamContext, direction: Direction) {
    this.#context = context;
    this.direction = direction;
  }

  onHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    const context = this.#context;
    const isRequest = this.direction === "request";
    if (isRequest) context.create();
    else if (!context.created) return HeadersStatus.Continue;
    this.headers = headers;
    context.endOfStream = endStream;
    const observer = this.#observer;
    const before = observer?.headers === undefined ? undefined : headers.entries.slice();
    const status = this.#callHeaders(isRequest, headers.size, endStream);
    if (before !== undefined) {
      const { id, plugin } = this.#origin;
      observer!.headers!({
        stream: id,
        plugin,
        phase: this.direction,
        before,
        after: headers.entries.slice(),
      });
    }
    if (status === HeadersStatus.Continue) this.headers = undefined;
    return status;
  }

  #callHeaders(isRequest: boolean, count: number, endStream: boolean): HeadersStatus {
    const context = this.#context;
    const { vm } = context;
    if (vm.failed) {
      return context.failed() ? HeadersStatus.StopAllIterationAndWatermark : HeadersStatus.Continue;
    }
    const name = isRequest ? "proxy_on_request_headers" : "proxy_on_response_headers";
    const value = vm.enter(context, name, context.id, count, endStream ? 1 : 0) ?? 0;
    let status: HeadersStatus;
    if (vm.failed)
      status = context.failed() ? HeadersStatus.StopAllIterationAndWatermark : HeadersStatus.Continue;
    else if (vm.stopIteration || value > 4) status = HeadersStatus.StopAllIterationAndWatermark;
    else if (value === 1 && !context.keepsStopIteration) status = HeadersStatus.StopAllIterationAndWatermark;
    else if (value === 2) status = HeadersStatus.Continue;
    else status = value as HeadersStatus;
    vm.leave();
    return status;
  }

  onData(data: BodyBuffer, endStream: boolean): DataStatus {
    const context = this.#context;
    if (!context.created) return DataStatus.Continue;
    this.body = data;
    context.endOfStream = endStream;
    if (this.buffering && !context.vm.host.lateBodyBuffer) {
      context.http[this.direction].keep(data);
      // Too much for a response: the stream has ended. Too much for a request shows after the callback.
      if (context.http.finished) return DataStatus.StopIterationNoBuffer;
    }
    const observer = this.#observer;
    const accumulated = this.buffering;
    const before = observer?.body === undefined ? undefined : (this.visible ?? data).contents();
    const status = this.#callBody(this.visible?.length ?? 0, endStream);
    if (before !== undefined) {
      const { id, plugin } = this.#origin;
      const after = (this.visible ?? data).contents();
      observer!.body!({ stream: id, plugin, phase: this.direction, before, after, endStream, accumulated });
    }
    this.buffering = status === DataStatus.StopIterationAndBuffer;
    if (status === DataStatus.Continue) this.body = undefined;
    return status;
  }

  #callBody(size: number, endStream: boolean): DataStatus {
    const context = this.#context;
    const { vm } = context;
    if (vm.failed) return context.failed() ? DataStatus.StopIterationNoBuffer : DataStatus.Continue;
    const name = this.direction === "request" ? "proxy_on_request_body" : "proxy_on_response_body";
    const value = vm.enter(context, name, context.id, size, endStream ? 1 : 0) ?? 0;
    let status: DataStatus;
    if (vm.failed) status = context.failed() ? DataStatus.StopIterationNoBuffer : DataStatus.Continue;
    else if (vm.stopIteration || value > 3) status = DataStatus.StopIterationNoBuffer;
    else status = value as DataStatus;
    vm.leave();
    return status;
  }

  onTrailers(trailers: HeaderMap): TrailersStatus {
    const context = this.#context;
    if (!context.created) return TrailersStatus.Continue;
    this.trailers = trailers;
    const status = this.#callTrailers(trailers.size);
    if (status === TrailersStatus.Continue) this.trailers = undefined;
    return status;
  }

  #callTrailers(count: number): TrailersStatus {
    const context = this.#context;
    const { vm } = context;
    if (vm.failed) return context.failed() ? TrailersStatus.StopIteration : TrailersStatus.Continue;
    const name = this.direction === "request" ? "proxy_on_request_trailers" : "proxy_on_response_trailers";
    const value = vm.enter(context, name, context.id, count) ?? 0;
    let status: TrailersStatus;
    if (vm.failed) status = context.failed() ? TrailersStatus.StopIteration : TrailersStatus.Continue;
    else status = vm.stopIteration || value > 0 ? TrailersStatus.StopIteration : TrailersStatus.Continue;
    vm.leave();
    return status;
  }

  get #observer(): ChainObserver | undefined {
    const { vm, http } = this.#context;
    const { observer } = vm.host;
    return observer?.watches?.(http.id) === false ? undefined : observer;
  }

  get #origin(): { id: number; plugin: string } {
    return { id: this.#context.http.id, plugin: this.#context.root.plugin.name };
  }

  /** The body the module sees: all that is kept while buffering, else the chunk. */
  get visible(): BodyBuffer | undefined {
    return this.buffering ? this.#context.http[this.direction].buffered : this.body;
  }

  /** Trailers to change; a body callback that ends the stream creates them. */
  mutableTrailers(): HeaderMap | undefined {
    if (this.trailers === undefined && this.body !== undefined && this.#context.endOfStream) {
      this.trailers = this.#context.http.addTrailers(this.direction);
    }
    return this.trailers;
  }
}

export class StreamContext implements Context {
  readonly vm: Vm;
  readonly root: RootContext;
  readonly http: Stream;
  readonly request: Side;
  readonly response: Side;
  id = 0;
  /** `proxy_on_context_create` was called. */
  created = false;
  endOfStream = false;
  /** Only reading is possible: `proxy_on_log` runs. */
  logging = false;
  localReplySent = false;
  #declared: Map<string, boolean> | undefined;
  #ended = false;

  constructor(root: RootContext, http: Stream) {
    this.vm = root.vm;
    this.root = root;
    this.http = http;
    this.request = new Side(this, "request");
    this.response = new Side(this, "response");
    root.streams++;
  }

  get declared(): Map<string, boolean> {
    return (this.#declared ??= new Map());
  }

  get stream(): StreamContext {
    return this;
  }

  /** Whether header value 1 stays StopIteration (compat/abi.md §8). */
  get keepsStopIteration(): boolean {
    const { vm, root } = this;
    return vm.host.flavour === "higress" ? vm.abiVersion === "0.2.100" : root.plugin.allowStopIteration;
  }

  create(): void {
    if (this.created) return;
    this.created = true;
    this.id = this.vm.newContextId();
    this.vm.contexts.set(this.id, this);
    this.vm.call(this, "proxy_on_context_create", this.id, this.root.id);
  }

  /** The VM failed: true when the stream is stopped for a reply that is on its way, false when it goes on without the filter, as that very reply does. */
  failed(): boolean {
    if (this.root.plugin.failurePolicy === "legacy-fail-open" || this.localReplySent) return false;
    this.localReplySent = true;
    this.http.sendLocalReply(503, "", [], unavailable, "wasm_fail_stream");
    return true;
  }

  /** `proxy_continue_stream`. Whatever the type, the request side's windows close at once. */
  continueStream(direction: Direction): void {
    this.vm.afterCall(() => {
      // What was kept moves on, so the next chunk is seen, and sent, alone (measured, Envoy 1.40).
      this[direction].buffering = false;
      this.http.continue(direction, this[direction].place);
    });
    this.request.headers = undefined;
    this.request.body = undefined;
    this.request.trailers = undefined;
  }

  sendLocalResponse(
    status: number,
    body: string,
    headers: Headers,
    grpcStatus: number,
    details: string,
  ): void {
    this.localReplySent = true;
    this.vm.stopIteration = true;
    this.vm.afterCall(() => this.http.sendLocalReply(status, body, headers, grpcStatus, details));
  }

  /** `proxy_on_log`, with every map readable. Bodies that a callback stopped are still there, as in Envoy. */
  log(): void {
    this.create();
    this.logging = true;
    this.vm.call(this, "proxy_on_log", this.id);
    this.logging = false;
  }

  /** `proxy_on_done` and `proxy_on_delete`. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.created) {
      this.vm.call(this, "proxy_on_done", this.id);
      this.vm.call(this, "proxy_on_delete", this.id);
      this.vm.contexts.delete(this.id);
    }
    this.root.streamEnded();
  }

  release(): void {}
}
