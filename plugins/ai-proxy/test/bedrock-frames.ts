// Streams of Bedrock's Converse, framed as AWS does.

import { eventStreamMessage } from "../../../host-test/testing/recordings/framing.ts";
import type { TestReply } from "../../../host-test/testing/chain.ts";

/** One event of a stream: its type and its payload. */
export function frame(type: string, payload: object, headers: Record<string, string> = {}): Uint8Array {
  const named = {
    ":event-type": type,
    ":content-type": "application/json",
    ":message-type": "event",
    ...headers,
  };
  return eventStreamMessage(named, Buffer.from(JSON.stringify(payload)));
}

export function exception(type: string, message: string): Uint8Array {
  const headers = { ":exception-type": type, ":message-type": "exception" };
  return eventStreamMessage(headers, Buffer.from(JSON.stringify({ message })));
}

/** Messages of `{"<type>": payload}` texts; a text that is none is a payload without a type. */
export function converseMessages(texts: string[]): Buffer {
  return Buffer.concat(
    texts.map((text) => {
      const [, type = "", payload = text] = /^\{"(\w+)":(.*)\}$/s.exec(text) ?? [];
      const headers = { ":event-type": type, ":content-type": "application/json", ":message-type": "event" };
      return eventStreamMessage(headers, Buffer.from(payload));
    }),
  );
}

/** An answer that Bedrock streams, in these pieces. */
export function converseStream(chunks: Uint8Array[]): TestReply {
  return {
    headers: { "content-type": "application/vnd.amazon.eventstream", "x-amzn-requestid": "req-1" },
    chunks,
  };
}

export const start = () => frame("messageStart", { role: "assistant" });
export const delta = (index: number, value: object) =>
  frame("contentBlockDelta", { contentBlockIndex: index, delta: value, p: "abcd" });
export const blockStart = (index: number, value: object) =>
  frame("contentBlockStart", { contentBlockIndex: index, start: value });
export const blockStop = (index: number) => frame("contentBlockStop", { contentBlockIndex: index });
export const stop = (stopReason: string, more: object = {}) => frame("messageStop", { stopReason, ...more });
export const metadata = (usage: object) => frame("metadata", { metrics: { latencyMs: 1 }, usage });
