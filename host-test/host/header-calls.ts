// Host functions on header and trailer maps (compat/abi.md §6).

import { MapType, Result } from "./codes.ts";
import type { Context } from "./context.ts";
import type { Calls } from "./imports.ts";
import { lowerCase } from "./maps.ts";
import type { HeaderMap } from "./maps.ts";
import { decodePairs, pairsSize, writePairs } from "./pairs.ts";
import type { Vm } from "./vm.ts";
import { mutableMap, readableMap } from "./windows.ts";

const lastMap = MapType.HttpCallResponseTrailers;

function changed(context: Context, type: number): number {
  if (type === MapType.RequestHeaders) {
    const { http } = context.stream!;
    if (!http.keepRoute) http.clearRouteCache();
  }
  return Result.Ok;
}

export function headerCalls(vm: Vm): Calls {
  /** Add and replace differ in one step. */
  const edit = (apply: (map: HeaderMap, name: string, value: string) => void) => {
    return (type: number, key: number, keySize: number, value: number, valueSize: number): number => {
      const context = vm.effective();
      if (type >>> 0 > lastMap) return Result.BadArgument;
      const name = vm.memory.text(key, keySize);
      const text = vm.memory.text(value, valueSize);
      if (name === undefined || text === undefined) return Result.InvalidMemoryAccess;
      const map = mutableMap(context, type);
      if (map === undefined) return Result.BadArgument;
      apply(map, lowerCase(name), text);
      return changed(context, type);
    };
  };
  return {
    proxy_get_header_map_value(
      type: number,
      key: number,
      keySize: number,
      pointerOut: number,
      sizeOut: number,
    ): number {
      const context = vm.effective();
      if (type >>> 0 > lastMap) return Result.BadArgument;
      const name = vm.memory.text(key, keySize);
      if (name === undefined) return Result.InvalidMemoryAccess;
      const map = readableMap(context, type);
      if (map === undefined) return context.stream?.logging ? Result.NotFound : Result.BadArgument;
      const value = map.get(lowerCase(name));
      if (value === undefined) {
        if (vm.abiVersion !== "0.1.0") return Result.NotFound;
        return vm.returnText("", pointerOut, sizeOut) ? Result.Ok : Result.InvalidMemoryAccess;
      }
      return vm.returnText(value, pointerOut, sizeOut) ? Result.Ok : Result.InvalidMemoryAccess;
    },
    proxy_add_header_map_value: edit((map, name, value) => map.add(name, value)),
    proxy_replace_header_map_value: edit((map, name, value) => map.replace(name, value)),
    proxy_remove_header_map_value(type: number, key: number, keySize: number): number {
      const context = vm.effective();
      if (type >>> 0 > lastMap) return Result.BadArgument;
      const name = vm.memory.text(key, keySize);
      if (name === undefined) return Result.InvalidMemoryAccess;
      const map = mutableMap(context, type);
      if (map === undefined) return Result.BadArgument;
      map.remove(lowerCase(name));
      return changed(context, type);
    },
    proxy_get_header_map_pairs(type: number, pointerOut: number, sizeOut: number): number {
      const context = vm.effective();
      if (type >>> 0 > lastMap) return Result.BadArgument;
      const pairs = readableMap(context, type)?.entries ?? [];
      if (pairs.length === 0)
        return vm.returnText("", pointerOut, sizeOut) ? Result.Ok : Result.InvalidMemoryAccess;
      const size = pairsSize(pairs);
      const at = vm.allocate(size);
      if (at < 0) return Result.InvalidMemoryAccess;
      writePairs(vm.memory.bytes, at, pairs);
      return vm.memory.setU32(pointerOut, at) && vm.memory.setU32(sizeOut, size)
        ? Result.Ok
        : Result.InvalidMemoryAccess;
    },
    proxy_set_header_map_pairs(type: number, data: number, size: number): number {
      const context = vm.effective();
      if (type >>> 0 > lastMap) return Result.BadArgument;
      const bytes = vm.memory.span(data, size);
      if (bytes === undefined) return Result.InvalidMemoryAccess;
      const map = mutableMap(context, type);
      if (map === undefined) return Result.BadArgument;
      const pairs = decodePairs(bytes);
      for (const pair of pairs) pair[0] = lowerCase(pair[0]);
      map.replaceAll(pairs);
      return changed(context, type);
    },
    proxy_get_header_map_size(type: number, sizeOut: number): number {
      const context = vm.effective();
      if (type >>> 0 > lastMap) return Result.BadArgument;
      const map = mutableMap(context, type);
      if (map === undefined) return Result.BadArgument;
      return vm.memory.setU32(sizeOut, map.byteSize()) ? Result.Ok : Result.InvalidMemoryAccess;
    },
  };
}
