// Host functions that steer an exchange (compat/abi.md §9).

import { Result, StreamType } from "./codes.ts";
import type { Calls } from "./imports.ts";
import { decodePairs } from "./pairs.ts";
import type { Vm } from "./vm.ts";

export function streamCalls(vm: Vm): Calls {
  const continueStream = (type: number): number => {
    const { stream } = vm.effective();
    switch (type) {
      case StreamType.Request:
        stream?.continueStream("request");
        return Result.Ok;
      case StreamType.Response:
        stream?.continueStream("response");
        return Result.Ok;
      case StreamType.Downstream:
        return Result.Ok;
      case StreamType.Upstream:
        return Result.Unimplemented;
    }
    return Result.BadArgument;
  };
  return {
    proxy_send_local_response(
      status: number,
      details: number,
      detailsSize: number,
      body: number,
      bodySize: number,
      headers: number,
      headersSize: number,
      grpcStatus: number,
    ): number {
      const { stream } = vm.effective();
      const detailsText = vm.memory.text(details, detailsSize);
      const bodyText = vm.memory.text(body, bodySize);
      const pairs = vm.memory.span(headers, headersSize);
      if (detailsText === undefined || bodyText === undefined || pairs === undefined) {
        return Result.InvalidMemoryAccess;
      }
      if (stream === undefined) return Result.Ok;
      if (stream.localReplySent && vm.host.flavour === "higress") return Result.BadArgument;
      stream.sendLocalResponse(status >>> 0, bodyText, decodePairs(pairs), grpcStatus, detailsText);
      return Result.Ok;
    },
    proxy_continue_stream: continueStream,
    proxy_continue_request: () => continueStream(StreamType.Request),
    proxy_continue_response: () => continueStream(StreamType.Response),
    proxy_close_stream(type: number): number {
      const { stream } = vm.effective();
      if (type < 0 || type > StreamType.Upstream) return Result.BadArgument;
      if (stream !== undefined && type <= StreamType.Response) vm.afterCall(() => stream.http.close());
      return Result.Ok;
    },
    proxy_clear_route_cache(): number {
      vm.effective().stream?.http.clearRouteCache();
      return Result.Ok;
    },
    proxy_set_effective_context(id: number): number {
      vm.effective();
      return vm.setEffective(id >>> 0) ? Result.Ok : Result.BadArgument;
    },
    proxy_done(): number {
      const { root } = vm.effective();
      if (!vm.pendingDone.delete(root)) return Result.NotFound;
      vm.afterCall(() => root.delete());
      return Result.Ok;
    },
  };
}
