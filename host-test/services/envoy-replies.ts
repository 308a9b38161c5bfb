// The answers that Envoy's router makes itself, word for word (measured on 1.40).

import type { Headers } from "../host/types.ts";
import type { FailureReason } from "./upstream-stream.ts";

export interface LocalReply {
  headers: Headers;
  body: Uint8Array;
}

export const noHealthyUpstream = "no healthy upstream";
export const requestTimeout = "upstream request timeout";

/** Text of the 503 after a failed request. */
export function unavailableText(reason: FailureReason, wasRetried = false): string {
  const introduction = "upstream connect error or disconnect/reset before headers.";
  return `${introduction} ${wasRetried ? "retried and the latest reset reason" : "reset reason"}: ${reason}`;
}

export function localReply(status: number, text: string): LocalReply {
  const body = Buffer.from(text, "latin1");
  return {
    headers: [
      [":status", String(status)],
      ["content-length", String(body.length)],
      ["content-type", "text/plain"],
    ],
    body,
  };
}
