// A plugin of the current list on this worker: its VM, what happens when that fails, and its replacement
// (compat/abi.md §14, §16.5).

import { LoadFailure, loadModule } from "../vm/load.ts";
import type { HostOptions } from "./options.ts";
import type { Plugin } from "./plugin.ts";
import type { RootContext } from "./root-context.ts";
import type { Stream, StreamFilter } from "./stream.ts";
import { StreamContext } from "./stream-context.ts";
import { Vm } from "./vm.ts";

/** Higress replaces a VM that holds more than this. */
const reclaimThresholdBytes = 800 * 1024 * 1024;
/** Higress replaces a VM at most this often. */
const rebuildIntervalMs = 1000;

/** The VM that plugins with one key share on this worker; another one takes its place after a failure. */
export class VmSlot {
  readonly #host: HostOptions;
  vm: Vm | undefined;

  constructor(host: HostOptions) {
    this.#host = host;
  }

  /** A new VM in place of the old one. @throws LoadFailure */
  renew(plugin: Plugin): Vm {
    // Streams of the failed one need nothing of it but that it failed.
    if (this.vm?.failed) this.vm.close();
    this.vm = newVm(this.#host, plugin);
    return this.vm;
  }

  /** The VM for a plugin's root: the present one when it lives. */
  living(plugin: Plugin): Vm {
    const { vm } = this;
    return vm === undefined || vm.failed || vm.isClosed ? this.renew(plugin) : vm;
  }
}

/** A VM of its own for `plugin`. @throws LoadFailure */
export function newVm(host: HostOptions, plugin: Plugin): Vm {
  return new Vm(host, plugin, loadModule(plugin.module, host));
}

export class PluginHandle {
  readonly plugin: Plugin;
  readonly slot: VmSlot;
  root: RootContext | undefined;
  readonly #host: HostOptions;
  #lastAttempt: bigint;

  constructor(host: HostOptions, plugin: Plugin, slot: VmSlot) {
    this.#host = host;
    this.plugin = plugin;
    this.slot = slot;
    this.#lastAttempt = host.clock.monotonic();
  }

  /** Starts and configures the plugin; undefined when it refuses. @throws LoadFailure */
  start(): RootContext | undefined {
    this.#lastAttempt = this.#host.clock.monotonic();
    const vm = this.slot.living(this.plugin);
    this.root = vm.failed ? undefined : vm.startRoot(this.plugin);
    return this.root;
  }

  /** The filter of a new stream; undefined: the stream goes without. */
  filter(stream: Stream): StreamFilter | undefined {
    let root = this.#usable();
    if (root === undefined && this.#recovers && this.#elapsedMs() >= this.plugin.reloadIntervalMs) {
      root = this.#restart();
    }
    if (root !== undefined) return new StreamContext(root, stream);
    const { failurePolicy } = this.plugin;
    return failurePolicy === "fail-open" || failurePolicy === "legacy-fail-open" ? undefined : "failed";
  }

  /** As `start`, where there is nobody to refuse: a VM that cannot be made, for want of memory, is one that failed. */
  #restart(): RootContext | undefined {
    try {
      return this.start();
    } catch (error) {
      if (!(error instanceof LoadFailure)) throw error;
      this.#host.log.write("error", this.plugin.name, error.message);
      return undefined;
    }
  }

  get #recovers(): boolean {
    return this.plugin.failurePolicy === "fail-reload" || this.#host.flavour === "higress";
  }

  /** Since the VM was started, or since the last attempt to start it. */
  #elapsedMs(): number {
    const started = this.slot.vm?.startedAt ?? this.#lastAttempt;
    const last = started > this.#lastAttempt ? started : this.#lastAttempt;
    return Number(this.#host.clock.monotonic() - last) / 1e6;
  }

  #usable(): RootContext | undefined {
    const { root } = this;
    if (root === undefined || root.vm.failed) return undefined;
    if (this.#host.flavour !== "higress") return root;
    // Another plugin on the same VM may have replaced it already.
    if (root.vm !== this.slot.vm) return this.#moveTo(root);
    const wanted = root.vm.rebuildRequested || root.vm.memory.bytes.length > reclaimThresholdBytes;
    if (!wanted || this.#elapsedMs() < rebuildIntervalMs) return root;
    return this.#moveTo(root);
  }

  /** The next generation takes new streams; the old one ends with its streams. A failure to start keeps the old one. */
  #moveTo(old: RootContext): RootContext {
    this.#lastAttempt = this.#host.clock.monotonic();
    const { vm } = this.slot;
    const isNew = vm === undefined || vm === old.vm || vm.failed || vm.isClosed;
    let next: Vm;
    try {
      next = isNew ? newVm(this.#host, this.plugin) : vm;
    } catch (error) {
      if (!(error instanceof LoadFailure)) throw error;
      this.#host.log.write("error", this.plugin.name, error.message);
      return old;
    }
    const root = next.failed ? undefined : next.startRoot(this.plugin);
    if (root === undefined) {
      if (isNew) next.close();
      return old;
    }
    this.slot.vm = next;
    this.root = root;
    old.retire();
    return root;
  }
}
