// Which headers of an upstream's answer reach the client: all but those that describe the body that it had.

import { Head, HeaderList } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";

const OF_BODY: string[] = [
  "content-type",
  "content-length",
  "content-encoding",
  "content-range",
  "content-disposition",
  "content-md5",
  "digest",
  "etag",
  "last-modified",
  "accept-ranges",
  "transfer-encoding",
  "trailer",
  "connection",
  "mcp-session-id",
];

export function isOfBody(name: Span): bool {
  for (let i = 0; i < OF_BODY.length; i++) if (name.equalsAscii(OF_BODY[i])) return true;
  return false;
}

/** The others, for a reply in place of the answer. */
export function keptHeaders(head: Head): HeaderList {
  const kept = new HeaderList();
  const pairs = head.pairs();
  while (pairs.next()) {
    if (pairs.name.at(0) != 0x3a && !isOfBody(pairs.name)) kept.addBytes(pairs.name.toString(), pairs.value);
  }
  return kept;
}
