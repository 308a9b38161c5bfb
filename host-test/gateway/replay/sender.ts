// Sends a recorded request again, as the client sent it.

import { request as send } from "node:http";
import type { AddressInfo } from "node:net";
import type { Headers } from "../../host/types.ts";
import { Capture } from "../traces/capture.ts";
import type { ReplayableRequest } from "../traces/exchange-trace.ts";
import { Redaction } from "../traces/redaction.ts";
import type { Message } from "../traces/trace.ts";

/** What belongs to the old connection, and what the gateway adds by itself. */
const ownHeaders = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "transfer-encoding",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-request-id",
  "x-envoy-external-address",
]);

export interface Replayed {
  /** The address the request came from: the trace of the same `source` is the replay's. */
  source: string;
  /** What came back. */
  response: Message;
}

/**
 * Resolves when the answer is complete. Rejects when the gateway cannot be reached or breaks the answer off.
 */
export async function replay({ headers, body }: ReplayableRequest, gateway: URL): Promise<Replayed> {
  const pseudo = (name: string): string => headers.find(([key]) => key === name)?.[1] ?? "";
  const kept = headers.filter(([name]) => !name.startsWith(":") && !ownHeaders.has(name));
  const done = Promise.withResolvers<Replayed>();
  let source = "";
  const outgoing = send(
    {
      host: gateway.hostname.replace(/^\[|\]$/g, ""),
      port: gateway.port || 80,
      method: pseudo(":method"),
      path: pseudo(":path"),
      headers: ["host", pseudo(":authority"), ...kept.flat(), "content-length", String(body.length)],
      agent: false,
    },
    (response) => {
      const answer = new Capture();
      response.on("data", (chunk: Buffer) => answer.add(chunk));
      response.on("end", () => {
        const received: Headers = [[":status", String(response.statusCode)], ...pairs(response.rawHeaders)];
        done.resolve({ source, response: { headers: received, body: answer.body(new Redaction([])) } });
      });
      response.on("error", done.reject);
    },
  );
  outgoing.on("socket", (socket) =>
    socket.once("connect", () => {
      const { address, port } = socket.address() as AddressInfo;
      source = `${address}:${port}`;
    }),
  );
  outgoing.on("error", done.reject);
  outgoing.end(body);
  return done.promise;
}

function pairs(raw: string[]): Headers {
  const headers: Headers = [];
  for (let i = 0; i + 1 < raw.length; i += 2) headers.push([raw[i]!.toLowerCase(), raw[i + 1]!]);
  return headers;
}
