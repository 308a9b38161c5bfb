// What a plugin names as the callee of a gRPC call.

/**
 * Cluster name of a target: the name itself, or `envoy_grpc.cluster_name` of a serialized
 * `envoy.config.core.v3.GrpcService` (field 1 of field 1). `undefined`: neither.
 */
export function targetCluster(target: Uint8Array): string | undefined {
  const envoyGrpc = field(target, 1);
  const name = envoyGrpc && field(envoyGrpc, 1);
  if (name) return Buffer.from(name).toString("utf8");
  const text = Buffer.from(target).toString("utf8");
  return /^[\x21-\x7e]+$/.test(text) ? text : undefined;
}

/** Content of a length-delimited protobuf field; `undefined` when the bytes are no message or lack it. */
function field(message: Uint8Array, wanted: number): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  let at = 0;
  while (at < message.length) {
    const [tag, afterTag] = varint(message, at);
    if (tag === undefined) return undefined;
    // Only length-delimited fields and numbers occur in a GrpcService.
    const type = tag % 8;
    const [value, afterValue] = varint(message, afterTag);
    if (value === undefined || (type !== 0 && type !== 2)) return undefined;
    const end = type === 2 ? afterValue + value : afterValue;
    if (end > message.length) return undefined;
    if (type === 2 && Math.floor(tag / 8) === wanted) found = message.subarray(afterValue, end);
    at = end;
  }
  return found;
}

function varint(bytes: Uint8Array, start: number): [value: number | undefined, next: number] {
  let value = 0;
  for (let index = 0; index < 5; index++) {
    const byte = bytes[start + index];
    if (byte === undefined) break;
    value += (byte % 128) * 2 ** (7 * index);
    if (byte < 128) return [value, start + index + 1];
  }
  return [undefined, start];
}
