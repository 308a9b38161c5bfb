// A provider made of recordings: an HTTP server that sends them byte for byte, in exactly the chunks asked for.
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Recording } from "./load.ts";

export interface Replay {
  /** What to send. Its status, content type and bytes are the defaults of the fields below. */
  recording?: Recording;
  status?: number;
  headers?: Record<string, string>;
  /** The body's chunks; each leaves as one HTTP chunk. By default the whole body is one. */
  chunks?: Iterable<Uint8Array>;
  /** After the last chunk: end the answer, cut the connection, or leave it open until the client goes. */
  end?: "end" | "reset" | "open";
}

export interface ReceivedRequest {
  method: string;
  /** Path with query. */
  path: string;
  /** Lower-case names; repeated headers joined as Node does. */
  headers: Record<string, string>;
  body: Buffer;
}

export interface ReplayServer {
  /** `http://127.0.0.1:PORT` */
  url: string;
  port: number;
  /** Base URL under which every path answers with this recording. */
  urlOf(recording: Recording): string;
  /** Sets the answer to the next request that names no recording itself; queued in order. */
  enqueue(replay: Replay): void;
  /** All requests so far, oldest first. */
  requests: ReceivedRequest[];
  close(): Promise<void>;
}

/** Request header that names a recording, for clients whose path is not theirs to choose. */
export const recordingHeader = "x-recording";

/**
 * Serves recordings on a free port of the loopback address. A request's answer is, in this order: the recording
 * that its header `x-recording` names, the one that its path names (`urlOf`), the next in the queue. A request
 * that none of these answers gets a 501.
 */
export async function replayServer(recordings: readonly Recording[]): Promise<ReplayServer> {
  const byName = new Map(recordings.map((recording) => [recording.name, recording]));
  const queue: Replay[] = [];
  const requests: ReceivedRequest[] = [];

  const server = createServer((request, response) => {
    void receive(request).then(async (received) => {
      requests.push(received);
      const name = received.headers[recordingHeader] ?? nameInPath(received.path);
      const recording = name === undefined ? undefined : byName.get(name);
      const replay = recording ? { recording } : name === undefined ? queue.shift() : undefined;
      if (replay) await send(response, replay);
      else
        response
          .writeHead(501, { "content-type": "text/plain" })
          .end(`no recording for ${name ?? received.path}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    port,
    urlOf: (recording) => `${url}/replay/${encodeURIComponent(recording.name)}`,
    enqueue: (replay) => void queue.push(replay),
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function nameInPath(path: string): string | undefined {
  const found = /^\/replay\/([^/?]+)/.exec(path);
  return found?.[1] === undefined ? undefined : decodeURIComponent(found[1]);
}

async function receive(request: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: Buffer.concat(chunks),
  };
}

async function send(response: ServerResponse, replay: Replay): Promise<void> {
  const { recording } = replay;
  const whole = recording
    ? recording.streamed
      ? recording.streamBytes
      : recording.answerBytes
    : new Uint8Array();
  const isWholeAnswer = !replay.chunks && !replay.end && recording?.streamed === false;
  response.writeHead(replay.status ?? recording?.status ?? 200, {
    ...(recording && { "content-type": recording.contentType }),
    ...(isWholeAnswer && { "content-length": String(whole.length) }),
    ...replay.headers,
  });
  response.flushHeaders();
  for (const chunk of replay.chunks ?? [whole]) {
    if (response.destroyed) return;
    // An HTTP chunk of no bytes would end the body.
    if (chunk.length > 0) await new Promise<void>((resolve) => response.write(chunk, () => resolve()));
  }
  if (replay.end === "reset") response.destroy();
  else if (replay.end !== "open") response.end();
}
