// Host functions that only Higress has (compat/abi.md §16.1).

import { BodyBuffer } from "./buffers.ts";
import { Result } from "./codes.ts";
import type { Calls } from "./imports.ts";
import { encodePairs } from "./pairs.ts";
import { latin1 } from "./plugin.ts";
import type { Vm } from "./vm.ts";

export function higressCalls(vm: Vm): Calls {
  return {
    proxy_redis_init(
      service: number,
      serviceSize: number,
      username: number,
      usernameSize: number,
      password: number,
      passwordSize: number,
      timeoutMs: number,
    ): number {
      vm.effective();
      const { memory } = vm;
      const target = memory.text(service, serviceSize);
      const user = memory.text(username, usernameSize);
      const secret = memory.text(password, passwordSize);
      if (target === undefined || user === undefined || secret === undefined)
        return Result.InvalidMemoryAccess;
      const answer = vm.host.redis?.init(target, user, secret, timeoutMs >>> 0);
      return answer === "ok" ? Result.Ok : Result.BadArgument;
    },
    proxy_redis_call(
      service: number,
      serviceSize: number,
      query: number,
      querySize: number,
      tokenOut: number,
    ): number {
      const { root, stream } = vm.effective();
      const target = vm.memory.text(service, serviceSize)?.replace(/\?.*$/s, "");
      const command = vm.memory.copy(query, querySize);
      if (target === undefined || command === undefined || !vm.memory.setU32(tokenOut, 0)) {
        return Result.InvalidMemoryAccess;
      }
      const token = vm.newToken(3);
      const answer = vm.host.redis?.call(target, command, (data) => root.onRedisReply(token, data));
      if (answer === "failed") return Result.InternalFailure;
      if (answer !== "ok") return Result.BadArgument;
      vm.memory.setU32(tokenOut, token);
      vm.host.observer?.call?.({
        stream: stream?.http.id ?? 0,
        plugin: root.plugin.name,
        kind: "redis",
        cluster: target,
        token,
      });
      return Result.Ok;
    },
    proxy_inject_encoded_data_to_filter_chain(body: number, size: number, endStream: number): number {
      const { stream } = vm.effective();
      const bytes = vm.memory.copy(body, size);
      if (bytes === undefined) return Result.InvalidMemoryAccess;
      stream?.http.inject(stream.response.place, new BodyBuffer(bytes), endStream !== 0);
      return Result.Ok;
    },
    proxy_get_upstream_hosts(pointerOut: number, sizeOut: number): number {
      const cluster = vm.effective().stream?.http.route?.cluster;
      const hosts = cluster === undefined ? [] : vm.host.upstreams.hosts(cluster);
      if (hosts.length === 0)
        return vm.returnText("", pointerOut, sizeOut) ? Result.Ok : Result.InvalidMemoryAccess;
      const pairs = encodePairs(hosts.map((host) => [latin1(host), ""]));
      return vm.returnBytes(pairs, pointerOut, sizeOut) ? Result.Ok : Result.InvalidMemoryAccess;
    },
    proxy_set_upstream_override_host(address: number, size: number): number {
      const { stream } = vm.effective();
      const text = vm.memory.text(address, size);
      if (text === undefined) return Result.InvalidMemoryAccess;
      if (stream !== undefined) stream.http.overrideHost = text;
      return Result.Ok;
    },
  };
}
