// proxy_get_property and proxy_set_property, with the names that steer Higress (compat/abi.md §11, §16.4).

import { Result } from "./codes.ts";
import type { Calls } from "./imports.ts";
import { getProperty } from "./properties.ts";
import { serialize } from "./property-value.ts";
import type { StreamContext } from "./stream-context.ts";
import type { Vm } from "./vm.ts";

const spanTag = "trace_span_tag.";

export function propertyCalls(vm: Vm): Calls {
  return {
    proxy_get_property(path: number, size: number, pointerOut: number, sizeOut: number): number {
      const context = vm.effective();
      const text = vm.memory.text(path, size);
      if (text === undefined) return Result.InvalidMemoryAccess;
      if (text === "") return Result.SerializationFailure;
      const value = getProperty(context, text.split("\0"));
      if (value === undefined) return Result.NotFound;
      const bytes = serialize(value);
      if (bytes === undefined) return Result.SerializationFailure;
      const written =
        typeof bytes === "string"
          ? vm.returnText(bytes, pointerOut, sizeOut)
          : vm.returnBytes(bytes, pointerOut, sizeOut);
      return written ? Result.Ok : Result.InvalidMemoryAccess;
    },
    proxy_set_property(path: number, size: number, value: number, valueSize: number): number {
      const { stream } = vm.effective();
      const name = vm.memory.text(path, size);
      const text = vm.memory.text(value, valueSize);
      if (name === undefined || text === undefined) return Result.InvalidMemoryAccess;
      if (stream === undefined) return Result.NotFound;
      if (vm.host.flavour === "higress" && steer(stream, name, text)) return Result.Ok;
      const { http } = stream;
      if (stream.root.declared.get(name) && http.filterState.has(`wasm.${name}`)) return Result.BadArgument;
      http.filterState.set(`wasm.${name}`, text);
      return Result.Ok;
    },
  };
}

/** true: the name is not stored as a property. */
function steer(stream: StreamContext, name: string, value: string): boolean {
  const { http } = stream;
  switch (name) {
    case "clear_route_cache":
      http.keepRoute = value === "off";
      return false;
    case "set_decoder_buffer_limit":
      if (/^\d{1,10}$/.test(value)) http.request.limit = Number(value);
      return false;
    case "set_encoder_buffer_limit":
      if (/^\d{1,10}$/.test(value)) http.response.limit = Number(value);
      return false;
    case "wasm_need_rebuild":
      stream.vm.rebuildRequested = value === "true";
      return false;
  }
  if (!name.startsWith(spanTag)) return false;
  http.spanTags.set(name.slice(spanTag.length), value);
  return true;
}
