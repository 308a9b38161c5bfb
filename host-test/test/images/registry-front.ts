// In front of a real registry: asks for tokens, and fails as networks and registries do.

import { createServer, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** What becomes of one request: a status in place of the registry's answer, or a connection that breaks. */
export type Fault = number | "reset" | "cut body";

export interface FrontOptions {
  /** Who gets tokens: `USER:PASSWORD`. None: nobody is asked. */
  account?: string;
  /** Asked for each request that would reach the registry. */
  fault?: (method: string, path: string) => Fault | undefined;
}

export interface Front {
  host: string;
  /** `METHOD PATH` of each request to the registry, and its `authorization`. */
  seen: { request: string; authorization: string | undefined }[];
  /** `scope` of each token that was given. */
  scopes: string[];
  close(): void;
}

const token = "a-token-of-this-test";

export async function startFront(registry: string, { account, fault }: FrontOptions = {}): Promise<Front> {
  const front: Front = {
    host: "",
    seen: [],
    scopes: [],
    close: () => void server.close().closeAllConnections(),
  };
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    if (path.startsWith("/token?")) return giveToken(request, response, front.scopes, account);
    const { authorization } = request.headers;
    front.seen.push({ request: `${request.method} ${path}`, authorization });
    if (account !== undefined && authorization !== `Bearer ${token}`) {
      request.resume();
      const challenge = `Bearer realm="http://${front.host}/token",service="test",scope="${scopeOf(path)}"`;
      return void response.writeHead(401, { "www-authenticate": challenge }).end();
    }
    const wrong = fault?.(request.method ?? "", path);
    if (wrong === "reset") return void request.destroy();
    if (typeof wrong === "number") {
      request.resume();
      return void response.writeHead(wrong, { "content-type": "application/json" }).end(trouble);
    }
    forward(registry, request, response, wrong === "cut body");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  front.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return front;
}

const trouble = JSON.stringify({ errors: [{ code: "TOOMANYREQUESTS", message: "not now" }] });

function scopeOf(path: string): string {
  const repository = /^\/v2\/(.+?)\/(?:blobs|manifests)\//.exec(path)?.[1] ?? "";
  return `repository:${repository}:pull,push`;
}

function giveToken(
  { url, headers }: IncomingMessage,
  response: ServerResponse,
  scopes: string[],
  account = "",
): void {
  const expected = `Basic ${Buffer.from(account).toString("base64")}`;
  if (headers.authorization !== expected) return void response.writeHead(401).end("{}");
  scopes.push(new URL(url ?? "", "http://front").searchParams.get("scope") ?? "");
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ token }));
}

/** `isCut`: the registry gets the first half of the body, and nobody an answer. */
function forward(registry: string, request: IncomingMessage, response: ServerResponse, isCut: boolean): void {
  const { method, url, headers } = request;
  const { authorization: _, ...passed } = headers;
  const [host, port] = registry.split(":");
  const outgoing = send({ host, port, method, path: url, headers: passed }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on("error", () => response.destroy());
  if (!isCut) return void request.pipe(outgoing);
  const half = Number(headers["content-length"]) / 2;
  let received = 0;
  request.on("data", (chunk: Buffer) => {
    received += chunk.length;
    outgoing.write(chunk);
    if (received < half) return;
    request.removeAllListeners("data");
    outgoing.destroy();
    request.destroy();
  });
}
