// A server of the reference implementations on the loopback address.

import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";

export interface Reference {
  /** `ip:port`. */
  address: string;
  url: string;
  /** JSON-RPC methods and HTTP methods without a message, in order of arrival. */
  requests: { method: string; headers: IncomingMessage["headers"] }[];
  close(): Promise<void>;
}

export type Handle = (request: IncomingMessage, response: ServerResponse, body: unknown) => Promise<void>;

/** Pages of other hosts are refused, as servers on a developer's machine have to. */
export async function listen(handle: Handle): Promise<Reference> {
  const requests: Reference["requests"] = [];
  const server = createServer(async (request, response) => {
    const origin = request.headers.origin;
    if (origin !== undefined && !/^https?:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/.test(origin)) {
      response.writeHead(403).end();
      return;
    }
    const body = await read(request);
    const method = (body as { method?: string } | undefined)?.method ?? request.method ?? "";
    requests.push({ method, headers: request.headers });
    await handle(request, response, body).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const address = `127.0.0.1:${port}`;
  return { address, url: `http://${address}/mcp`, requests, close: () => close(server) };
}

async function read(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Answers with what a handler of web requests gives; the stream ends with its client. */
export async function serveWeb(
  fetch: (request: Request) => Promise<Response>,
  request: IncomingMessage,
  response: ServerResponse,
  body: unknown,
): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value));
  const answer = await fetch(
    new Request(`http://${request.headers.host}${request.url}`, {
      method: request.method ?? "POST",
      headers,
      signal: gone.signal,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }),
  );
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  if (answer.body === null) response.end();
  else
    Readable.fromWeb(answer.body as never)
      .on("error", () => response.destroy())
      .pipe(response);
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}
