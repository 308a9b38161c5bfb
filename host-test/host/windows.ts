// Which header and trailer maps a context may read or change at this moment (compat/abi.md §6).

import { MapType } from "./codes.ts";
import type { Context } from "./context.ts";
import { HeaderMap } from "./maps.ts";
import type { Headers } from "./types.ts";

/** The map that may be changed now. */
export function mutableMap(context: Context, type: number): HeaderMap | undefined {
  const { stream } = context;
  if (stream === undefined) return undefined;
  switch (type) {
    case MapType.RequestHeaders:
      return stream.request.headers;
    case MapType.RequestTrailers:
      return stream.request.mutableTrailers();
    case MapType.ResponseHeaders:
      return stream.response.headers;
    case MapType.ResponseTrailers:
      return stream.response.mutableTrailers();
  }
  return undefined;
}

/** The map that may be read now. */
export function readableMap(context: Context, type: number): HeaderMap | undefined {
  const { root, stream } = context;
  switch (type) {
    case MapType.GrpcReceiveInitialMetadata:
      return wrap(root.grpcInitialMetadata);
    case MapType.GrpcReceiveTrailingMetadata:
      return wrap(root.grpcTrailingMetadata);
    case MapType.HttpCallResponseHeaders:
      return wrap(root.callResponse?.headers);
    case MapType.HttpCallResponseTrailers:
      return wrap(root.callResponse?.trailers);
  }
  if (stream === undefined) return undefined;
  const isRequest = type === MapType.RequestHeaders || type === MapType.RequestTrailers;
  const side = isRequest ? stream.request : stream.response;
  const path = isRequest ? stream.http.request : stream.http.response;
  if (type === MapType.RequestTrailers || type === MapType.ResponseTrailers) {
    return stream.logging ? path.trailers : side.trailers;
  }
  if (stream.logging) return path.headers;
  // Higress keeps request headers readable in the response phase.
  if (side.headers === undefined && isRequest && context.vm.host.flavour === "higress") {
    return stream.http.response.headers === undefined ? undefined : path.headers;
  }
  return side.headers;
}

function wrap(headers: Headers | undefined): HeaderMap | undefined {
  return headers && new HeaderMap(headers, true);
}
