// How each provider puts the events of a stream on the wire.
import { crc32 } from "node:zlib";
import type { JsonObject } from "../../services/simulator/json-value.ts";
import { objectOf, textOf } from "../../services/simulator/json-value.ts";

/**
 * - `data`: `data: {json}` LF LF, closed by `data: [DONE]` LF LF (OpenAI chat completions and the compatible).
 * - `data-crlf`: `data: {json}` CR LF CR LF, no closing event (Gemini with `alt=sse`).
 * - `event`: `event: <type>` LF `data: {json}` LF LF, no closing event (Anthropic, OpenAI responses).
 * - `event-done`: as `event`, closed by `data: [DONE]` LF LF (Cohere v2, Gemini interactions).
 * - `eventstream`: `application/vnd.amazon.eventstream` messages (Bedrock Converse).
 * - `websocket`: messages of a WebSocket; they have no place in an HTTP body.
 */
export type Framing = "data" | "data-crlf" | "event" | "event-done" | "eventstream" | "websocket";

/** A stream's events, as the JSON text of each. Empty for `websocket`. */
export function frameStream(events: readonly string[], framing: Framing): Uint8Array {
  switch (framing) {
    case "data":
      return Buffer.from(events.map((event) => `data: ${event}\n\n`).join("") + "data: [DONE]\n\n");
    case "data-crlf":
      return Buffer.from(events.map((event) => `data: ${event}\r\n\r\n`).join(""));
    case "event":
      return Buffer.from(events.map(namedEvent).join(""));
    case "event-done":
      return Buffer.from(events.map(namedEvent).join("") + "data: [DONE]\n\n");
    case "eventstream":
      return Buffer.concat(events.map(converseMessage));
    case "websocket":
      return Buffer.alloc(0);
  }
}

export function contentTypeOf(framing: Framing): string {
  return framing === "eventstream"
    ? "application/vnd.amazon.eventstream"
    : "text/event-stream; charset=utf-8";
}

function namedEvent(event: string): string {
  return `event: ${typeOf(event)}\ndata: ${event}\n\n`;
}

// One recorded file holds events whose JSON is broken; the type at their start is still what the provider named.
function typeOf(event: string): string {
  const value = readEvent(event);
  if (!value) return /^\{"type":"([^"]+)"/.exec(event)?.[1] ?? "";
  return textOf(value.type) || textOf(value.event_type);
}

/** The event's value, or undefined where its text is not JSON. */
export function readEvent(event: string): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(event));
  } catch {
    return undefined;
  }
}

// A recorded Converse line is `{"<event type>": payload}`; on the wire the type is a header.
function converseMessage(event: string): Uint8Array {
  const [type, payload] = Object.entries(objectOf(JSON.parse(event)))[0] ?? ["", {}];
  return eventStreamMessage(
    { ":event-type": type, ":content-type": "application/json", ":message-type": "event" },
    Buffer.from(JSON.stringify(payload)),
  );
}

/**
 * One message of an AWS event stream with string headers.
 *
 *     u32 total length | u32 headers length | u32 CRC of these 8 bytes | headers | payload | u32 CRC of all before
 *     header: u8 name length | name | u8 7 | u16 value length | value
 */
export function eventStreamMessage(headers: Record<string, string>, payload: Uint8Array): Uint8Array {
  const head = Buffer.concat(
    Object.entries(headers).map(([name, value]) => {
      const nameBytes = Buffer.from(name);
      const valueBytes = Buffer.from(value);
      const length = Buffer.from([7, valueBytes.length >> 8, valueBytes.length & 0xff]);
      return Buffer.concat([Buffer.from([nameBytes.length]), nameBytes, length, valueBytes]);
    }),
  );
  const message = Buffer.alloc(16 + head.length + payload.length);
  message.writeUInt32BE(message.length, 0);
  message.writeUInt32BE(head.length, 4);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  head.copy(message, 12);
  message.set(payload, 12 + head.length);
  message.writeUInt32BE(crc32(message.subarray(0, message.length - 4)), message.length - 4);
  return message;
}
