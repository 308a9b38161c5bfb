// Sorts what the chain tells of its callbacks into the traces of the exchanges they belong to.

import type { ChainObserver, StreamInfo, StreamRecord } from "../../host/types.ts";
import { ExchangeTrace, type ReplayableRequest } from "./exchange-trace.ts";
import { Redaction } from "./redaction.ts";
import type { Trace } from "./trace.ts";

/** Exchanges that are recorded at the same time; under load the others run at full speed, unseen. */
const maxOpen = 32;

export interface RecordedExchange {
  trace: Trace;
  /** As the client sent it, credentials included. */
  request: ReplayableRequest | undefined;
}

interface OpenCall {
  stream: number;
  end(status: number, bytes: number): void;
}

export class TraceRecorder implements ChainObserver {
  readonly #worker: number;
  readonly #record: (exchange: RecordedExchange) => void;
  #redaction: Redaction;
  #open = new Map<number, ExchangeTrace>();
  #calls = new Map<string, OpenCall>();
  /** The exchange whose call-out was answered last: the callback that tells the plugin follows at once. */
  #answered = 0;

  constructor(worker: number, secrets: readonly string[], record: (exchange: RecordedExchange) => void) {
    this.#worker = worker;
    this.#redaction = new Redaction(secrets);
    this.#record = record;
  }

  /** Hides these from now on. */
  setSecrets(secrets: readonly string[]): void {
    this.#redaction = new Redaction(secrets);
  }

  /** Undefined: this exchange is not recorded. */
  begin(stream: number, info: StreamInfo): ExchangeTrace | undefined {
    if (this.#open.size >= maxOpen) return undefined;
    const trace = new ExchangeTrace(`${this.#worker}-${stream}`, info);
    this.#open.set(stream, trace);
    return trace;
  }

  end(stream: number, record: StreamRecord): void {
    const trace = this.#open.get(stream);
    if (trace === undefined) return;
    this.#open.delete(stream);
    for (const [key, call] of this.#calls) if (call.stream === stream) this.#calls.delete(key);
    this.#record({ trace: trace.finish(record, this.#redaction), request: trace.replayable() });
  }

  watches(stream: number): boolean {
    return this.#open.has(stream);
  }

  callback({ stream, plugin, name, micros, memoryPages }: Event<"callback">): void {
    // A reply is told to the plugin's root context, which belongs to no exchange.
    const owner = stream === 0 && /call_response$|^proxy_on_grpc/.test(name) ? this.#answered : stream;
    this.#open.get(owner)?.callback(plugin, name, micros, memoryPages);
  }

  headers({ stream, plugin, phase, before, after }: Event<"headers">): void {
    this.#open.get(stream)?.changedHeaders(plugin, phase, before, after);
  }

  body({ stream, plugin, phase, before, after, accumulated }: Event<"body">): void {
    this.#open.get(stream)?.changedBody(plugin, phase, before, after, accumulated);
  }

  call({ stream, plugin, kind, cluster, token }: Event<"call">): void {
    const end = this.#open.get(stream)?.call(kind, cluster);
    if (end) this.#calls.set(`${plugin}\n${kind}\n${token}`, { stream, end });
  }

  callEnded({ plugin, kind, token, status, bytes }: Event<"callEnded">): void {
    const key = `${plugin}\n${kind}\n${token}`;
    const call = this.#calls.get(key);
    this.#answered = call?.stream ?? 0;
    call?.end(status, bytes);
    this.#calls.delete(key);
  }
}

type Event<Name extends "callback" | "headers" | "body" | "call" | "callEnded"> = Parameters<
  NonNullable<ChainObserver[Name]>
>[0];
