// A host may limit a VM's memory, and what the VM is refused it cannot survive. So work that takes more than there is
// stops, the client is told so in JSON-RPC, nothing that lacks pieces is sent to anybody, and the next message passes.

import { describe, expect, test } from "vitest";
import type { TestReply } from "../../../host-test/testing/chain.ts";
import { guestBuild } from "../../../scripts/guest-build.mjs";
import { ask, endpoint, post } from "./endpoint.ts";
import { events, older, proxied, result } from "./proxy.ts";

const MiB = 1 << 20;
const sizes = process.env.LONG ? [1, 4, 8, 12, 16, 20, 31, 40, 60, 90] : [12];
const NO_ROOM = "this takes more memory than the gateway has";
const options = { memoryLimitBytes: 64 * MiB, bufferLimit: 512 * MiB, logLevel: "critical" as const };

const text = (size: number, part = "x") => part.repeat(Math.ceil(size / part.length)).slice(0, size);
const list = (size: number, item = '{"b":1}') =>
  `[${new Array(Math.ceil(size / (item.length + 1))).fill(item).join(",")}]`;
const call = (args: string, id = "1") =>
  `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"t","arguments":${args}}}`;
const quoted = (content: string) => JSON.stringify(content);

const args = [
  { name: "text", type: "string", description: "Text." },
  { name: "more", type: "object", description: "More." },
];
const url = "https://api.example.com/t";
const spread = { requestTemplate: { url, method: "POST", argsToJsonBody: true } };
const posted = (body: string) => ({ requestTemplate: { url, method: "POST", body } });
const shown = (body: string) => ({ requestTemplate: { url }, responseTemplate: { body } });

const tool = (one: object) => ({
  server: { name: "api" },
  tools: [{ name: "t", description: "T.", args, ...one }],
});

/** Sends the message; whether the VM lives, and what the client and the upstream have seen. */
function sent(configuration: object, message: string, reply: TestReply) {
  const seen: string[] = [];
  let now = reply;
  const chain = endpoint(configuration, {
    ...options,
    upstream: (request) => {
      seen.push(Buffer.from(request.body).toString());
      return now;
    },
  });
  const first = post(chain, message, { "mcp-protocol-version": "2025-03-26" });
  now = { body: '{"a":[]}' };
  const next = post(chain, call('{"text":"x","more":{}}', "2"), { "mcp-protocol-version": "2025-03-26" });
  expect(next.json).toMatchObject({ id: 2, result: { isError: false } });
  chain.close();
  return { first, seen };
}

type Requests = [title: string, one: object, message: (size: number) => string];
const requests: Requests[] = [
  ["a long text", spread, (size) => call(`{"text":"${text(size)}"}`)],
  ["a text with escapes", spread, (size) => call(`{"text":${quoted(text(size / 2, 'a"'))}}`)],
  ["an object", spread, (size) => call(`{"more":{"a":"${text(size)}"}}`)],
  ["very many objects", spread, (size) => call(`{"more":{"a":${list(size)}}}`)],
  ["a template's text", posted('{"x":"{{.args.text}}"}'), (size) => call(`{"text":"${text(size)}"}`)],
  [
    "a template's list",
    posted("{{range .args.more.a}}{{.b}},{{end}}"),
    (size) => call(`{"more":{"a":${list(size)}}}`),
  ],
  ["a long id", spread, (size) => call('{"text":"x"}', `"${text(size)}"`)],
];

type Answers = [title: string, one: object, reply: (size: number) => TestReply];
const answers: Answers[] = [
  ["text", shown(""), (size) => ({ body: text(size) })],
  ["quotes", shown(""), (size) => ({ body: text(size, '"a"') })],
  ["broken UTF-8", shown(""), (size) => ({ body: Buffer.alloc(size, 0xff) })],
  [
    "a picture",
    shown(""),
    (size) => ({ headers: { "content-type": "image/png" }, body: Buffer.alloc(size, 65) }),
  ],
  ["a failure", shown(""), (size) => ({ status: 500, body: text(size) })],
  [
    "a failure with a template",
    { requestTemplate: { url }, errorResponseTemplate: "{{.a}}" },
    (size) => ({ status: 500, body: `{"a":"${text(size)}"}` }),
  ],
  ["a template's text", shown("{{.a}}"), (size) => ({ body: `{"a":"${text(size)}"}` })],
  ["a template's changed text", shown("{{upper .a}}"), (size) => ({ body: `{"a":"${text(size)}"}` })],
  ["a template's list", shown("{{range .a}}{{.b}},{{end}}"), (size) => ({ body: `{"a":${list(size)}}` })],
  ["a template's path", shown('{{gjson "a.#.b"}}'), (size) => ({ body: `{"a":${list(size)}}` })],
  ["a template's JSON", shown("{{toJson .}}"), (size) => ({ body: `{"a":${list(size)}}` })],
  [
    "data with a schema",
    { requestTemplate: { url }, outputSchema: { type: "object", properties: { a: { type: "array" } } } },
    (size) => ({ body: `{"a":${list(size)}}` }),
  ],
];

describe.skipIf(guestBuild === "stress")("with 64 MiB for a VM", () => {
  test.each(requests)(
    "a call with %s passes whole or is refused, and the next one passes",
    (_, one, message) => {
      for (const size of sizes) {
        const { first, seen } = sent(tool(one), message(size * MiB - 1000), { body: "{}" });
        if (first.status === 200 && first.json.error === undefined) {
          expect(seen[0]!.length).toBeGreaterThan(0);
          continue;
        }
        expect([200, 413]).toContain(first.status);
        expect(first.json.error!.message, `${size} MiB`).toBe(NO_ROOM);
        if (first.status === 413) expect(seen.length, "only the next one reaches the upstream").toBe(1);
      }
    },
  );

  test.each(answers)(
    "an answer that is %s becomes a whole result or an error, and the next one passes",
    (_, one, reply) => {
      for (const size of sizes) {
        const { first } = sent(tool(one), call("{}"), reply(size * MiB - 1000));
        expect(first.status).toBe(200);
        if (first.json.error !== undefined) expect(first.json.error.message, `${size} MiB`).toBe(NO_ROOM);
        else expect(first.json.result).toHaveProperty("content");
      }
    },
  );

  test("8 MiB of text pass both ways", () => {
    const content = text(8 * MiB - 1000);
    const there = sent(tool(spread), call(`{"text":"${content}"}`), { body: "{}" });
    expect(there.first.status).toBe(200);
    expect(JSON.parse(there.seen[0]!)).toEqual({ text: content });
    const back = sent(tool(shown("")), call("{}"), { body: content });
    expect(back.first.json.result).toEqual({ content: [{ type: "text", text: content }], isError: false });
  });

  test.each([
    ["JSON", (body: string) => ({ headers: { "content-type": "application/json" }, body })],
    ["an event", (body: string) => events(`data: ${body}\n\n`)],
  ])("a proxied server's reply as %s that does not fit is an error", (_, reply) => {
    for (const size of sizes) {
      let content = text(size * MiB - 1000);
      const backend = older((request) =>
        reply(JSON.stringify(result(request, { content: [{ type: "text", text: content }] }))),
      );
      const answer = (headers: [string, string][], body: Uint8Array) => {
        const header = (name: string) => headers.find(([one]) => one === name)?.[1];
        const seen = { by: "route" as const, method: "POST", path: "/", authority: "", headers, header };
        return backend({ ...seen, json: body.length > 0 ? JSON.parse(Buffer.from(body).toString()) : {} });
      };
      const chain = endpoint(
        { server: proxied },
        {
          ...options,
          upstream: (request) => answer(request.headers, request.body) as TestReply,
          calls: (request) => answer(request.headers, request.body) as TestReply,
        },
      );
      const first = ask(chain, "tools/call", { name: "add", arguments: {} });
      if (first.json.error === undefined)
        expect(first.json.result).toMatchObject({ content: [{ text: content }] });
      else expect(first.json.error.message, `${size} MiB`).toBe(NO_ROOM);
      content = "x";
      expect(ask(chain, "tools/call", { name: "add", arguments: {} }).json.result).toMatchObject({
        content: [{ text: "x" }],
      });
      chain.close();
    }
  });

  test("a batch whose answers do not fit is an error, and the next one passes", () => {
    const chain = endpoint(tool(shown("")), { ...options, calls: () => ({ body: text(10 * MiB) }) });
    const batch = (count: number) => `[${new Array(count).fill(call("{}")).join(",")}]`;
    const { json: answered } = post(chain, batch(8), { "mcp-protocol-version": "2025-03-26" });
    expect(JSON.stringify(answered)).toContain("error");
    const { json: next } = post(chain, call("{}"), { "mcp-protocol-version": "2025-03-26" });
    expect(next.id).toBe(1);
    chain.close();
  });
});
