// Shared queues for several workers (compat/abi.md §12).
//
//   queue: u32 first item, u32 last item, u32 listening worker, u32 items not yet told
//   item:  u32 next, u32 size │ bytes

import type { SharedQueues } from "../host/types.ts";
import { SharedMemoryFull } from "./shared-memory.ts";
import type { SharedMemory } from "./shared-memory.ts";

const queueBytes = 16;
const itemHead = 8;
const nameKey = "queue\0";
const tokenKey = "queue-token\0";
const bellKey = "queue-bell";

/** One object per worker. `close` it when the worker ends. */
export class WorkerQueues implements SharedQueues {
  readonly #memory: SharedMemory;
  /** Word that is counted up and notified on every enqueue. */
  readonly #bell: number;
  /** This worker, among those that listen. */
  readonly #worker: number;
  readonly #listeners = new Map<number, () => void>();
  #waiting = false;
  #closed = false;

  constructor(memory: SharedMemory) {
    this.#memory = memory;
    [this.#bell, this.#worker] = memory.locked(() => [blockOf(memory, bellKey, 8), memory.nextNumber()]);
  }

  register(vmId: string, name: string, ready: () => void): number {
    const memory = this.#memory;
    const token = memory.locked(() => {
      try {
        const entry = memory.findOrCreate(nameKey + vmId + "\0" + name);
        let number = memory.tag(entry);
        if (number === 0) {
          number = memory.nextNumber();
          blockOf(memory, tokenKey + number, queueBytes);
          memory.setTag(entry, number);
        }
        memory.numbers[(blockOf(memory, tokenKey + number, queueBytes) >> 2) + 2] = this.#worker;
        return number;
      } catch (error) {
        if (error instanceof SharedMemoryFull) return 0;
        throw error;
      }
    });
    if (token !== 0) {
      this.#listeners.set(token, ready);
      void this.#listen();
    }
    return token;
  }

  resolve(vmId: string, name: string): number {
    const memory = this.#memory;
    return memory.locked(() => {
      const entry = memory.find(nameKey + vmId + "\0" + name);
      return entry === 0 ? 0 : memory.tag(entry);
    });
  }

  enqueue(token: number, data: Uint8Array): "ok" | "unknown" | "full" {
    const memory = this.#memory;
    const outcome = memory.locked(() => {
      const queue = this.#queue(token);
      if (queue === 0) return "unknown";
      let item: number;
      try {
        item = memory.allocate(itemHead + data.length);
      } catch (error) {
        if (error instanceof SharedMemoryFull) return "full";
        throw error;
      }
      const { numbers } = memory;
      numbers[(item >> 2) + 1] = data.length;
      memory.bytes.set(data, item + itemHead);
      const last = numbers[(queue >> 2) + 1]!;
      numbers[(last === 0 ? queue : last) >> 2] = item;
      numbers[(queue >> 2) + 1] = item;
      numbers[(queue >> 2) + 3]!++;
      return "ok";
    });
    if (outcome === "ok") {
      const words = this.#words;
      Atomics.add(words, this.#bell >> 2, 1);
      Atomics.notify(words, this.#bell >> 2);
    }
    return outcome;
  }

  dequeue(token: number): Uint8Array | "empty" | "unknown" {
    const memory = this.#memory;
    return memory.locked(() => {
      const queue = this.#queue(token);
      if (queue === 0) return "unknown";
      const { numbers } = memory;
      const item = numbers[queue >> 2]!;
      if (item === 0) return "empty";
      const next = numbers[item >> 2]!;
      numbers[queue >> 2] = next;
      if (next === 0) numbers[(queue >> 2) + 1] = 0;
      const size = numbers[(item >> 2) + 1]!;
      const data = Buffer.allocUnsafe(size);
      data.set(memory.bytes.subarray(item + itemHead, item + itemHead + size));
      memory.free(item);
      return data;
    });
  }

  unregister(ready: () => void): void {
    for (const [token, listener] of this.#listeners) if (listener === ready) this.#listeners.delete(token);
  }

  /** Listens no more; a wait in progress does not keep the thread alive. */
  close(): void {
    this.#closed = true;
    this.#listeners.clear();
  }

  get #words(): Int32Array {
    return new Int32Array(this.#memory.buffer);
  }

  /** 0: unknown token. */
  #queue(token: number): number {
    const entry = this.#memory.find(tokenKey + token);
    return entry === 0 ? 0 : this.#memory.tag(entry);
  }

  async #listen(): Promise<void> {
    if (this.#waiting) return;
    this.#waiting = true;
    const words = this.#words;
    const at = this.#bell >> 2;
    while (!this.#closed && this.#listeners.size > 0) {
      const seen = Atomics.load(words, at);
      this.#tell();
      const wait = Atomics.waitAsync(words, at, seen);
      await wait.value;
    }
    this.#waiting = false;
  }

  /** Calls the listeners of this worker, once per item they were not told of. */
  #tell(): void {
    const memory = this.#memory;
    const due = memory.locked(() => {
      const calls: [() => void, number][] = [];
      for (const [token, ready] of this.#listeners) {
        const queue = this.#queue(token);
        const { numbers } = memory;
        const untold = numbers[(queue >> 2) + 3]!;
        if (untold === 0 || numbers[(queue >> 2) + 2] !== this.#worker) continue;
        numbers[(queue >> 2) + 3] = 0;
        calls.push([ready, untold]);
      }
      return calls;
    });
    for (const [ready, count] of due) for (let i = 0; i < count; i++) ready();
  }
}

/** The block that the entry's tag points to, made when it is new. @throws SharedMemoryFull */
function blockOf(memory: SharedMemory, key: string, bytes: number): number {
  const entry = memory.findOrCreate(key);
  if (memory.tag(entry) === 0) memory.setTag(entry, memory.allocate(bytes));
  return memory.tag(entry);
}
