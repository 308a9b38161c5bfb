// A REST API with the tools that a test gives, and what a call of one sends and gives.

import type { TestReply } from "../../../host-test/testing/chain.ts";
import { endpoint, modern, meta, post } from "./endpoint.ts";

export interface ToolOutcome {
  /** What the upstream saw; undefined: nothing. */
  sent:
    | {
        path: string;
        method: string;
        authority: string;
        body: string;
        header(name: string): string | undefined;
      }
    | undefined;
  result: {
    content: { type: string; text: string; data?: string; mimeType?: string }[];
    isError: boolean;
    structuredContent?: unknown;
    resultType?: string;
    inputRequests?: Record<string, unknown>;
  };
  error: { code: number; message: string } | undefined;
  /** Text of the first content. */
  text: string;
  /** The client's headers. */
  header(name: string): string | undefined;
}

export interface Api {
  call(name: string, args?: object, headers?: Record<string, string>, revision?: string): ToolOutcome;
  list(): Record<string, any>[];
  close(): void;
}

export function api(configuration: object, reply: TestReply | (() => TestReply) = { body: "ok" }): Api {
  const upstream = typeof reply === "function" ? reply : () => reply;
  const chain = endpoint(configuration, { upstream, logLevel: "critical" } as object);
  const send = (method: string, params: object, headers: Record<string, string>, revision: string) => {
    const isModern = revision === modern;
    const name = (params as { name?: string }).name;
    return chain.exchange({
      method: "POST",
      path: "/mcp?key=in-query",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": revision,
        ...(isModern && { "mcp-method": method, ...(name && { "mcp-name": name }) }),
        ...headers,
      },
      body: JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method,
        params: { ...params, ...(isModern && { _meta: meta() }) },
      }),
    });
  };
  return {
    call(name, args = {}, headers = {}, revision = "2025-06-18") {
      const { client, upstream } = send("tools/call", { name, arguments: args }, headers, revision);
      const answer = JSON.parse(client.text);
      return {
        sent: upstream && {
          path: upstream.header(":path")!,
          method: upstream.header(":method")!,
          authority: upstream.header(":authority")!,
          body: upstream.text,
          header: (name) => upstream.header(name),
        },
        result: answer.result,
        error: answer.error,
        text: answer.result?.content?.[0]?.text ?? "",
        header: (name) => client.header(name),
      };
    },
    list() {
      return JSON.parse(send("tools/list", {}, {}, "2025-06-18").client.text).result.tools;
    },
    close: () => chain.close(),
  };
}

/** Runs `body` with an API of these tools that is closed afterwards. */
export function withTools(
  tools: object[],
  body: (api: Api) => void,
  options: { reply?: TestReply | (() => TestReply); server?: object; more?: object } = {},
): void {
  const server = { name: "rest", ...options.server };
  const opened = api({ server, tools, ...options.more }, options.reply);
  try {
    body(opened);
  } finally {
    opened.close();
  }
}

/** A tool that gets `url`. */
export function getting(url: string, args: object[] = [], request: object = {}): Record<string, any> {
  return { name: "get", description: "", args, requestTemplate: { url, method: "GET", ...request } };
}

export { post };
