// Host functions that need no exchange: log, time, timers, status (compat/abi.md §12).

import { logLevels, Result } from "./codes.ts";
import type { Calls } from "./imports.ts";
import type { Vm } from "./vm.ts";

export function systemCalls(vm: Vm): Calls {
  return {
    proxy_log(level: number, message: number, size: number): number {
      // Always allowed, also while the module starts or allocates.
      const context = vm.effectiveAlways();
      if (level >>> 0 >= logLevels.length) return Result.BadArgument;
      const bytes = vm.memory.span(message, size);
      if (bytes === undefined) return Result.InvalidMemoryAccess;
      vm.log(context, level, bytes.toString("utf8"));
      return Result.Ok;
    },
    proxy_get_log_level(levelOut: number): number {
      vm.effective();
      return vm.memory.setU32(levelOut, logLevels.indexOf(vm.host.log.level))
        ? Result.Ok
        : Result.InvalidMemoryAccess;
    },
    proxy_get_status(codeOut: number, pointerOut: number, sizeOut: number): number {
      const { root } = vm.effective();
      if (!vm.memory.setU32(codeOut, root.statusCode)) return Result.InvalidMemoryAccess;
      return vm.returnText(root.statusMessage, pointerOut, sizeOut) ? Result.Ok : Result.InvalidMemoryAccess;
    },
    proxy_get_current_time_nanoseconds(timeOut: number): number {
      vm.effective();
      return vm.memory.setU64(timeOut, vm.host.clock.now()) ? Result.Ok : Result.InvalidMemoryAccess;
    },
    proxy_set_tick_period_milliseconds(periodMs: number): number {
      vm.effective().root.setTickPeriod(periodMs >>> 0);
      return Result.Ok;
    },
    proxy_get_configuration(pointerOut: number, sizeOut: number): number {
      const { root } = vm.effective();
      const text = root.configuring ? root.plugin.configuration : "";
      return vm.returnText(text, pointerOut, sizeOut) ? Result.Ok : Result.InvalidMemoryAccess;
    },
    pthread_equal: (left: number, right: number): number => (left === right ? 1 : 0),
    emscripten_notify_memory_growth: (): void => {},
    envoy_resolve_dns(address: number, size: number, tokenOut: number): number {
      const { root } = vm.effective();
      const name = vm.memory.text(address, size);
      if (name === undefined) return Result.InvalidMemoryAccess;
      const token = vm.newLookupToken();
      if (!vm.memory.setU32(tokenOut, token)) return Result.InvalidMemoryAccess;
      vm.host.resolveName(name, (addresses) => root.onNameResolved(token, addresses));
      return Result.Ok;
    },
  };
}
