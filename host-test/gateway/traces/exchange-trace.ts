// The trace of one exchange while it runs.

import type { CallKind, Headers, StreamInfo, StreamRecord } from "../../host/types.ts";
import { Capture } from "./capture.ts";
import type { Redaction } from "./redaction.ts";
import { traceFormat, type Message, type Step, type Trace, type TracedCall } from "./trace.ts";

/** Steps of one exchange; a chain has a few plugins with a few phases each. */
const maxSteps = 500;

interface OpenStep extends Omit<Step, "body"> {
  bodies?: { before: Capture; after: Capture };
}

class OpenMessage {
  headers: Headers;
  body = new Capture();

  constructor(headers: Headers) {
    this.headers = headers.slice();
  }
}

/** What a replay sends: kept in memory, never shown. */
export interface ReplayableRequest {
  headers: Headers;
  body: Uint8Array;
}

export class ExchangeTrace {
  readonly id: string;
  readonly startedAt = new Date().toISOString();
  readonly #start = performance.now();
  readonly #info: StreamInfo;
  readonly #messages: Partial<
    Record<"request" | "upstreamRequest" | "upstreamResponse" | "response", OpenMessage>
  > = {};
  readonly #steps = new Map<string, OpenStep>();
  readonly #upstreams: string[] = [];
  /** Made inside a callback whose end has not been told yet. */
  #newCalls: TracedCall[] = [];

  constructor(id: string, info: StreamInfo) {
    this.id = id;
    this.#info = info;
  }

  // --- From the exchange ----------------------------------------------------------------------------

  /** A retry or a further answer takes the place of the first. */
  headers(place: keyof ExchangeTrace["messages"], headers: Headers): void {
    this.#messages[place] = new OpenMessage(headers);
  }

  data(place: keyof ExchangeTrace["messages"], chunk: Uint8Array): void {
    this.#messages[place]?.body.add(chunk);
  }

  selected(address: string): void {
    this.#upstreams.push(address);
  }

  get messages() {
    return this.#messages;
  }

  // --- From the chain -------------------------------------------------------------------------------

  callback(plugin: string, name: string, micros: number, memoryPages: number): void {
    const now = this.#now();
    const step = this.#step(plugin, ...phaseOf(name), now - micros / 1000);
    if (step === undefined) return;
    step.callbacks++;
    step.micros += micros;
    step.memoryPages = memoryPages;
    step.untilMs = now;
    step.calls.push(...this.#newCalls);
    this.#newCalls = [];
  }

  changedHeaders(plugin: string, phase: "request" | "response", before: Headers, after: Headers): void {
    const step = this.#step(plugin, phase, "headers", this.#now());
    if (step) step.headers = { before, after };
  }

  /** `accumulated`: the callback saw all that is kept, what it saw before included. */
  changedBody(
    plugin: string,
    phase: "request" | "response",
    before: Uint8Array,
    after: Uint8Array,
    accumulated: boolean,
  ): void {
    const step = this.#step(plugin, phase, "body", this.#now());
    if (step === undefined) return;
    const bodies = (step.bodies ??= { before: new Capture(), after: new Capture() });
    if (accumulated) {
      bodies.before.replace(before);
      bodies.after.replace(after);
    } else {
      bodies.before.add(before);
      bodies.after.add(after);
    }
  }

  /** Returns how its end is told. */
  call(kind: CallKind, cluster: string): (status: number, bytes: number) => void {
    const call: TracedCall = { kind, cluster, atMs: this.#now() };
    this.#newCalls.push(call);
    return (status, bytes) => {
      call.durationMs = this.#now() - call.atMs;
      call.status = status;
      call.bytes = bytes;
    };
  }

  // --- The end --------------------------------------------------------------------------------------

  finish(record: StreamRecord, redaction: Redaction): Trace {
    const message = (open: OpenMessage): Message => ({
      headers: redaction.headers(open.headers),
      body: open.body.body(redaction),
    });
    const { request, upstreamRequest, upstreamResponse, response } = this.#messages;
    return {
      format: traceFormat,
      id: this.id,
      startedAt: this.startedAt,
      durationMs: this.#now(),
      source: this.#info.source,
      protocol: this.#info.protocol,
      ...(record.route && { route: record.route.name, cluster: record.route.cluster }),
      upstreams: this.#upstreams,
      details: record.details,
      flags: record.flags,
      request: message(request ?? new OpenMessage([])),
      ...(upstreamRequest && { upstreamRequest: message(upstreamRequest) }),
      ...(upstreamResponse && { upstreamResponse: message(upstreamResponse) }),
      ...(response && { response: message(response) }),
      steps: [...this.#steps.values()].map((step) => closed(step, redaction)),
    };
  }

  /** Undefined when less was kept than the client sent. */
  replayable(): ReplayableRequest | undefined {
    const { request } = this.#messages;
    if (!request?.body.isWhole) return undefined;
    return { headers: request.headers, body: request.body.bytes() };
  }

  #now(): number {
    return performance.now() - this.#start;
  }

  #step(plugin: string, phase: Step["phase"], kind: Step["kind"], atMs: number): OpenStep | undefined {
    const key = `${plugin}\n${phase}\n${kind}`;
    const known = this.#steps.get(key);
    if (known) return known;
    if (this.#steps.size >= maxSteps) return undefined;
    const counts = { callbacks: 0, micros: 0, memoryPages: 0, untilMs: atMs };
    const step: OpenStep = { plugin, phase, kind, atMs, ...counts, calls: [] };
    this.#steps.set(key, step);
    return step;
  }
}

function closed({ bodies, ...step }: OpenStep, redaction: Redaction): Step {
  const { headers } = step;
  return {
    ...step,
    ...(headers && {
      headers: { before: redaction.headers(headers.before), after: redaction.headers(headers.after) },
    }),
    ...(bodies && { body: { before: bodies.before.body(redaction), after: bodies.after.body(redaction) } }),
  };
}

function phaseOf(callback: string): [Step["phase"], Step["kind"]] {
  const match = /^proxy_on_(request|response)_(headers|body|trailers)$/.exec(callback);
  if (match) return [match[1] as Step["phase"], match[2] as Step["kind"]];
  if (/call_response$|^proxy_on_grpc/.test(callback)) return ["call", "callback"];
  return [callback === "proxy_on_context_create" ? "request" : "log", "callback"];
}
