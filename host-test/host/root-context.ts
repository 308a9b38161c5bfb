// A plugin configuration inside a VM: start, configure, tick, call-outs and their answers, retirement.

import type { Context } from "./context.ts";
import type { GrpcCall } from "./grpc.ts";
import type { Plugin } from "./plugin.ts";
import type { Cancel, Headers, UpstreamReply } from "./types.ts";
import type { Vm } from "./vm.ts";

/** The answer of a call-out while its callback runs. */
export interface CallResponse {
  headers: Headers;
  body: Uint8Array;
  trailers: Headers;
}

/** u32 count │ count × u32 seconds to live │ count × (address with port 0, 0) */
function encodeAddresses(addresses: string[]): Uint8Array {
  const head = Buffer.alloc(4 + addresses.length * 4);
  head.writeUInt32LE(addresses.length);
  return Buffer.concat([head, Buffer.from(addresses.map((address) => `${address}:0\0`).join(""), "latin1")]);
}

export class RootContext implements Context {
  readonly id: number;
  readonly vm: Vm;
  readonly plugin: Plugin;
  readonly stream = undefined;
  /** True only inside `proxy_on_configure`. */
  configuring = false;
  /** Answer the current callback is about. */
  callResponse: CallResponse | undefined;
  redisResponse: Uint8Array | undefined;
  grpcMessage: Uint8Array | undefined;
  grpcInitialMetadata: Headers | undefined;
  grpcTrailingMetadata: Headers | undefined;
  /** Buffer 8: the answer of a name look-up. */
  callData: Uint8Array | undefined;
  /** What `proxy_get_status` says; never set back by Envoy. */
  statusCode = 0;
  statusMessage = "";
  /** Streams that use this root. */
  streams = 0;
  /** Read-only properties by name, from `declare_property`. */
  readonly declared = new Map<string, boolean>();
  readonly grpcCalls = new Map<number, GrpcCall>();
  readonly #httpCalls = new Map<number, Cancel>();
  readonly queueListeners: (() => void)[] = [];
  #tickPeriodMs = 0;
  #tickTimer: Cancel | undefined;
  #retired = false;
  #gone = false;

  constructor(vm: Vm, id: number, plugin: Plugin) {
    this.vm = vm;
    this.id = id;
    this.plugin = plugin;
  }

  get root(): RootContext {
    return this;
  }

  /** `proxy_on_context_create` and `proxy_on_vm_start`; false: refused or trapped. */
  start(): boolean {
    this.vm.call(this, "proxy_on_context_create", this.id, 0);
    const answer = this.vm.call(this, "proxy_on_vm_start", this.id, this.vm.configuration.length);
    return !this.vm.failed && answer !== 0;
  }

  /** `proxy_on_configure`; false: refused or trapped. */
  configure(): boolean {
    this.configuring = true;
    const size = this.plugin.configuration.length;
    const answer = this.vm.call(this, "proxy_on_configure", this.id, size);
    this.configuring = false;
    return !this.vm.failed && answer !== 0;
  }

  setTickPeriod(periodMs: number): void {
    this.#tickTimer?.cancel();
    this.#tickTimer = undefined;
    this.#tickPeriodMs = periodMs;
    if (periodMs > 0 && !this.#gone) this.#armTick();
  }

  #armTick(): void {
    const timer = this.vm.host.clock.setTimer(this.#tickPeriodMs, () => {
      this.vm.call(this, "proxy_on_tick", this.id);
      // The tick may have set another period, which has a timer of its own.
      if (this.#tickTimer === timer && this.#tickPeriodMs > 0 && !this.#gone && !this.vm.failed)
        this.#armTick();
    });
    this.#tickTimer = timer;
  }

  addHttpCall(token: number, call: Cancel): void {
    this.#httpCalls.set(token, call);
  }

  onHttpReply(token: number, reply: UpstreamReply): void {
    if (this.vm.depth > 0) {
      this.vm.afterCall(() => this.onHttpReply(token, reply));
      return;
    }
    if (!this.#httpCalls.delete(token)) return;
    const status =
      reply.kind === "reset" ? 0 : Number(reply.headers.find(([name]) => name === ":status")?.[1] ?? 0);
    this.observeAnswer("http", token, status, reply.kind === "reset" ? 0 : reply.body.length);
    if (reply.kind === "reset") {
      this.statusCode = 11;
      this.statusMessage = "reset";
      this.vm.call(this, "proxy_on_http_call_response", this.id, token, 0, 0, 0);
      this.statusMessage = "";
      return;
    }
    this.callResponse = reply;
    const { headers, body, trailers } = reply;
    this.vm.enter(
      this,
      "proxy_on_http_call_response",
      this.id,
      token,
      headers.length,
      body.length,
      trailers.length,
    );
    this.callResponse = undefined;
    this.vm.leave();
  }

  observeAnswer(kind: "http" | "grpc" | "redis", token: number, status: number, bytes: number): void {
    this.vm.host.observer?.callEnded?.({ plugin: this.plugin.name, kind, token, status, bytes });
  }

  onRedisReply(token: number, data: Uint8Array | undefined): void {
    if (this.vm.depth > 0) {
      this.vm.afterCall(() => this.onRedisReply(token, data));
      return;
    }
    if (this.#gone) return;
    this.observeAnswer("redis", token, data === undefined ? 0 : 200, data?.length ?? 0);
    this.redisResponse = data;
    const status = data === undefined ? 1 : 0;
    this.vm.enter(this, "proxy_on_redis_call_response", this.id, token, status, data?.length ?? 0);
    this.redisResponse = undefined;
    this.vm.leave();
  }

  onQueueReady(token: number): void {
    if (!this.#gone) this.vm.call(this, "proxy_on_queue_ready", this.id, token);
  }

  onNameResolved(token: number, addresses: string[]): void {
    if (this.vm.depth > 0) {
      this.vm.afterCall(() => this.onNameResolved(token, addresses));
      return;
    }
    if (this.#gone) return;
    this.callData = encodeAddresses(addresses);
    this.vm.enter(this, "envoy_on_resolve_dns", this.id, token, this.callData.length);
    this.callData = undefined;
    this.vm.leave();
  }

  /** No new stream will use this root: once its streams have ended it is done and deleted. */
  retire(): void {
    this.#retired = true;
    this.#maybeShutDown();
  }

  streamEnded(): void {
    this.streams--;
    this.#maybeShutDown();
  }

  #maybeShutDown(): void {
    if (!this.#retired || this.streams > 0 || this.#gone || this.vm.pendingDone.has(this)) return;
    if (this.vm.roots.get(this.plugin.key) === this) this.vm.roots.delete(this.plugin.key);
    const answer = this.vm.call(this, "proxy_on_done", this.id);
    if (answer === 0) this.vm.pendingDone.add(this);
    else this.delete();
  }

  /** The listener closes: done and deleted at once. */
  shutDown(): void {
    if (this.#gone) return;
    this.vm.call(this, "proxy_on_done", this.id);
    this.delete();
  }

  /** After `proxy_on_done`, or `proxy_done` when that returned 0. */
  delete(): void {
    if (this.#gone) return;
    this.vm.call(this, "proxy_on_delete", this.id);
    this.discard();
  }

  /** Forgets the context without telling the module. */
  discard(): void {
    this.release();
    this.vm.contexts.delete(this.id);
    if (this.vm.roots.size === 0 && this.vm.pendingDone.size === 0) this.vm.close();
  }

  release(): void {
    this.#gone = true;
    this.#tickTimer?.cancel();
    for (const call of this.#httpCalls.values()) call.cancel();
    this.#httpCalls.clear();
    for (const call of this.grpcCalls.values()) call.cancel();
    this.grpcCalls.clear();
    for (const ready of this.queueListeners) this.vm.host.queues.unregister(ready);
    this.vm.pendingDone.delete(this);
  }

  get isGone(): boolean {
    return this.#gone;
  }
}
