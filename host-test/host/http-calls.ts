// proxy_http_call (compat/abi.md §10).

import { Result } from "./codes.ts";
import type { Calls } from "./imports.ts";
import { HeaderMap, lowerCase } from "./maps.ts";
import { decodePairs } from "./pairs.ts";
import type { Headers } from "./types.ts";
import type { Vm } from "./vm.ts";

export function httpCalls(vm: Vm): Calls {
  return {
    proxy_http_call(
      cluster: number,
      clusterSize: number,
      headers: number,
      headersSize: number,
      body: number,
      bodySize: number,
      trailers: number,
      trailersSize: number,
      timeoutMs: number,
      tokenOut: number,
    ): number {
      const { root, stream } = vm.effective();
      const { memory } = vm;
      const name = memory.text(cluster, clusterSize);
      const headerPairs = memory.span(headers, headersSize);
      const bodyBytes = memory.copy(body, bodySize);
      const trailerPairs = memory.span(trailers, trailersSize);
      if (
        name === undefined ||
        headerPairs === undefined ||
        bodyBytes === undefined ||
        trailerPairs === undefined
      ) {
        return Result.InvalidMemoryAccess;
      }
      if (!memory.setU32(tokenOut, 0)) return Result.InvalidMemoryAccess;
      if (timeoutMs < 0 || !vm.host.upstreams.has(name)) return Result.BadArgument;
      const map = callHeaders(decodePairs(headerPairs), bodyBytes.length, timeoutMs);
      if (map === undefined) return Result.BadArgument;
      const token = vm.newToken(0);
      const call = vm.host.upstreams.call(
        {
          cluster: name,
          headers: map,
          body: bodyBytes,
          trailers: decodePairs(trailerPairs).map(([key, value]) => [lowerCase(key), value]),
          timeoutMs,
        },
        (reply) => root.onHttpReply(token, reply),
      );
      if (call === null) return Result.InternalFailure;
      root.addHttpCall(token, call);
      vm.host.observer?.call?.({
        stream: stream?.http.id ?? 0,
        plugin: root.plugin.name,
        kind: "http",
        cluster: name,
        token,
      });
      memory.setU32(tokenOut, token);
      return Result.Ok;
    },
  };
}

/** What goes out, or undefined when a pseudo header is missing. */
function callHeaders(pairs: Headers, bodySize: number, timeoutMs: number): Headers | undefined {
  const map = new HeaderMap([]);
  for (const [name, value] of pairs) map.add(lowerCase(name), value);
  // Present but empty is accepted.
  if ([":method", ":path", ":authority"].some((name) => map.get(name) === undefined)) return undefined;
  if (map.get(":scheme") === undefined) map.add(":scheme", "http");
  if (bodySize > 0) map.replace("content-length", String(bodySize));
  map.replace("x-envoy-internal", "true");
  if (timeoutMs > 0) map.replace("x-envoy-expected-rq-timeout-ms", String(timeoutMs));
  return map.release();
}
