// The admin port: on the loopback address only, and for people of this machine only.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { send, streamEvents, text } from "./answers.ts";
import type { LogHistory } from "./log-history.ts";
import { contentSecurityPolicy, pageFile } from "./page.ts";
import { serveTraces, type TraceSource } from "./trace-routes.ts";

/** What the admin port shows and does. */
export interface AdminSource extends TraceSource {
  /** Every plugin's VM has started. */
  isReady(): boolean;
  /** Prometheus text. */
  prometheus(): Promise<string>;
  configDump(): object;
  /** Problems of the resources, in lines; empty when the new ones are in effect. */
  reload(): Promise<string[]>;
  logs: LogHistory;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export class AdminServer {
  #server: Server;
  #source: AdminSource;

  constructor(source: AdminSource) {
    this.#source = source;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        if (response.headersSent) response.destroy();
        else text(response, 500, `${(error as Error).message}\n`);
      });
    });
  }

  /** 0 takes a free port. Resolves with the port. Rejects with the system's error. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((settle, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", settle);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A page elsewhere can make a browser send requests here, under a name of its own or with its origin.
    if (!isLocal(request)) return text(response, 403, "only for clients on this machine\n");
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    if (path === "/traces" || path.startsWith("/traces/"))
      return serveTraces(this.#source, path, request, response);
    const file = await pageFile(path);
    if (file && (request.method === "GET" || request.method === "HEAD")) {
      response.setHeader("content-security-policy", contentSecurityPolicy);
      return send(response, 200, file.type, file.text);
    }
    const methods = file ? { GET: () => undefined } : this.#routes[path];
    if (!methods) return text(response, 404, "not found\n");
    const handler: Handler | undefined = (methods as Record<string, Handler>)[
      request.method === "HEAD" ? "GET" : (request.method ?? "")
    ];
    if (!handler) {
      response.setHeader("allow", Object.keys(methods).join(", "));
      return text(response, 405, "method not allowed\n");
    }
    await handler(request, response);
  }

  #routes: Record<string, Record<string, Handler>> = {
    "/ready": {
      GET: (_request, response) => {
        const isReady = this.#source.isReady();
        text(response, isReady ? 200 : 503, isReady ? "LIVE\n" : "INITIALIZING\n");
      },
    },
    "/stats/prometheus": {
      GET: async (_request, response) =>
        send(response, 200, "text/plain; version=0.0.4; charset=utf-8", await this.#source.prometheus()),
    },
    "/config_dump": {
      GET: (_request, response) =>
        send(response, 200, "application/json", `${JSON.stringify(this.#source.configDump(), null, 2)}\n`),
    },
    "/reload": {
      POST: async (_request, response) => {
        const problems = await this.#source.reload();
        if (problems.length === 0) text(response, 200, "OK\n");
        else text(response, 422, `${problems.join("\n")}\n`);
      },
    },
    "/logs": {
      GET: (request, response) => {
        const { logs } = this.#source;
        streamEvents(request, response, "log", logs.entries, (listener) => logs.listen(listener));
      },
    },
  };
}

function isLocal({ headers }: IncomingMessage): boolean {
  const host = (headers.host ?? "").replace(/:\d+$/, "");
  const local = ["localhost", "127.0.0.1", "[::1]"];
  if (!local.includes(host)) return false;
  if (headers.origin === undefined) return true;
  return headers.origin === `http://${headers.host}`;
}
