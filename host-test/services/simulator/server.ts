// One port of the simulator: HTTP/1.1 and HTTP/2 cleartext on the same socket, told apart by HTTP/2's preface.
import { createHash } from "node:crypto";
import { createServer as createHttp1Server } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, createServer as createHttp2Server } from "node:http2";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { createServer as createSocketServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { Dialect, SimulatedRequest, SimulatedResponse } from "./dialect.ts";
import type { Fault } from "./faults.ts";
import { faultOf } from "./faults.ts";
import { Refusal } from "./refusal.ts";

/** Longest request body that is read; a longer one is answered with 413. */
const maxBodyBytes = 128 * 1024 * 1024;

type Incoming = IncomingMessage | Http2ServerRequest;
// HTTP/2's response has the same methods as HTTP/1.1's, with types of its own; `stream` tells them apart.
type Outgoing = ServerResponse & Partial<Pick<Http2ServerResponse, "stream">>;

export interface PortOptions {
  host: string;
  port: number;
  eventDelayMs: number;
  now: () => number;
  onRequest?: (request: SimulatedRequest) => void;
}

export interface OpenPort {
  port: number;
  close(): Promise<void>;
}

export async function openPort(dialect: Dialect, options: PortOptions): Promise<OpenPort> {
  const handle = (incoming: Incoming, outgoing: Outgoing): void => {
    // A client that goes away mid-answer is no event here.
    incoming.on("error", () => {});
    outgoing.on("error", () => {});
    exchange(dialect, options, incoming, outgoing).catch(() => reset(outgoing));
  };
  const http1 = createHttp1Server(handle);
  const http2 = createHttp2Server((incoming, outgoing) => handle(incoming, outgoing as unknown as Outgoing));
  const sockets = new Set<Socket>();
  const listener = createSocketServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    socket.setNoDelay(true);
    socket.once("data", (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      // No HTTP/1 method begins like the preface `PRI * HTTP/2.0`. A session of HTTP/2 reads the socket itself.
      if (first.toString("latin1", 0, 3) === "PRI") return void http2.emit("connection", socket);
      http1.emit("connection", socket);
      socket.resume();
    });
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(options.port, options.host, resolve);
  });
  return {
    port: (listener.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function exchange(
  dialect: Dialect,
  options: PortOptions,
  incoming: Incoming,
  outgoing: Outgoing,
): Promise<void> {
  const body = await readBody(incoming);
  const request = requestOf(incoming, body ?? Buffer.alloc(0), options.now);
  options.onRequest?.(request);
  const fault = faultOf(request, dialect);
  if (fault?.kind === "timeout") return;
  if (fault?.kind === "reset") return reset(outgoing);
  const response = responseTo(dialect, request, body !== undefined, fault);
  await send(outgoing, response, fault, () => dialect.errorEvent(request), options.eventDelayMs);
}

function responseTo(
  dialect: Dialect,
  request: SimulatedRequest,
  isWhole: boolean,
  fault: Fault | undefined,
): SimulatedResponse {
  try {
    if (!isWhole) throw new Refusal(413, "Request body is too large.");
    if (fault?.kind === "status") throw dialect.failure(fault.status);
    return dialect.respond(request);
  } catch (error) {
    return dialect.refuse(request, error instanceof Refusal ? error : new Refusal(500, String(error)));
  }
}

/** The body, or undefined where it is longer than the limit or did not arrive. */
async function readBody(incoming: Incoming): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of incoming) {
      length += (chunk as Buffer).length;
      if (length <= maxBodyBytes) chunks.push(chunk as Buffer);
    }
  } catch {
    return undefined;
  }
  return length <= maxBodyBytes ? Buffer.concat(chunks) : undefined;
}

function requestOf(incoming: Incoming, body: Buffer, now: () => number): SimulatedRequest {
  const [path = "/", query = ""] = (incoming.url ?? "/").split(/\?(.*)/s);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (!name.startsWith(":") && value !== undefined) headers[name] = String(value);
  }
  return {
    method: incoming.method ?? "GET",
    path,
    query: new URLSearchParams(query),
    headers,
    body,
    json: jsonOf(body),
    digest: createHash("sha256").update(path).update("\0").update(body).digest("hex"),
    now: Math.floor(now() / 1000),
  };
}

function jsonOf(body: Buffer): unknown {
  try {
    return body.length ? JSON.parse(body.toString()) : undefined;
  } catch {
    return undefined;
  }
}

async function send(
  outgoing: Outgoing,
  { status, headers, body }: SimulatedResponse,
  fault: Fault | undefined,
  errorEvent: () => string,
  eventDelayMs: number,
): Promise<void> {
  if (typeof body === "string") {
    const bytes = Buffer.from(body);
    outgoing.writeHead(status, { ...headers, "content-length": String(bytes.length) });
    if (!fault || fault.kind === "status") return void outgoing.end(bytes);
    await write(outgoing, bytes.subarray(0, bytes.length >> 1));
    if (fault.kind !== "stream-stall") reset(outgoing);
    return;
  }
  outgoing.writeHead(status, headers);
  const events = [...body];
  const last = fault ? Math.ceil(events.length / 2) : events.length;
  for (const event of events.slice(0, last)) {
    if (isGone(outgoing)) return;
    await write(outgoing, event);
    if (eventDelayMs > 0) await delay(eventDelayMs);
  }
  switch (fault?.kind) {
    case "stream-stall":
      return;
    case "stream-reset":
      return reset(outgoing);
    case "stream-error":
      await write(outgoing, errorEvent());
  }
  outgoing.end();
}

// Resolves once the piece is handed to the system, or the client is gone.
function write(outgoing: Outgoing, piece: string | Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (isGone(outgoing)) return resolve();
    outgoing.once("close", resolve);
    outgoing.write(piece, () => {
      outgoing.off("close", resolve);
      resolve();
    });
  });
}

function isGone(outgoing: Outgoing): boolean {
  return outgoing.stream ? outgoing.stream.destroyed : outgoing.destroyed;
}

function reset(outgoing: Outgoing): void {
  if (outgoing.stream) outgoing.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else outgoing.socket?.resetAndDestroy();
}
