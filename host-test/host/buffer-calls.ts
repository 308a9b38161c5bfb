// Host functions on buffers (compat/abi.md §7).

import { BodyBuffer } from "./buffers.ts";
import { BufferType, Result } from "./codes.ts";
import type { Context } from "./context.ts";
import type { Calls } from "./imports.ts";
import type { Vm } from "./vm.ts";

const empty = new BodyBuffer();

/** undefined: there is no such buffer now (NotFound). A body that is not there reads as empty. */
function readableBuffer(context: Context, type: number): BodyBuffer | undefined {
  const { root, stream } = context;
  switch (type) {
    case BufferType.HttpRequestBody:
      return stream?.request.visible ?? empty;
    case BufferType.HttpResponseBody:
      return stream?.response.visible ?? empty;
    case BufferType.DownstreamData:
    case BufferType.UpstreamData:
      return empty;
    case BufferType.HttpCallResponseBody:
      return wrap(root.callResponse?.body);
    case BufferType.GrpcReceiveBuffer:
      return new BodyBuffer(root.grpcMessage);
    case BufferType.VmConfiguration:
      return new BodyBuffer(Buffer.from(context.vm.configuration, "latin1"));
    case BufferType.PluginConfiguration:
      return root.configuring ? new BodyBuffer(Buffer.from(root.plugin.configuration, "latin1")) : undefined;
    case BufferType.CallData:
      return new BodyBuffer(root.callData);
    case BufferType.RedisCallResponse:
      return wrap(root.redisResponse);
  }
  return undefined;
}

function wrap(bytes: Uint8Array | undefined): BodyBuffer | undefined {
  return bytes && new BodyBuffer(bytes);
}

function lastBuffer(vm: Vm): number {
  return vm.host.flavour === "higress" ? BufferType.RedisCallResponse : BufferType.CallData;
}

export function bufferCalls(vm: Vm): Calls {
  return {
    proxy_get_buffer_status(type: number, lengthOut: number, flagsOut: number): number {
      const context = vm.effective();
      if (type >>> 0 > lastBuffer(vm)) return Result.BadArgument;
      const buffer = readableBuffer(context, type);
      if (buffer === undefined) return Result.NotFound;
      const written = vm.memory.setU32(lengthOut, buffer.length) && vm.memory.setU32(flagsOut, 0);
      return written ? Result.Ok : Result.InvalidMemoryAccess;
    },
    proxy_get_buffer_bytes(
      type: number,
      start: number,
      length: number,
      pointerOut: number,
      sizeOut: number,
    ): number {
      const context = vm.effective();
      if (type >>> 0 > lastBuffer(vm)) return Result.BadArgument;
      const buffer = readableBuffer(context, type);
      if (buffer === undefined) return Result.NotFound;
      start >>>= 0;
      length >>>= 0;
      const size = Math.min(length, Math.max(0, buffer.length - start));
      if (size === 0) return vm.returnText("", pointerOut, sizeOut) ? Result.Ok : Result.InvalidMemoryAccess;
      const at = vm.allocate(size);
      if (at < 0) return Result.InvalidMemoryAccess;
      buffer.copyTo(vm.memory.bytes, at, start, size);
      return vm.memory.setU32(pointerOut, at) && vm.memory.setU32(sizeOut, size)
        ? Result.Ok
        : Result.InvalidMemoryAccess;
    },
    proxy_set_buffer_bytes(type: number, start: number, length: number, data: number, size: number): number {
      const context = vm.effective();
      if (type >>> 0 > lastBuffer(vm)) return Result.BadArgument;
      const { stream } = context;
      let buffer: BodyBuffer | undefined;
      if (type === BufferType.HttpRequestBody) buffer = stream?.request.visible;
      else if (type === BufferType.HttpResponseBody) buffer = stream?.response.visible;
      else if (readableBuffer(context, type) === undefined) return Result.NotFound;
      const bytes = vm.memory.copy(data, size);
      if (bytes === undefined) return Result.InvalidMemoryAccess;
      if (buffer === undefined) return Result.BadArgument;
      if (start === 0) {
        buffer.drain(length >>> 0);
        buffer.prepend(bytes);
        return Result.Ok;
      }
      if (start >>> 0 < buffer.length) return Result.BadArgument;
      buffer.append(bytes);
      return Result.Ok;
    },
  };
}
