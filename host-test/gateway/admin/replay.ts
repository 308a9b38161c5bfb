// Sends a recorded request again, as the client sent it.

import { request as send } from "node:http";
import type { AddressInfo } from "node:net";
import type { ReplayableRequest } from "../traces/exchange-trace.ts";

/** What belongs to the old connection, and what the gateway adds by itself. */
const ownHeaders = new Set([
  "connection",
  "content-length",
  "transfer-encoding",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-request-id",
  "x-envoy-external-address",
]);

/**
 * Resolves, when the answer is complete, with the address the request came from: the trace of the same `source`
 * is the replay's. Rejects when the gateway cannot be reached or breaks the answer off.
 */
export async function replay({ headers, body }: ReplayableRequest, gateway: URL): Promise<string> {
  const pseudo = (name: string): string => headers.find(([key]) => key === name)?.[1] ?? "";
  const kept = headers.filter(([name]) => !name.startsWith(":") && !ownHeaders.has(name));
  const done = Promise.withResolvers<string>();
  let source = "";
  const outgoing = send(
    {
      host: gateway.hostname.replace(/^\[|\]$/g, ""),
      port: gateway.port,
      method: pseudo(":method"),
      path: pseudo(":path"),
      headers: ["host", pseudo(":authority"), ...kept.flat(), "content-length", String(body.length)],
      agent: false,
    },
    (response) => {
      response.on("end", () => done.resolve(source));
      response.on("error", done.reject);
      response.resume();
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
