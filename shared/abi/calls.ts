// Host calls that are answered later: HTTP, and Redis on Higress.

import * as env from "./env";
import { Span } from "../bytes/span";
import { clearOut, outNumber } from "./memory";
import { Status } from "./codes";
import { utf8, writtenSize } from "./text";

let lastStatus: Status = Status.Ok;

/** Whether the host took the last `httpCall` or `redisCall`. The token cannot tell: some hosts count from 0. */
export function callStatus(): Status {
  return lastStatus;
}

/**
 * The token of the call, if `callStatus` is Ok. Else the host refused: BadArgument for an unknown cluster or a
 * missing pseudo header, InternalFailure when the cluster has no host. `headers` in the host's serialized form.
 */
export function httpCall(cluster: string, headers: Span, body: Span, timeoutMs: i32): u32 {
  const bytes = utf8(cluster);
  clearOut();
  lastStatus = env.proxy_http_call(
    bytes,
    writtenSize(),
    headers.start,
    headers.size,
    body.start,
    body.size,
    0,
    0,
    timeoutMs,
    outNumber(),
  );
  return load<u32>(outNumber());
}

/** Higress only; elsewhere `Unimplemented`. BadArgument for an unknown cluster. */
export function redisInit(service: string, username: string, password: string, timeoutMs: i32): Status {
  if (isDefined(HIGRESS)) {
    const usernameBytes = Span.text(username);
    const passwordBytes = Span.text(password);
    const serviceBytes = utf8(service);
    return env.proxy_redis_init(
      serviceBytes,
      writtenSize(),
      usernameBytes.start,
      usernameBytes.size,
      passwordBytes.start,
      passwordBytes.size,
      timeoutMs,
    );
  } else {
    return Status.Unimplemented;
  }
}

/** Higress only. The token, if `callStatus` is Ok. */
export function redisCall(service: string, command: Span): u32 {
  if (isDefined(HIGRESS)) {
    const bytes = utf8(service);
    clearOut();
    lastStatus = env.proxy_redis_call(bytes, writtenSize(), command.start, command.size, outNumber());
    return load<u32>(outNumber());
  } else {
    lastStatus = Status.Unimplemented;
    return 0;
  }
}
