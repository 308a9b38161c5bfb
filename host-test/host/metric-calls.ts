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
      const number = vm.metrics.push({ type: metricType, handle: stats.define(metricType, text) });
      return vm.memory.setU32(idOut, number * 4 + type) ? Result.Ok : Result.InvalidMemoryAccess;
    },
    proxy_increment_metric(id: number, offset: bigint): number {
      vm.effective();
      const metric = metricOf(vm, id);
      if (metric === undefined) return Result.NotFound;
      if (metric.type === "histogram" || (metric.type === "counter" && offset <= 0n)) return Result.BadArgument;
      stats.add(metric.handle, offset);
      return Result.Ok;
    },
    proxy_record_metric(id: number, value: bigint): number {
      vm.effective();
      const metric = metricOf(vm, id);
      if (metric === undefined) return Result.NotFound;
      const unsigned = BigInt.asUintN(64, value);
      if (metric.type === "counter") stats.add(metric.handle, unsigned);
      else stats.record(metric.handle, unsigned);
      return Result.Ok;
    },
    proxy_get_metric(id: number, valueOut: number): number {
      vm.effective();
      const metric = metricOf(vm, id);
      if (metric === undefined) return Result.NotFound;
      if (metric.type === "histogram") return Result.BadArgument;
      return vm.memory.setU64(valueOut, stats.get(metric.handle)) ? Result.Ok : Result.InvalidMemoryAccess;
    },
  };
}

function metricOf(vm: Vm, id: number) {
  const metric = vm.metrics[(id >>> 2) - 1];
  return metric !== undefined && types[id & 3] === metric.type ? metric : undefined;
}
