// One HTTP exchange between codec and router: both directions through the filters, routing, local replies,
// the end (compat/abi.md §6 to §9, §14).

import type { BodyBuffer } from "./buffers.ts";
import { ResponseFlag, responseFlagNames } from "./codes.ts";
import { localReplyHeaders } from "./local-reply.ts";
import { HeaderMap, receivedHeaders } from "./maps.ts";
import { Path } from "./path.ts";
import type { PathFilter, Place } from "./path.ts";
import type { HostOptions } from "./options.ts";
import { firstRequestFault } from "./request-check.ts";
import type { Direction, StreamContext } from "./stream-context.ts";
import type { ChainStream, Headers, Route, StreamEvents, StreamInfo, StreamRecord } from "./types.ts";

interface LocalReply {
  status: number;
  body: string;
  headers: Headers;
  grpcStatus: number;
}

/** A plugin of the list as this stream has it: a context, or the refusal of a VM that failed before. */
export type StreamFilter = StreamContext | "failed";

export class Stream implements ChainStream {
  readonly id: number;
  readonly host: HostOptions;
  readonly info: StreamInfo;
  readonly request: Path;
  readonly response: Path;
  readonly filterState = new Map<string, string>();
  readonly spanTags = new Map<string, string>();
  readonly startTime: bigint;
  readonly startMonotonic: bigint;
  /** Route chosen last; properties show it even when a change of headers has made it stale. */
  route: Route | undefined;
  /** Higress: `clear_route_cache` = `off`. */
  keepRoute = false;
  overrideHost: string | undefined;
  responseCode = 0;
  details = "";
  flags = 0;
  requestBytes = 0;
  responseBytes = 0;
  upstreamAddress = "";
  upstreamLocalAddress = "";
  endMonotonic: bigint | undefined;
  readonly #events: StreamEvents;
  readonly #contexts: StreamContext[] = [];
  readonly #onEnd: (stream: Stream) => void;
  #routeStale = true;
  #originalVersion = 0;
  #prepared: LocalReply | undefined;
  #routed = false;
  #requestSent = false;
  #upstreamEnded = false;
  #responseStarted = false;
  #responseSent = false;
  #finished = false;
  #isHead = false;
  #isGrpc = false;

  constructor(
    id: number,
    host: HostOptions,
    filters: (stream: Stream) => StreamFilter[],
    events: StreamEvents,
    info: StreamInfo,
    onEnd: (stream: Stream) => void,
  ) {
    this.id = id;
    this.host = host;
    this.info = info;
    this.#events = events;
    this.#onEnd = onEnd;
    this.startTime = host.clock.now();
    this.startMonotonic = host.clock.monotonic();
    const list = filters(this);
    const requestSides: PathFilter[] = [];
    const responseSides: PathFilter[] = [];
    for (const filter of list) {
      if (filter === "failed") {
        requestSides.push(this.#refusal());
        responseSides.push(passing);
      } else {
        requestSides.push(filter.request);
        responseSides.push(filter.response);
        this.#contexts.push(filter);
      }
    }
    this.request = new Path(requestSides, this.#requestEnd(), host.bufferLimit);
    this.response = new Path(responseSides.reverse(), this.#responseEnd(), host.bufferLimit);
    for (const [index, filter] of list.entries()) {
      if (filter === "failed") continue;
      filter.request.place = this.request.places[index]!;
      filter.response.place = this.response.places[list.length - 1 - index]!;
    }
  }

  // --- From the codec -------------------------------------------------------------------------------

  requestHeaders(headers: Headers, endStream: boolean): void {
    if (this.#finished) return;
    const map = receivedHeaders(headers);
    this.#isHead = map.get(":method") === "HEAD";
    this.#isGrpc = isGrpc(map.get("content-type"));
    // Known before the first filter runs: Higress rules match on it (compat/abi.md §11, route_name).
    this.request.headers = map;
    this.#originalVersion = map.version;
    this.#resolveRoute();
    this.request.startHeaders(map, endStream);
  }

  requestData(data: Uint8Array, endStream: boolean): void {
    if (this.#finished || this.request.ended) return;
    this.requestBytes += data.length;
    this.request.startData(data, endStream);
  }

  requestTrailers(trailers: Headers): void {
    if (this.#finished || this.request.ended) return;
    this.request.startTrailers(new HeaderMap(trailers));
  }

  requestReset(): void {
    if (this.#finished) return;
    this.flags |= ResponseFlag.DownstreamConnectionTermination;
    this.details = "downstream_remote_disconnect";
    this.#finish();
  }

  // --- From the router ------------------------------------------------------------------------------

  upstreamSelected(address: string, localAddress = ""): void {
    this.upstreamAddress = address;
    this.upstreamLocalAddress = localAddress;
  }

  responseHeaders(headers: Headers, endStream: boolean): void {
    if (this.#finished || this.response.aborted || this.#responseStarted) return;
    const map = receivedHeaders(headers);
    this.#upstreamEnded = endStream;
    this.#responseStarted = true;
    this.details = "via_upstream";
    this.responseCode = Number(map.get(":status") ?? 0);
    this.response.startHeaders(map, endStream);
  }

  responseData(data: Uint8Array, endStream: boolean): void {
    if (this.#finished || this.response.ended) return;
    if (endStream) this.#upstreamEnded = true;
    if (!this.response.aborted) this.response.startData(data, endStream);
  }

  responseTrailers(trailers: Headers): void {
    if (this.#finished || this.response.ended) return;
    this.#upstreamEnded = true;
    if (!this.response.aborted) this.response.startTrailers(new HeaderMap(trailers));
  }

  responseReset(reason: "connect-failure" | "reset" | "timeout"): void {
    if (this.#finished || this.#upstreamEnded) return;
    this.#upstreamEnded = true;
    if (reason === "timeout") {
      this.flags |= ResponseFlag.UpstreamRequestTimeout;
      if (this.#responseStarted) this.resetStream("response_timeout");
      else this.sendLocalReply(504, "upstream request timeout", [], -1, "response_timeout");
    } else if (this.#responseStarted) {
      // An HTTP/1.1 response that ends before its time is a protocol error to Envoy.
      this.flags |= ResponseFlag.UpstreamProtocolError;
      const details = "upstream_reset_after_response_started{protocol_error}";
      if (this.#responseSent) this.resetStream(details);
      else this.sendLocalReply(502, `${upstreamFailure}protocol error`, [], -1, details);
    } else if (reason === "reset") {
      this.flags |= ResponseFlag.UpstreamConnectionTermination;
      const details = "upstream_reset_before_response_started{connection_termination}";
      this.sendLocalReply(503, `${upstreamFailure}connection termination`, [], -1, details);
    } else {
      this.flags |= ResponseFlag.UpstreamConnectionFailure;
      const details =
        "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}";
      this.sendLocalReply(503, `${upstreamFailure}remote connection failure`, [], -1, details);
    }
  }

  // --- From the filters -----------------------------------------------------------------------------

  continue(direction: Direction, place: Place): void {
    if (!this.#finished) this[direction].continueFrom(place);
  }

  /** Response body that a filter sends past itself (Higress). */
  inject(place: Place, data: BodyBuffer, endStream: boolean): void {
    if (this.#finished || this.response.aborted) return;
    if (endStream) this.response.ended = true;
    this.response.injectAfter(place, data, endStream);
  }

  addTrailers(direction: Direction): HeaderMap {
    const path = this[direction];
    path.trailers ??= new HeaderMap([]);
    return path.trailers;
  }

  clearRouteCache(): void {
    this.#routeStale = true;
  }

  /** Envoy's sendLocalReply: through the filters, straight to the client, or a cut, by how far the response has come. */
  sendLocalReply(status: number, body: string, headers: Headers, grpcStatus: number, details: string): void {
    if (this.#finished) return;
    this.details = details.replaceAll(/\s/g, "_");
    if (this.#prepared !== undefined) return;
    this.request.aborted = true;
    const reply = { status, body, headers, grpcStatus };
    // Inside a filter's callback a reply that goes through the filters waits until the callback has returned.
    const inCallback = this.request.inCallback || this.response.inCallback;
    if (inCallback && this.response.headers === undefined) this.#prepared = reply;
    else this.#reply(reply);
  }

  resetStream(details: string): void {
    if (this.#finished) return;
    if (details !== "") this.details = details;
    this.request.aborted = true;
    this.response.aborted = true;
    this.#finish(true);
  }

  /** `proxy_close_stream`. */
  close(): void {
    this.resetStream(this.details === "" ? "wasm_close_stream" : "");
  }

  get finished(): boolean {
    return this.#finished;
  }

  get isGrpc(): boolean {
    return this.#isGrpc;
  }

  // --- The ends of both paths -----------------------------------------------------------------------

  #requestEnd() {
    return {
      headers: (endStream: boolean) => this.#routeRequest(endStream),
      data: (data: BodyBuffer, endStream: boolean) => {
        if (!this.#routed) return;
        if (endStream) this.#requestSent = true;
        if (data.length > 0 || endStream) {
          const bytes = data.contents();
          data.clear();
          this.#events.requestData(bytes, endStream);
        }
      },
      trailers: () => {
        if (!this.#routed) return;
        this.#requestSent = true;
        this.#events.requestTrailers(this.request.trailers!.release());
      },
      tooLarge: () => this.sendLocalReply(413, "Payload Too Large", [], -1, "request_payload_too_large"),
      pause: () => this.#events.pause?.("request"),
      resume: () => this.#events.resume?.("request"),
      tookOver: () => this.#tookOver(),
    };
  }

  #responseEnd() {
    return {
      headers: (endStream: boolean) => this.#sendResponseHeaders(this.response.headers!, endStream),
      data: (data: BodyBuffer, endStream: boolean) => {
        const bytes = data.contents();
        data.clear();
        this.#sendResponseData(bytes, endStream);
      },
      trailers: () => {
        this.#events.responseTrailers(this.response.trailers!.release());
        this.#finish();
      },
      tooLarge: () => this.sendLocalReply(500, "Internal Server Error", [], -1, "response_payload_too_large"),
      pause: () => this.#events.pause?.("response"),
      resume: () => this.#events.resume?.("response"),
      tookOver: () => this.#tookOver(),
    };
  }

  #tookOver(): boolean {
    if (this.#prepared !== undefined) {
      const reply = this.#prepared;
      this.#prepared = undefined;
      this.#reply(reply);
      return true;
    }
    return this.#finished;
  }

  #resolveRoute(): void {
    this.#routeStale = false;
    this.route = this.host.route(this.request.headers!.entries as Headers);
  }

  /** What Envoy's router filter does with the headers. */
  #routeRequest(endStream: boolean): void {
    const headers = this.request.headers!;
    if (this.#routeStale) this.#resolveRoute();
    if (headers.version !== this.#originalVersion) {
      const fault = firstRequestFault(headers.entries);
      if (fault !== undefined) {
        this.flags |= fault.malformed ? ResponseFlag.DownstreamProtocolError : ResponseFlag.NoRouteFound;
        this.sendLocalReply(fault.status, fault.body, [], -1, fault.details);
        return;
      }
    }
    if (this.route === undefined) {
      this.flags |= ResponseFlag.NoRouteFound;
      this.sendLocalReply(404, "", [], -1, "route_not_found");
      return;
    }
    this.#routed = true;
    if (endStream) this.#requestSent = true;
    const route =
      this.overrideHost === undefined ? this.route : { ...this.route, overrideHost: this.overrideHost };
    this.#events.requestHeaders(headers.release(), endStream, route);
  }

  #sendResponseHeaders(headers: HeaderMap, endStream: boolean): void {
    if (headers.get(":status") === undefined) {
      const reason = "missing required header: :status";
      this.sendLocalReply(502, reason, [], -1, `filter_removed_required_response_headers{${reason}}`);
      return;
    }
    this.#responseSent = true;
    this.responseCode = Number(headers.get(":status"));
    this.#events.responseHeaders(headers.release(), endStream);
    if (endStream) this.#finish();
  }

  #sendResponseData(bytes: Uint8Array, endStream: boolean): void {
    if (bytes.length === 0 && !endStream) return;
    this.responseBytes += bytes.length;
    this.#events.responseData(bytes, endStream);
    if (endStream) this.#finish();
  }

  #reply({ status, body, headers, grpcStatus }: LocalReply): void {
    const reply = localReplyHeaders(status, body, headers, grpcStatus, this.#isGrpc, this.#isHead);
    const map = new HeaderMap(reply.headers);
    if (!this.#responseSent) this.responseCode = Number(map.get(":status"));
    const bytes = reply.body === "" ? undefined : Buffer.from(reply.body, "latin1");
    if (this.response.headers === undefined) {
      this.#responseStarted = true;
      this.response.startHeaders(map, bytes === undefined);
      if (bytes !== undefined && !this.#finished) this.response.startData(bytes, true);
    } else if (!this.#responseSent) {
      // Filters have seen other headers already: they are passed by so as not to confuse them.
      this.response.aborted = true;
      this.response.headers = map;
      this.#sendResponseHeaders(map, bytes === undefined);
      if (bytes !== undefined) this.#sendResponseData(bytes, true);
    } else {
      this.resetStream(this.details);
    }
  }

  #refusal(): PathFilter {
    return {
      onHeaders: () => {
        this.sendLocalReply(503, "", [], 14, "wasm_fail_stream");
        return 4;
      },
      onData: () => 0,
      onTrailers: () => 0,
    };
  }

  #finish(cut = false): void {
    if (this.#finished) return;
    this.#finished = true;
    this.request.aborted = true;
    this.response.aborted = true;
    this.endMonotonic = this.host.clock.monotonic();
    if (this.#routed && !(this.#requestSent && this.#upstreamEnded)) this.#events.requestReset();
    if (cut) this.#events.responseReset();
    // Injected data can end the response while a callback of this very stream runs.
    const busy = this.#contexts.find(({ vm }) => vm.depth > 0);
    if (busy === undefined) this.#tellEnd();
    else busy.vm.afterCall(() => this.#tellEnd());
  }

  #tellEnd(): void {
    for (const context of this.#contexts) context.log();
    for (const context of this.#contexts) context.end();
    this.#events.complete?.(this.#record());
    this.#onEnd(this);
  }

  #record(): StreamRecord {
    return {
      stream: this.id,
      responseCode: this.#responseSent ? this.responseCode : 0,
      details: this.details,
      flags:
        responseFlagNames
          .filter(([bit]) => (this.flags & bit) !== 0)
          .map(([, name]) => name)
          .join(",") || "-",
      route: this.route,
      requestBytes: this.requestBytes,
      responseBytes: this.responseBytes,
      durationMs: Number((this.endMonotonic ?? this.startMonotonic) - this.startMonotonic) / 1e6,
      filterState: this.filterState,
      spanTags: this.spanTags,
    };
  }
}

const upstreamFailure = "upstream connect error or disconnect/reset before headers. reset reason: ";

const passing: PathFilter = { onHeaders: () => 0, onData: () => 0, onTrailers: () => 0 };

function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc(?:[+;]|$)/.test(contentType);
}
