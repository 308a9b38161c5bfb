// Whatever clients, REST APIs and proxied servers send, the VM lives, the exchange ends, and a client that is answered
// gets JSON-RPC: messages of every revision, answers and events changed at random, cut at random.
//
// Each run takes a slice; LONG=1 makes a million exchanges. FUZZ_SEED=n repeats a run, FUZZ_RUNS=n sets its length.

import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, test } from "vitest";
import type { CallReply, ClientSees, TestReply } from "../../../host-test/testing/chain.ts";
import { change, changed } from "../../../host-test/testing/changed-bytes.ts";
import { changedJson, jsonChange, type JsonChange } from "../../../host-test/testing/changed-json.ts";
import { figure } from "../../../host-test/testing/figure.ts";
import { partitions } from "../../../host-test/testing/recordings.ts";
import { guestBuild } from "../../../scripts/guest-build.mjs";
import { ask, endpoint, meta, modern } from "./endpoint.ts";
import { proxied } from "./proxy.ts";

const runs = Number(
  process.env.FUZZ_RUNS ?? (process.env.LONG ? 1_000_000 : guestBuild === "stress" ? 600 : 6_000),
);
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);

const every = ["path", "query", "header", "cookie", "body"];
const rest = {
  server: {
    name: "api",
    config: { key: "k" },
    securitySchemes: [
      { id: "q", type: "apiKey", in: "query", name: "key", defaultCredential: "c" },
      { id: "b", type: "http", scheme: "bearer", defaultCredential: "t" },
    ],
    defaultDownstreamSecurity: { id: "b", passthrough: true },
    defaultUpstreamSecurity: { id: "q" },
  },
  tools: [
    {
      name: "all",
      args: every.map((position) => ({
        name: position,
        position,
        ...(position === "body" && { type: "object" }),
      })),
      requestTemplate: { url: "https://h.example/v1/{path}/end", method: "POST" },
      outputSchema: { type: "object", properties: { a: { type: "integer" } } },
    },
    {
      name: "template",
      args: [
        { name: "a", type: "array", items: { type: "string" }, required: true },
        { name: "n", type: "integer" },
      ],
      requestTemplate: {
        url: "/x/{{.args.n}}?k={{.config.key}}",
        method: "POST",
        headers: [{ key: "x-a", value: "{{range .args.a}}{{. | upper}},{{end}}" }],
        body: '{"a":{{toJson .args.a}},"s":"{{.args.n}}"}',
      },
      responseTemplate: { body: '{{range .items}}- {{.name | trim}} {{gjson "b.#(c>1).d"}}\n{{end}}' },
      errorResponseTemplate: "{{._headers.x}} {{._body}} {{.error.message}}",
    },
    { name: "answered", requestTemplate: {}, responseTemplate: { body: "Hello!" } },
  ],
};
const configurations: [string, { server: object }][] = [
  ["REST", rest],
  ["REST, strict", { ...rest, server: { ...rest.server, strictArgs: true } }],
  ["mcp-proxy over Streamable HTTP", { server: proxied }],
  ["mcp-proxy with sessions kept", { server: { ...proxied, reuseSessions: true } }],
  ["mcp-proxy of the stateless revision", { server: { ...proxied, upstreamProtocol: "stateless" } }],
  [
    "mcp-proxy over SSE",
    { server: { ...proxied, transport: "sse", mcpServerURL: "http://backend.example/sse" } },
  ],
];

const call = (name: string, args: object) => ({ method: "tools/call", params: { name, arguments: args } });
const messages: { method: string; params: Record<string, unknown> }[] = [
  {
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "c" } },
  },
  { method: "server/discover", params: {} },
  { method: "ping", params: {} },
  { method: "tools/list", params: { cursor: "1" } },
  { method: "notifications/initialized", params: {} },
  call("all", { path: "a/../b", query: "q&x", header: "h", cookie: "c", body: { x: [1, "ü"] } }),
  call("all", { path: "p", query: 1.5e7, header: true, cookie: null, body: {} }),
  call("template", { a: ["x", "y"], n: 3 }),
  call("answered", {}),
  call("add", { a: 1 }),
];
const revisions = ["", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", modern, "1999-01-01"];

const initialized = { protocolVersion: "2025-03-26", capabilities: { tools: {} }, serverInfo: { name: "b" } };
const rpc = (result: object, id: unknown = 1) => JSON.stringify({ jsonrpc: "2.0", id, result });
/** What an API or a proxied server answers; of events the data. */
const answers = [
  '{"a":1,"items":[{"name":" x "},{"name":"y"}],"b":[{"c":2,"d":"D"}],"error":{"message":"m"}}',
  "plain text, Grüße",
  rpc(initialized),
  rpc({ tools: [{ name: "add", description: "d", inputSchema: { type: "object" } }] }, 2),
  rpc({ content: [{ type: "text", text: "t" }], structuredContent: { a: 1 }, isError: false }, 3),
  '{"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"m","data":{"supported":["2025-06-18"]}}}',
  '{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}',
  "/messages?session=1",
];
const types = ["application/json", "text/event-stream", "text/plain", "image/png"];

/** Mostly none, so that what comes later is reached. */
const some = <T>(of: fc.Arbitrary<T>, maxLength: number) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant<T[]>([]) }, fc.array(of, { maxLength }));

const answer = fc.record({
  bodies: fc.array(fc.constantFrom(answers[2]!, answers[2]!, answers[3]!, ...answers), {
    minLength: 1,
    maxLength: 3,
  }),
  type: fc.constantFrom("application/json", ...types),
  event: fc.constantFrom("", "event: message\n", "event: endpoint\n", "id: 1\nretry: 5\n"),
  changes: some(jsonChange, 2),
  bytes: some(change, 2),
  status: fc.constantFrom(200, 200, 200, 200, 202, 204, 400, 404, 500),
  headers: fc.constantFrom<Record<string, string>>(
    {},
    { "mcp-session-id": "s-1" },
    { "content-encoding": "gzip" },
    { "content-length": "7", x: "y" },
  ),
  breaks: fc.constantFrom(-1, -1, -1, -1, 0, 1),
  cuts: fc.nat(),
});
type Answer = typeof answer extends fc.Arbitrary<infer T> ? T : never;

const hostile = fc.record({
  messages: fc.array(fc.constantFrom(...messages), { minLength: 1, maxLength: 2 }),
  revision: fc.constantFrom(...revisions, "2025-06-18", modern),
  headers: fc.oneof(
    { weight: 3, arbitrary: fc.constant<Record<string, string>>({}) },
    fc.dictionary(
      fc.constantFrom(
        "mcp-method",
        "mcp-name",
        "origin",
        "authorization",
        "content-type",
        "mcp-session-id",
        "accept",
      ),
      fc.oneof(
        fc.constantFrom(
          "tools/call",
          "all",
          "Bearer x",
          "text/event-stream",
          "=?base64?YQ==?=",
          "https://evil.test",
        ),
        fc.string({ maxLength: 9 }).map((text) => text.replaceAll(/[^ -~]/g, "é")),
      ),
      { maxKeys: 3 },
    ),
  ),
  isBatch: fc.constantFrom(false, false, false, false, false, true),
  changes: some(jsonChange, 2),
  bytes: some(change, 2),
  cuts: fc.nat(),
  leaves: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, undefined, 0, 1),
  answer,
  calls: fc.array(
    fc.oneof({ weight: 6, arbitrary: answer }, fc.constantFrom<"no-host" | "never">("no-host", "never")),
    { minLength: 1, maxLength: 3 },
  ),
  pauseMs: fc.constantFrom(0, 0, 0, 0, 10_000),
});

function cut(bytes: Buffer, cuts: number): Uint8Array[] {
  return bytes.length === 0 ? [] : [...partitions(bytes, 1, cuts)][0]!;
}

function withChanges(texts: string[], changes: JsonChange[]): string[] {
  return texts.map((text) => changes.reduce((changing, made) => changedJson(changing, made), text));
}

function replyOf({ bodies, type, event, changes, bytes, status, headers, breaks, cuts }: Answer): TestReply {
  const documents = withChanges(bodies, changes);
  const isStream = type === "text/event-stream";
  const text = isStream ? documents.map((one) => `${event}data: ${one}\n\n`).join("") : documents[0]!;
  const chunks = status === 204 ? [] : cut(changed(Buffer.from(text), bytes), cuts);
  const reply: TestReply = { status, headers: { "content-type": type, ...headers }, chunks };
  return breaks < 0 ? reply : { ...reply, reset: { afterChunks: breaks } };
}

const totals = { exchanges: 0, answered: 0, forwarded: 0 };

/** A message of JSON-RPC, or several; an event stream of them; or nothing. */
function checkAnswer(client: ClientSees, relaysStreams: boolean): void {
  const type = client.header("content-type") ?? "";
  const statuses = [200, 202, 204, 400, 401, 403, 404, 405, 413, 500, 502, 503, 504];
  assert.ok(statuses.includes(client.status), `${client.status} ${client.text}`);
  const isStream = type.startsWith("text/event-stream");
  if (client.body.length === 0 || (isStream && relaysStreams)) return;
  const text = new TextDecoder("utf-8", { fatal: true }).decode(client.body);
  if (!isStream && !type.startsWith("application/json")) return;
  const documents = isStream ? [...text.matchAll(/^data: ?(.*)$/gm)].map(([, data]) => data!) : [text];
  for (const message of documents.flatMap((one) => JSON.parse(one)) as Record<string, unknown>[]) {
    assert.equal(message.jsonrpc, "2.0", text);
    if (!isStream) assert.ok("result" in message !== "error" in message, text);
    totals.answered++;
  }
}

describe.each(configurations)("%s", (_, configuration) => {
  test("whatever comes, clients get JSON-RPC", { timeout: 14_400_000 }, () => {
    // Between two sides of the stateless revision events pass as they are, before their end is known.
    const relaysStreams = "upstreamProtocol" in configuration.server;
    let reply: TestReply = {};
    let script: CallReply[] = [];
    let asked = 0;
    const chain = endpoint(configuration, {
      upstream: () => reply,
      calls: () => script[asked++ % script.length]!,
      logLevel: "critical",
    });
    const property = fc.property(hostile, (given) => {
      const isModern = given.revision === modern;
      const sent = given.messages.map(({ method, params }, id) =>
        JSON.stringify({
          jsonrpc: "2.0",
          ...(!method.startsWith("notifications/") && { id }),
          method,
          params: { ...params, ...(isModern && { _meta: meta() }) },
        }),
      );
      const texts = withChanges(given.isBatch ? sent : sent.slice(0, 1), given.changes);
      const body = changed(Buffer.from(given.isBatch ? `[${texts.join(",")}]` : texts[0]!), given.bytes);
      const { method, params } = given.messages[0]!;
      reply = replyOf(given.answer);
      script = given.calls.map((one) => (typeof one === "string" ? one : replyOf(one)));
      const { client, upstream, record } = chain.exchange({
        method: "POST",
        path: "/mcp",
        headers: {
          "content-type": "application/json",
          ...(given.revision !== "" && { "mcp-protocol-version": given.revision }),
          ...(isModern && { "mcp-method": method }),
          ...(isModern && typeof params.name === "string" && { "mcp-name": params.name }),
          ...given.headers,
        },
        chunks: cut(body, given.cuts),
        ...(given.leaves !== undefined && { abortAfter: given.leaves }),
      });
      totals.exchanges++;
      assert.ok(record, "the exchange ends");
      assert.ok(!record.details.includes("wasm_fail"), record.details);
      if (upstream !== undefined) totals.forwarded++;
      if (given.leaves === undefined && given.answer.breaks < 0) {
        assert.ok(client.complete, "the answer ends in order");
        checkAnswer(client, relaysStreams);
      }
      chain.advance(given.pauseMs);
      reply = {};
      script = [{ status: 202 }];
      const next = ask(chain, "ping");
      assert.deepEqual(next.json.result, {}, "the same VM serves the next");
    });
    fc.assert(property, { numRuns: Math.ceil(runs / configurations.length), seed });
    chain.close();
  });
});

test("exchanges were answered and forwarded", () => {
  assert.ok(totals.answered > 0 && totals.forwarded > 0);
  figure(
    "fuzz rest-to-mcp",
    `${totals.exchanges.toLocaleString("en")} exchanges (${totals.forwarded.toLocaleString("en")} forwarded), 0 traps, 0 hangs; seed ${seed}`,
    totals.exchanges,
  );
});
