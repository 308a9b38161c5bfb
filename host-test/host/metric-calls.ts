// Host functions on custom metrics (compat/abi.md §12). Ids belong to one VM, the values to the process.

import { Result } from "./codes.ts";
import type { Calls } from "./imports.ts";
import type { MetricType } from "./types.ts";
import type { Vm } from "./vm.ts";

const types: MetricType[] = ["counter", "gauge", "histogram"];

export function metricCalls(vm: Vm): Calls {
  const { stats } = vm.host;
  return {
    proxy_define_metric(type: number, name: number, size: number, idOut: number): number {
      vm.effective();
      const metricType = types[type];
      if (metricType === undefined) return Result.BadArgument;
      const text = vm.memory.span(name, size)?.toString("utf8");
      if (text === undefined) return Result.InvalidMemoryAccess;
      const handle = stats.define(metricType, text);
      if (handle === undefined) return vm.outOfSharedMemory();
      const number = vm.metrics[metricType].push(handle);
      return vm.memory.setU32(idOut, number * 4 + type) ? Result.Ok : Result.InvalidMemoryAccess;
    },
    proxy_increment_metric(id: number, offset: bigint): number {
      vm.effective();
      const type = types[id & 3];
      // The class is looked at before the metric.
      if (type === undefined || type === "histogram") return Result.BadArgument;
      if (type === "counter" && offset <= 0n) return Result.BadArgument;
      const handle = vm.metrics[type][(id >>> 2) - 1];
      if (handle === undefined) return Result.NotFound;
      stats.add(handle, offset);
      return Result.Ok;
    },
    proxy_record_metric(id: number, value: bigint): number {
      vm.effective();
      const type = types[id & 3];
      const handle = type === undefined ? undefined : vm.metrics[type][(id >>> 2) - 1];
      if (handle === undefined) return Result.NotFound;
      const unsigned = BigInt.asUintN(64, value);
      if (type === "counter") stats.add(handle, unsigned);
      else stats.record(handle, unsigned);
      return Result.Ok;
    },
    proxy_get_metric(id: number, valueOut: number): number {
      vm.effective();
      const type = types[id & 3];
      if (type === undefined || type === "histogram") return Result.BadArgument;
      const handle = vm.metrics[type][(id >>> 2) - 1];
      if (handle === undefined) return Result.NotFound;
      return vm.memory.setU64(valueOut, stats.get(handle)) ? Result.Ok : Result.InvalidMemoryAccess;
    },
  };
}
