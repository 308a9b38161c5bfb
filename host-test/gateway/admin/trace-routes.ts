// What the admin port answers about traces.

import type { IncomingMessage, ServerResponse } from "node:http";
import { toHar } from "../traces/har.ts";
import type { Trace } from "../traces/trace.ts";
import { send, streamEvents, text } from "./answers.ts";
import { replay } from "../replay/sender.ts";
import type { TraceHistory } from "./trace-history.ts";

export interface TraceSource {
  /** Undefined: this engine does not record. */
  traces: TraceHistory | undefined;
  /** Where the gateway listens; undefined while it starts. */
  gateway(): URL | undefined;
}

/** Answers what is below `/traces`. */
export async function serveTraces(
  { traces, gateway }: TraceSource,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!traces) return text(response, 501, "only the Node engine records traces\n");
  const method = request.method === "HEAD" ? "GET" : request.method;
  const [, , id = "", action = ""] = path.split("/");
  if (id === "" && method === "GET") return json(response, JSON.stringify(traces.summaries));
  if (id === "" && method === "DELETE") {
    traces.clear();
    return send(response, 204, "", "");
  }
  if (id === "events" && method === "GET")
    return streamEvents(request, response, "trace", traces.summaries, (listener) => traces.listen(listener));
  const trace = traces.json(id);
  if (trace === undefined) return text(response, 404, `no trace ${id}\n`);
  if (action === "" && method === "GET") return json(response, trace);
  if (action === "har" && method === "GET") {
    response.setHeader("content-disposition", `attachment; filename="trace-${id}.har"`);
    return json(response, JSON.stringify(toHar(JSON.parse(trace) as Trace), null, 2));
  }
  if (action !== "replay") return text(response, 404, "not found\n");
  if (method !== "POST") return text(response, 405, "method not allowed\n");
  const url = gateway();
  const recorded = traces.request(id);
  if (!url || !recorded) return text(response, 409, "its request was not kept as a whole\n");
  try {
    return json(response, JSON.stringify({ source: (await replay(recorded, url)).source }));
  } catch (error) {
    return text(response, 502, `${(error as Error).message}\n`);
  }
}

function json(response: ServerResponse, body: string): void {
  send(response, 200, "application/json", body);
}
