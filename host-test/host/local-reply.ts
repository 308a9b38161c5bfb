// The response that Envoy's sendLocalReply makes (source/common/http/utility.cc, prepareLocalReply).

import { HeaderMap, lowerCase } from "./maps.ts";
import type { Headers } from "./types.ts";

/**
 * Headers and body of a local reply. `headers` are added to the defaults; for gRPC requests the reply is
 * headers only, with the HTTP status mapped to a gRPC status unless `grpcStatus` is one (0 to 16).
 */
export function localReplyHeaders(
  status: number,
  body: string,
  headers: Headers,
  grpcStatus: number,
  isGrpc: boolean,
  isHead: boolean,
): { headers: Headers; body: string } {
  const map = new HeaderMap([[":status", String(status)]]);
  for (const [name, value] of headers) map.add(lowerCase(name), value);
  if (isGrpc) {
    map.replace(":status", "200");
    map.replace("content-type", "application/grpc");
    if (!map.get("grpc-status")) {
      map.replace(
        "grpc-status",
        String(grpcStatus >= 0 && grpcStatus <= 16 ? grpcStatus : grpcStatusOf(status)),
      );
    }
    if (body !== "" && !isHead) map.replace("grpc-message", percentEncode(body));
    map.remove("content-length");
    return { headers: map.release(), body: "" };
  }
  if (body === "") {
    map.remove("content-length");
    map.remove("content-type");
    return { headers: map.release(), body };
  }
  map.replace("content-length", String(body.length));
  if (map.get("content-type") === undefined) map.add("content-type", "text/plain");
  return { headers: map.release(), body: isHead ? "" : body };
}

/** https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md */
export function grpcStatusOf(status: number): number {
  if (status === 400) return 13;
  if (status === 401) return 16;
  if (status === 403) return 7;
  if (status === 404) return 12;
  if (status === 429 || status === 502 || status === 503 || status === 504) return 14;
  return 2;
}

function percentEncode(text: string): string {
  return text.replaceAll(
    /[^ -$&-~]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}
