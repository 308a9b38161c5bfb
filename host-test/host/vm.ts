// One VM: a running instance with its contexts (compat/abi.md §14). Several plugins share a VM when they
// have the same code, vmId and VM configuration; each has a root context of its own.

import { Instance, RestrictedCallback } from "../vm/instance.ts";
import type { LoadedModule } from "../vm/load.ts";
import type { GuestMemory } from "../vm/memory.ts";
import type { AbiVersion, CallbackName } from "../vm/signatures.ts";
import { logLevels, Result } from "./codes.ts";
import type { Expression } from "./cel.ts";
import type { Context } from "./context.ts";
import { RootContext } from "./root-context.ts";
import { createImports } from "./imports.ts";
import type { HostOptions } from "./options.ts";
import type { Plugin } from "./plugin.ts";
import type { Header, MetricType } from "./types.ts";

export class Vm {
  readonly host: HostOptions;
  readonly id: string;
  readonly configuration: string;
  readonly abiVersion: AbiVersion;
  readonly environment: Header[];
  /** `undefined`: everything is allowed. */
  readonly allowed: ReadonlySet<string> | undefined;
  readonly instance: Instance;
  readonly memory!: GuestMemory;
  readonly contexts = new Map<number, Context>();
  /** By `Plugin.key`. */
  readonly roots = new Map<string, RootContext>();
  /** Roots whose `proxy_on_done` returned 0 and that wait for `proxy_done`. */
  readonly pendingDone = new Set<RootContext>();
  readonly startedAt: bigint;
  /** Set by a host call that ends the phase, so that the callback's own return value does not count. */
  stopIteration = false;
  /** Handles in `Stats`, by the number in the upper bits of the module's metric id, less one. */
  readonly metrics: Record<MetricType, number[]> = { counter: [], gauge: [], histogram: [] };
  /** Higress: the module asked to be rebuilt. */
  rebuildRequested = false;
  /** Text of the last line logged at error or above, or of the trap. */
  lastError = "";
  /** From `expr_create`, by token. */
  readonly expressions = new Map<number, Expression>();
  #current: Context;
  #effectiveId = 0;
  #afterCall: (() => void)[] = [];
  #nextContextId = 1;
  #nextCallNumber = 1;
  #nextExpression = 0;
  #lastLookup = 1;
  #onFail: (() => void)[] = [];
  #closed = false;

  /** Instantiates and starts the module. @throws LoadFailure when it cannot be instantiated. A trap at start shows in `failed`. */
  constructor(host: HostOptions, plugin: Plugin, loaded: LoadedModule) {
    this.host = host;
    this.id = plugin.vmId;
    this.configuration = plugin.vmConfiguration;
    this.abiVersion = loaded.abiVersion;
    this.environment = plugin.environment;
    this.allowed = plugin.allowedCapabilities;
    this.startedAt = host.clock.monotonic();
    this.#current = new RootContext(this, 0, plugin);
    this.contexts.set(0, this.#current);
    this.instance = new Instance({
      loaded,
      imports: createImports(this, loaded),
      maxPages: host.maxPages,
      restrictAllocator: host.flavour === "envoy",
      onTrap: (message) => this.#trapped(message),
    });
    this.memory = this.instance.memory;
    this.instance.start(host.flavour);
    this.#runAfterCall();
  }

  get failed(): boolean {
    return this.instance.failed;
  }

  /** Calls into the module that have not returned. */
  get depth(): number {
    return this.instance.depth;
  }

  onFail(action: () => void): void {
    this.#onFail.push(action);
  }

  #trapped(message: string): void {
    this.log(this.#current, 4, message);
    this.lastError = message;
    const actions = this.#onFail;
    this.#onFail = [];
    for (const action of actions) action();
  }

  newContextId(): number {
    return this.#nextContextId++;
  }

  /** Tokens of call-outs carry their class in the low two bits (compat/abi.md §10). */
  newToken(kind: 0 | 1 | 2 | 3): number {
    return this.#nextCallNumber++ * 4 + kind;
  }

  newLookupToken(): number {
    return ++this.#lastLookup;
  }

  newExpressionToken(): number {
    return this.#nextExpression++;
  }

  allows(name: string): boolean {
    return this.allowed === undefined || this.allowed.has(name);
  }

  /**
   * Calls an export with `context` as the current one. Every use is followed by `leave`.
   * undefined: not exported, not allowed, or the VM failed.
   */
  enter(context: Context, name: CallbackName, a = 0, b = 0, c = 0, d = 0, e = 0): number | undefined {
    if (this.allowed !== undefined && !this.allowed.has(name)) return undefined;
    const current = this.#current;
    const effective = this.#effectiveId;
    this.#current = context;
    this.#effectiveId = 0;
    const { observer } = this.host;
    const start = observer?.callback === undefined ? 0 : performance.now();
    const result = this.instance.call(name, a, b, c, d, e);
    this.#current = current;
    this.#effectiveId = effective;
    if (observer?.callback !== undefined && this.instance.has(name)) {
      observer.callback({
        stream: context.stream?.http.id ?? 0,
        plugin: context.root.plugin.name,
        name,
        micros: (performance.now() - start) * 1000,
        memoryPages: this.memory.pages,
      });
    }
    return result;
  }

  /** After `enter`: does what host calls put off until the VM call returned. */
  leave(): void {
    if (this.instance.depth > 0) return;
    this.stopIteration = false;
    if (this.#afterCall.length > 0) this.#runAfterCall();
  }

  /** `enter` and `leave` for callbacks whose result is not an action. */
  call(context: Context, name: CallbackName, a = 0, b = 0, c = 0, d = 0, e = 0): number | undefined {
    const result = this.enter(context, name, a, b, c, d, e);
    this.leave();
    return result;
  }

  /** Runs `action` when the VM call in progress has returned. */
  afterCall(action: () => void): void {
    this.#afterCall.push(action);
  }

  #runAfterCall(): void {
    // Actions may call into the VM again and add further actions.
    for (let action = this.#afterCall.shift(); action !== undefined; action = this.#afterCall.shift())
      action();
  }

  /** For host functions: the context they act on. @throws RestrictedCallback when host functions may not be called now. */
  effective(): Context {
    if (this.instance.phase !== "running") throw new RestrictedCallback();
    if (this.#effectiveId === 0) return this.#current;
    return this.contexts.get(this.#effectiveId) ?? this.#current;
  }

  /** As `effective`, for functions that are always allowed. */
  effectiveAlways(): Context {
    return this.#effectiveId === 0 ? this.#current : (this.contexts.get(this.#effectiveId) ?? this.#current);
  }

  setEffective(id: number): boolean {
    if (!this.contexts.has(id)) return false;
    this.#effectiveId = id;
    return true;
  }

  log(context: Context, level: number, message: string): void {
    if (level >= 4) this.lastError = message;
    const { log } = this.host;
    if (level < logLevels.indexOf(log.level)) return;
    log.write(logLevels[level]!, context.root.plugin.name, message);
  }

  /** Envoy has no bound on shared data and queues; this host has one and says so. */
  outOfSharedMemory(): number {
    this.log(this.effectiveAlways(), 4, "shared memory is full: the value was not stored");
    return Result.InternalFailure;
  }

  /** Copies `data` into guest memory and stores pointer and size; the guest owns it. Empty: pointer 0. */
  returnBytes(data: Uint8Array, pointerOut: number, sizeOut: number): boolean {
    const at = this.#returnRoom(data.length, pointerOut, sizeOut);
    if (at > 0) this.memory.bytes.set(data, at);
    return at >= 0;
  }

  /** As `returnBytes` for a latin-1 string. */
  returnText(text: string, pointerOut: number, sizeOut: number): boolean {
    const at = this.#returnRoom(text.length, pointerOut, sizeOut);
    if (at > 0) this.memory.bytes.write(text, at, "latin1");
    return at >= 0;
  }

  /** Room for `size` bytes whose place is told to the guest already; 0 for no bytes, -1 when the guest refuses or its pointers are bad. */
  #returnRoom(size: number, pointerOut: number, sizeOut: number): number {
    const at = size === 0 ? 0 : this.allocate(size);
    if (at < 0) return -1;
    return this.memory.setU32(pointerOut, at) && this.memory.setU32(sizeOut, size) ? at : -1;
  }

  /** Where `size` bytes were allocated by the guest; -1 when it refused. */
  allocate(size: number): number {
    const at = this.instance.allocate(size);
    return at === 0 || !this.memory.has(at, size) ? -1 : at;
  }

  /** The root context of a plugin, started and configured, or undefined when the plugin refused or trapped. */
  startRoot(plugin: Plugin): RootContext | undefined {
    const known = this.roots.get(plugin.key);
    if (known !== undefined) return known;
    const root = new RootContext(this, this.newContextId(), plugin);
    this.contexts.set(root.id, root);
    this.roots.set(plugin.key, root);
    if (root.start() && root.configure()) return root;
    this.roots.delete(plugin.key);
    root.discard();
    return undefined;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Stops timers and calls; nothing is told to the module. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const context of this.contexts.values()) context.release();
    this.contexts.clear();
    this.roots.clear();
  }
}
