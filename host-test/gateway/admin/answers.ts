// How the admin port answers.

import type { IncomingMessage, ServerResponse } from "node:http";

export function text(response: ServerResponse, status: number, body: string): void {
  send(response, status, "text/plain; charset=utf-8", body);
}

export function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    ...(type !== "" && { "content-type": type, "content-length": Buffer.byteLength(body) }),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}

/** An event stream of what there is and what comes, until the client leaves. */
export function streamEvents<Item>(
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
  known: readonly Item[],
  listen: (listener: (item: Item) => void) => () => void,
): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  const write = (item: Item): void => {
    // A reader that does not keep up loses items rather than hold them in memory.
    if (response.writableLength < 1024 * 1024)
      response.write(`event: ${name}\ndata: ${JSON.stringify(item)}\n\n`);
  };
  known.forEach(write);
  response.flushHeaders();
  request.on("close", listen(write));
}
