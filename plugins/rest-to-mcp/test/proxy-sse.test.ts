// mcp-proxy over the transport of 2024-11-05: a stream of events that the route opens, and messages beside it. However
// the stream is cut and wherever it ends, the client gets one whole answer.

import { describe, expect, test } from "vitest";
import type { CallReply } from "../../../host-test/testing/chain.ts";
import type { UpstreamRequest } from "../../../host-test/host/types.ts";
import { endpoint } from "./endpoint.ts";
import { proxied, tools } from "./proxy.ts";

interface Seen {
  method: string;
  path: string;
  authority: string;
  json: { id?: number; method?: string; params?: object; error?: { code: number }; result?: object };
  header(name: string): string | undefined;
}

interface Told {
  status: number;
  json: { id?: unknown; result?: unknown; error?: { code: number; message: string } };
}

type Answer = (method: string) => CallReply;

const accepted: Answer = () => ({ status: 202 });
const event = (data: unknown, name = "message"): string =>
  `event: ${name}\ndata: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
const opened = { protocolVersion: "2025-03-26", capabilities: {}, serverInfo: { name: "b", version: "1" } };
const endpointEvent = event("/messages?session=é", "endpoint");
const initialized = event({ jsonrpc: "2.0", id: 1, result: opened });
const listed = event({ jsonrpc: "2.0", id: 2, result: { tools } });
const called = event({ jsonrpc: "2.0", id: 2, result: { content: [{ type: "text", text: "é" }] } });

/** A server whose stream the test writes by hand. */
class Upstream {
  readonly seen: Seen[] = [];
  readonly #chain;
  readonly #stream;

  constructor(method: string, { server = {}, more = {}, answer = accepted, head = {}, status = 200 } = {}) {
    this.#chain = endpoint(
      {
        server: { ...proxied, transport: "sse", mcpServerURL: "http://b.example/sse?k=1", ...server },
        ...more,
      },
      {
        calls: (request) => {
          const seen = note(request);
          this.seen.push(seen);
          return answer(seen.json.method ?? "");
        },
      },
    );
    this.#stream = this.#chain.open("HTTP/1.1", true);
    const { http } = this.#stream;
    const params = method === "tools/call" ? { name: "add", arguments: { a: 1 } } : {};
    http.requestHeaders(
      [
        [":method", "POST"],
        [":path", "/mcp"],
        [":authority", "test.local"],
        [":scheme", "http"],
        ["content-type", "application/json"],
        ["authorization", "Bearer client"],
      ],
      false,
    );
    http.requestData(Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: "x", method, params })), true);
    this.#chain.settle();
    http.upstreamSelected("10.0.0.1:80", "10.0.0.2:40000");
    const headers = {
      ":status": String(status),
      "content-type": "text/event-stream; charset=utf-8",
      ...head,
    };
    http.responseHeaders(Object.entries(headers), false);
    this.#chain.settle();
  }

  get request(): Seen {
    const { headers } = this.#stream.upstream!;
    return note({ headers, body: new Uint8Array() });
  }

  write(text: string | Uint8Array): this {
    if (!this.#stream.client.complete) this.#stream.http.responseData(Buffer.from(text), false);
    this.#chain.settle();
    return this;
  }

  end(): this {
    if (!this.#stream.client.complete) this.#stream.http.responseData(new Uint8Array(0), true);
    this.#chain.settle();
    return this;
  }

  advance(ms: number): this {
    this.#chain.advance(ms);
    return this;
  }

  get isAnswered(): boolean {
    return this.#stream.client.complete;
  }

  /** What the client got, which must be whole. */
  get told(): Told {
    const { client } = this.#stream;
    expect(client.complete).toBe(true);
    const told = { status: client.status, json: JSON.parse(client.text) };
    expect(told.json.id).toBe("x");
    this.#chain.close();
    return told;
  }
}

function note({ headers, body }: Pick<UpstreamRequest, "headers" | "body">): Seen {
  const header = (name: string): string | undefined => headers.find(([one]) => one === name)?.[1];
  const text = Buffer.from(body ?? []).toString();
  return {
    method: header(":method")!,
    path: header(":path")!,
    authority: header(":authority")!,
    json: text === "" ? {} : JSON.parse(text),
    header,
  };
}

const error = (message: string): Told => ({
  status: 200,
  json: { jsonrpc: "2.0", id: "x", error: { code: -32603, message } } as Told["json"],
});

describe("the sequence", () => {
  test("the route opens the stream; initialize, notification and request are posted where the server says", () => {
    const upstream = new Upstream("tools/call").write(endpointEvent).write(initialized).write(called);
    expect(upstream.request).toMatchObject({ method: "GET", path: "/sse?k=1", authority: "b.example" });
    expect(upstream.request.header("accept")).toBe("text/event-stream");
    expect(upstream.request.header("content-type")).toBeUndefined();
    expect(upstream.request.header("content-length")).toBe("0");
    expect(upstream.seen.map(({ json }) => [json.method, json.id])).toEqual([
      ["initialize", 1],
      ["notifications/initialized", undefined],
      ["tools/call", 2],
    ]);
    for (const post of upstream.seen) {
      expect(post).toMatchObject({ method: "POST", authority: "b.example" });
      expect(Buffer.from(post.path, "latin1").toString()).toBe("/messages?session=é");
      expect(post.header("content-type")).toBe("application/json");
      expect(post.header("authorization")).toBeUndefined();
    }
    expect(upstream.seen[0]!.json.params).toEqual({
      protocolVersion: "2025-03-26",
      capabilities: {},
      clientInfo: { name: "Higress-mcp-proxy", title: "Higress MCP Proxy", version: "1.0.0" },
    });
    expect(upstream.seen[2]!.json.params).toEqual({ name: "add", arguments: { a: 1 } });
    expect(upstream.told.json.result).toEqual({ content: [{ type: "text", text: "é" }] });
  });

  test("lists show the tools that are allowed", () => {
    const more = { allowTools: ["add"] };
    const upstream = new Upstream("tools/list", { more })
      .write(endpointEvent)
      .write(initialized)
      .write(listed);
    expect(upstream.told.json.result).toEqual({ tools: [tools[0]] });
  });

  const addresses = [
    ["http://169.254.169.254/messages?s=1", "/messages?s=1"],
    ["//evil.example/messages", "//evil.example/messages"],
    ["messages?s=1", "/messages?s=1"],
    ["?s=1", "/sse?s=1"],
  ];
  test.each(addresses)(
    "messages go to the configured host, whatever host the server names: %s",
    (given, path) => {
      const upstream = new Upstream("tools/list").write(event(given, "endpoint"));
      expect(upstream.seen[0]).toMatchObject({ authority: "b.example", path });
    },
  );

  test("the credential of the upstream is on the stream and on every message", () => {
    const server = {
      securitySchemes: [{ id: "out", type: "apiKey", in: "header", name: "X-Key", defaultCredential: "k" }],
      defaultUpstreamSecurity: { id: "out" },
    };
    const upstream = new Upstream("tools/list", { server }).write(endpointEvent).write(initialized);
    expect([upstream.request, ...upstream.seen].map((one) => one.header("x-key"))).toEqual([
      "k",
      "k",
      "k",
      "k",
    ]);
  });

  test("whatever the server says to the notification, the request goes on", () => {
    for (const reply of [{ status: 500 }, "no-host", "never"] as const) {
      const answer: Answer = (method) => (method.startsWith("notifications/") ? reply : { status: 202 });
      const upstream = new Upstream("tools/list", { answer }).write(endpointEvent).write(initialized);
      if (reply === "never") upstream.advance(5000);
      expect(upstream.write(listed).told.json.result).toEqual({ tools });
    }
  });

  test("a message whose receipt is told only after its reply has come is no failure", () => {
    const answer: Answer = (method) =>
      method === "initialize" ? { status: 500, delayMs: 10 } : { status: 202 };
    const upstream = new Upstream("tools/list", { answer });
    upstream.write(endpointEvent + initialized);
    expect(upstream.write(listed).told.json.result).toEqual({ tools });
  });
});

describe("the stream", () => {
  const noise =
    ': hello\n\nevent: other\ndata: {}\n\ndata: {"jsonrpc":"2.0","method":"notifications/message"}\n\n' +
    'data: {"jsonrpc":"2.0","id":99,"result":{"tools":"another"}}\n\n';
  const parts = [endpointEvent, noise + initialized, noise + called];
  const whole = { content: [{ type: "text", text: "é" }] };

  test("cut anywhere the answer is the same", () => {
    for (const [at, part] of parts.entries()) {
      const bytes = Buffer.from(part);
      for (let cut = 1; cut < bytes.length; cut++) {
        const upstream = new Upstream("tools/call");
        for (const [index, other] of parts.entries()) {
          if (index !== at) upstream.write(other);
          else upstream.write(bytes.subarray(0, cut)).write(bytes.subarray(cut));
        }
        expect(upstream.told.json.result).toEqual(whole);
      }
    }
  });

  test("byte by byte, with lines that end with CR, LF or both, the answer is the same", () => {
    for (const end of ["\n", "\r\n", "\r"]) {
      const upstream = new Upstream("tools/call");
      // A CR at the end of a part is known to be a line's end only by what follows.
      const written = parts.map((part) => part.replaceAll("\n", end) + ": ");
      for (const byte of Buffer.from(written.join(""))) upstream.write(Uint8Array.of(byte));
      expect(upstream.told.json.result).toEqual(whole);
    }
  });

  test("ending anywhere before the reply, it is told to the client", () => {
    const bytes = Buffer.from(parts.join("")).subarray(0, -2);
    for (let size = 1; size < bytes.length - 1; size++) {
      const { json } = new Upstream("tools/call").write(bytes.subarray(0, size)).end().told;
      expect(json.error).toEqual({ code: -32603, message: "backend closed the stream" });
    }
    expect(new Upstream("tools/call").end().told).toEqual(error("no response body in SSE response"));
  });

  test("questions of the server are answered at once, pings with life and others with nobody", () => {
    const upstream = new Upstream("tools/call").write(endpointEvent).write(initialized);
    upstream.write(event({ jsonrpc: "2.0", id: "q", method: "ping" }));
    upstream.write(event({ jsonrpc: "2.0", id: 7, method: "elicitation/create", params: {} }));
    expect(upstream.seen.slice(3).map(({ json }) => [json.id, json.result, json.error?.code])).toEqual([
      ["q", {}, undefined],
      [7, undefined, -32601],
    ]);
    expect(upstream.write(called).told.json.result).toEqual(whole);
  });

  test("a server that asks on and on gets a hundred answers and no more", () => {
    const upstream = new Upstream("tools/call").write(endpointEvent).write(initialized);
    for (let id = 0; id < 150; id++) upstream.write(event({ jsonrpc: "2.0", id, method: "ping" }));
    expect(upstream.seen.length).toBe(3 + 100);
    expect(upstream.write(called).told.json.result).toEqual(whole);
  });
});

describe("failures", () => {
  test("a stream of another type or status", () => {
    const type = new Upstream("tools/list", { head: { "content-type": "text/html" } }).told;
    expect(type).toEqual(error("invalid content-type, expected text/event-stream but got: text/html"));
    expect(new Upstream("tools/list", { status: 503 }).told).toEqual(
      error("SSE connection failed with status 503"),
    );
  });

  const refusals: [string, CallReply, string][] = [
    ["initialize", { status: 500 }, "SSE initialize failed with status 500"],
    ["initialize", "no-host", "SSE initialize failed with status 0"],
    ["tools/list", { status: 404 }, "SSE tool request failed with status 404"],
    ["tools/list", "no-host", "SSE tool request failed with status 0"],
  ];
  test.each(refusals)("%s is not taken: %j", (refused, reply, message) => {
    const answer: Answer = (method) => (method === refused ? reply : { status: 202 });
    const upstream = new Upstream("tools/list", { answer }).write(endpointEvent);
    if (refused !== "initialize") upstream.write(initialized);
    expect(upstream.told).toEqual(error(message));
  });

  test("a message that nobody takes is given up after the timeout", () => {
    const answer: Answer = (method) => (method === "tools/list" ? "never" : { status: 202 });
    const server = { timeout: 300 };
    const upstream = new Upstream("tools/list", { answer, server }).write(endpointEvent).write(initialized);
    expect(upstream.advance(400).told).toEqual(error("SSE tool request failed with status 504"));
  });

  test.each([
    ["names no address", ""],
    ["does not answer initialize", endpointEvent],
  ])("a server that %s is given up after the timeout", (_, text) => {
    const upstream = new Upstream("tools/list", { server: { timeout: 1000 } }).write(text);
    expect(upstream.advance(900).isAnswered).toBe(false);
    expect(upstream.advance(400).told).toEqual(error("backend initialization timed out"));
  });

  test("an open server may take as long as the route allows", () => {
    const upstream = new Upstream("tools/list", { server: { timeout: 1000 } }).write(endpointEvent);
    upstream.write(initialized).advance(60_000);
    expect(upstream.write(listed).told.json.result).toEqual({ tools });
  });

  test("errors of the server reach the client with code, message and data", () => {
    const failed = { code: -32042, message: "no such place", data: { place: [1] } };
    const upstream = new Upstream("tools/call").write(endpointEvent);
    expect(upstream.write(event({ jsonrpc: "2.0", id: 1, error: failed })).told.json.error).toEqual(failed);
    const later = new Upstream("tools/call").write(endpointEvent).write(initialized);
    expect(later.write(event({ jsonrpc: "2.0", id: 2, error: failed })).told.json.error).toEqual(failed);
  });

  test("a result that is no object", () => {
    const upstream = new Upstream("tools/call").write(endpointEvent);
    upstream.write(event({ jsonrpc: "2.0", id: 1, result: [] }));
    expect(upstream.told).toEqual(error("invalid response format"));
  });

  test("an address that is none", () => {
    const { json } = new Upstream("tools/call").write(event("ftp://b/x", "endpoint")).told;
    expect(json.error?.message).toBe(
      "invalid endpoint: unsupported URL scheme 'ftp', only http and https are allowed",
    );
  });

  test("more than maxAnswerBytes, be it one event without an end", () => {
    const upstream = new Upstream("tools/call", { more: { maxAnswerBytes: 10_000 } }).write(endpointEvent);
    upstream.write("data: ");
    for (let piece = 0; piece < 11 && !upstream.isAnswered; piece++) upstream.write("x".repeat(1000));
    expect(upstream.told).toEqual(error("the upstream's answer is too large"));
  });
});
