// All plugins of a listener on one worker: creation, configuration changes, new streams.

import { LoadFailure } from "../vm/load.ts";
import { withDefaults } from "./options.ts";
import type { HostOptions } from "./options.ts";
import { Plugin } from "./plugin.ts";
import { newVm, PluginHandle, VmSlot } from "./plugin-handle.ts";
import { Stream } from "./stream.ts";
import type { StreamFilter } from "./stream.ts";
import { ConfigurationRejected } from "./types.ts";
import type { Chain, ChainOptions, ChainStream, PluginSpec, StreamEvents, StreamInfo } from "./types.ts";

/**
 * Loads, starts and configures every plugin of `options`.
 * A chain that never gets a stream stands for Envoy's main thread: its plugins tick and call out too.
 * @throws ConfigurationRejected naming the plugin that cannot be used.
 */
export function createChain(options: ChainOptions): Chain {
  return new FilterChain(withDefaults(options));
}

class FilterChain implements Chain {
  readonly #host: HostOptions;
  readonly #slots = new Map<string, VmSlot>();
  readonly #streams = new Set<Stream>();
  #handles: PluginHandle[];
  #nextStream = 1;

  constructor(host: HostOptions) {
    this.#host = host;
    this.#handles = this.#start(host.plugins, []);
  }

  newStream(events: StreamEvents, info: StreamInfo): ChainStream {
    const filters = (stream: Stream) =>
      this.#handles.flatMap((handle): StreamFilter[] => {
        const filter = handle.filter(stream);
        return filter === undefined ? [] : [filter];
      });
    const stream = new Stream(this.#nextStream++, this.#host, filters, events, info, (ended) =>
      this.#streams.delete(ended),
    );
    this.#streams.add(stream);
    return stream;
  }

  async reconfigure(plugins: PluginSpec[]): Promise<void> {
    const old = this.#handles;
    this.#handles = this.#start(plugins, old);
    const kept = new Set(this.#handles.map(({ root }) => root));
    for (const { root } of old) if (root !== undefined && !kept.has(root)) root.retire();
    const used = new Set(this.#handles.map(({ slot }) => slot));
    for (const [key, slot] of this.#slots) if (!used.has(slot)) this.#slots.delete(key);
  }

  stats(): string {
    return this.#host.stats.prometheus();
  }

  liveStreams(): number {
    return this.#streams.size;
  }

  memoryPages(): number {
    let bytes = 0;
    for (const { vm } of this.#slots.values()) if (vm !== undefined) bytes += vm.memory.bytes.length;
    return bytes / 65536;
  }

  close(): void {
    for (const stream of this.#streams) stream.resetStream("listener_closed");
    for (const { vm } of this.#slots.values()) {
      if (vm === undefined) continue;
      for (const root of [...vm.roots.values()]) root.shutDown();
      vm.close();
    }
  }

  /** Handles for `specs`; those of `old` with the same keys keep their root. Nothing is changed when one is refused. */
  #start(specs: PluginSpec[], old: PluginHandle[]): PluginHandle[] {
    const plugins = specs.map((spec) => new Plugin(spec, this.#host.flavour));
    const known = (plugin: Plugin) =>
      old.find(
        ({ plugin: { key, vmKey }, root }) =>
          key === plugin.key && vmKey === plugin.vmKey && root !== undefined,
      );
    const canary = this.#host.canary ?? true;
    if (canary) for (const plugin of plugins) if (known(plugin) === undefined) this.#tryOut(plugin);
    const started: PluginHandle[] = [];
    try {
      return plugins.map((plugin) => {
        const handle = new PluginHandle(this.#host, plugin, this.#slot(plugin));
        const same = known(plugin);
        if (same !== undefined) handle.root = same.root;
        else {
          started.push(handle);
          const root = guard(plugin, () => handle.start());
          // After a canary, a refusal on a worker is a failed VM, not a rejected configuration.
          if (root === undefined && !canary) throw rejected(plugin, handle.slot.vm?.lastError ?? "");
        }
        return handle;
      });
    } catch (error) {
      for (const { root } of started) root?.retire();
      throw error;
    }
  }

  #slot(plugin: Plugin): VmSlot {
    let slot = this.#slots.get(plugin.vmKey);
    if (slot === undefined) {
      slot = new VmSlot(this.#host);
      this.#slots.set(plugin.vmKey, slot);
    }
    return slot;
  }

  #tryOut(plugin: Plugin): void {
    const vm = guard(plugin, () => newVm(this.#host, plugin));
    const root = vm.failed ? undefined : vm.startRoot(plugin);
    const { lastError } = vm;
    vm.close();
    if (root === undefined) throw rejected(plugin, lastError);
  }
}

function guard<Value>(plugin: Plugin, action: () => Value): Value {
  try {
    return action();
  } catch (error) {
    if (error instanceof LoadFailure) throw rejected(plugin, error.message);
    throw error;
  }
}

function rejected(plugin: Plugin, cause: string): ConfigurationRejected {
  const message = `Unable to create Wasm plugin ${plugin.name}`;
  return new ConfigurationRejected(plugin.name, cause === "" ? message : `${message}: ${cause}`);
}
