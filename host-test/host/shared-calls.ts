// Host functions on shared data and shared queues (compat/abi.md §12).

import { Result } from "./codes.ts";
import type { Calls } from "./imports.ts";
import type { Vm } from "./vm.ts";

export function sharedCalls(vm: Vm): Calls {
  const { sharedData, queues } = vm.host;
  return {
    proxy_get_shared_data(
      key: number,
      keySize: number,
      pointerOut: number,
      sizeOut: number,
      casOut: number,
    ): number {
      vm.effective();
      const name = vm.memory.text(key, keySize);
      if (name === undefined) return Result.InvalidMemoryAccess;
      const entry = sharedData.get(vm.id, name);
      if (entry === undefined) return Result.NotFound;
      const written = vm.returnBytes(entry.value, pointerOut, sizeOut) && vm.memory.setU32(casOut, entry.cas);
      return written ? Result.Ok : Result.InvalidMemoryAccess;
    },
    proxy_set_shared_data(key: number, keySize: number, value: number, size: number, cas: number): number {
      vm.effective();
      const name = vm.memory.text(key, keySize);
      const bytes = vm.memory.copy(value, size);
      if (name === undefined || bytes === undefined) return Result.InvalidMemoryAccess;
      const outcome = sharedData.set(vm.id, name, bytes, cas >>> 0);
      if (outcome === "full") return vm.outOfSharedMemory();
      return outcome === "ok" ? Result.Ok : Result.CasMismatch;
    },
    proxy_register_shared_queue(name: number, size: number, tokenOut: number): number {
      const { root } = vm.effective();
      const text = vm.memory.text(name, size);
      if (text === undefined) return Result.InvalidMemoryAccess;
      const ready = () => root.onQueueReady(token);
      const token = queues.register(vm.id, text, ready);
      if (token === 0) return vm.outOfSharedMemory();
      root.queueListeners.push(ready);
      return vm.memory.setU32(tokenOut, token) ? Result.Ok : Result.InvalidMemoryAccess;
    },
    proxy_resolve_shared_queue(
      vmId: number,
      vmIdSize: number,
      name: number,
      size: number,
      tokenOut: number,
    ): number {
      vm.effective();
      const owner = vm.memory.text(vmId, vmIdSize);
      const text = vm.memory.text(name, size);
      if (owner === undefined || text === undefined) return Result.InvalidMemoryAccess;
      const token = queues.resolve(owner === "" ? vm.id : owner, text);
      if (token === 0) return Result.NotFound;
      return vm.memory.setU32(tokenOut, token) ? Result.Ok : Result.InvalidMemoryAccess;
    },
    proxy_dequeue_shared_queue(token: number, pointerOut: number, sizeOut: number): number {
      vm.effective();
      const item = queues.dequeue(token >>> 0);
      if (item === "empty") return Result.Empty;
      if (item === "unknown") return Result.NotFound;
      return vm.returnBytes(item, pointerOut, sizeOut) ? Result.Ok : Result.InvalidMemoryAccess;
    },
    proxy_enqueue_shared_queue(token: number, data: number, size: number): number {
      vm.effective();
      const bytes = vm.memory.copy(data, size);
      if (bytes === undefined) return Result.InvalidMemoryAccess;
      const outcome = queues.enqueue(token >>> 0, bytes);
      if (outcome === "full") return vm.outOfSharedMemory();
      return outcome === "ok" ? Result.Ok : Result.NotFound;
    },
  };
}
