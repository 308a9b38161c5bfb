// How much of a message the plugin takes in.

import { hasRoom, Head, IS_HIGRESS, LARGE } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";

/** What the host is told to hold of a request, and of an answer that is not streamed. */
export const MAX_BODY_BYTES = 104857600;

export const TOO_LARGE: string = "the request body has more bytes than the gateway holds";

/**
 * A request that is translated is in memory twice. Anthropic takes 32 MiB, so more would only cost memory:
 * https://platform.claude.com/docs/en/api/errors#request-size-limits
 */
export const MAX_TRANSLATED_BYTES: i32 = 32 << 20;

/** Times its own size that a body takes while it is translated: read, written, and moved when what is written grows. */
const COPIES: u32 = 6;

/** Why a body is not translated that the host's limit on memory leaves no room for. */
export const NO_ROOM: string = "the body takes more memory to translate than the gateway has";

/** True for a body that the VM, whose memory the host may limit, cannot translate. Asked before it is read. */
export function lacksRoom(size: i32): bool {
  return size >= LARGE && !hasRoom(<u32>size * COPIES);
}

/** Bytes that a member or an item of JSON takes while its request is translated, apart from its text. */
const MEMBER_BYTES: u32 = 256;

/** As `lacksRoom`, for JSON that may have very many small members; they take more memory than their text. */
export function lacksRoomForMembers(json: Span): bool {
  if (json.size < LARGE) return false;
  let count: u32 = 0;
  for (let i = 0; i < json.size; i++) {
    const byte = json.at(i);
    if (byte == 0x22) i = endOfString(json, i + 1);
    else if (byte == 0x2c || byte == 0x5b || byte == 0x7b) count++;
  }
  const members = <u64>count * MEMBER_BYTES;
  // A few are in what the text takes.
  if (members <= <u64>json.size) return false;
  return !hasRoom(<u32>min<u64>(members + <u64>json.size * COPIES, u32.MAX_VALUE));
}

/** Where the quote stands that ends the string of this content. */
function endOfString(json: Span, start: i32): i32 {
  let at = start;
  while (at < json.size && json.at(at) != 0x22) at += json.at(at) == 0x5c ? 2 : 1;
  return at;
}

/** What `content-length` says, or -1 where it is absent or no number. A length beyond all limits is cut short. */
export function announcedLength(head: Head): i64 {
  const length = head.bytes("content-length");
  if (length === null || length.isEmpty) return -1;
  let size: i64 = 0;
  for (let i = 0; i < length.size; i++) {
    const digit = length.at(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    size = min<i64>(size * 10 + digit, i64.MAX_VALUE / 16);
  }
  return size;
}

/**
 * A body follows that may be edited. Its length goes, as Go's plugin does it: Higress may show the body without its
 * last piece. Stock Envoy shows all of it; there the length stays until `updateLength`, and the body goes out as it
 * came: chunks would cost both sides a fifteenth of what a filter costs.
 */
export function releaseLength(head: Head): void {
  if (IS_HIGRESS) head.remove("content-length");
}

/** The body was edited and is complete. A client that announced no length gets none announced. */
export function updateLength(head: Head, announced: i64, size: i32): void {
  if (!IS_HIGRESS && announced >= 0 && announced != size) head.set("content-length", size.toString());
}
