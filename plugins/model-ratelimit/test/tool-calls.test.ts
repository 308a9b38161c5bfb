// Limits of calls of MCP's tools: each call counts, however a client packs it.

import { expect, onTestFinished, test } from "vitest";
import { ratelimit } from "./ratelimit.ts";

function started(rule: object) {
  const chain = ratelimit({ rules: [{ unit: "tool_calls", ...rule }] }, { logLevel: "error" });
  onTestFinished(() => chain.close());
  const send = (body: unknown, headers: Record<string, string> = {}) =>
    chain.exchange({
      method: "POST",
      path: "/mcp",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    }).client;
  const left = (sent = send({ jsonrpc: "2.0", id: 0, method: "tools/list" })) =>
    Number(/r=(\d+)/.exec(sent.header("ratelimit") ?? "")?.[1] ?? NaN);
  return { send, left };
}

const call = (id: number, name = "a", more: object = {}) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, ...more },
});

test("each call of a batch counts, and a batch that goes beyond the limit is refused as a whole", () => {
  const { send, left } = started({ limit: 5 });
  expect(left(send([call(1), { jsonrpc: "2.0", id: 2, method: "ping" }, call(3)]))).toBe(3);
  const refused = send([call(4), call(5), call(6), call(7)]);
  expect(refused.status).toBe(429);
  expect(
    JSON.parse(refused.text).map(({ id, error }: { id: number; error: { code: number } }) => [
      id,
      error.code,
    ]),
  ).toEqual([4, 5, 6, 7].map((id) => [id, -32029]));
  expect(left(send([call(8), call(9), call(10)]))).toBe(0);
  expect(send(call(11)).status).toBe(429);
});

test("calls of a batch count with their tools", () => {
  const { send } = started({ by: ["tool"], limit: 2 });
  expect(send([call(1, "a"), call(2, "b"), call(3, "a")]).status).toBe(200);
  expect(send([call(4, "b"), call(5, "c")]).status).toBe(200);
  expect(send([call(6, "c"), call(7, "a")]).status).toBe(429);
  // What was refused was not counted.
  expect(send(call(8, "c")).status).toBe(200);
});

test("no spelling of a call is overlooked", () => {
  const text = JSON.stringify(call(1));
  const deep = "[".repeat(300) + "]".repeat(300);
  const spellings: [string, number][] = [
    [text, 1],
    [` \r\n${text}`, 1],
    [text.replace("tools/call", "tools\\/call"), 1],
    [text.replace("method", "me\\u0074hod"), 1],
    [text.replace('"method"', '"method":"ping","method"'), 1],
    [`[${text}]`, 1],
    [` [ ${text} , ${text} ] `, 2],
    [`["{",${text}]`, 1],
    [`["\\"{",1,null,${text}]`, 1],
    [`[[${text}]]`, 1],
    [text.replace("{", `{"deep":${deep},`), 1],
    [`[${text.replace("{", `{"deep":${deep},`)}]`, 1],
    [JSON.stringify(call(1, "a", { arguments: { text: "x".repeat(300_000) } })), 1],
    [JSON.stringify([call(1, "a", { arguments: { text: "x".repeat(300_000) } }), call(2)]), 2],
  ];
  for (const [spelling, count] of spellings) {
    const { send } = started({ limit: count });
    expect([spelling.slice(0, 60), send(spelling).status]).toEqual([spelling.slice(0, 60), 200]);
    expect([spelling.slice(0, 60), send(text).status]).toEqual([spelling.slice(0, 60), 429]);
  }
});

test("a body that cannot be read may hold a call, and counts as one", () => {
  const { send } = started({ limit: 1 });
  expect(send("packed", { "content-encoding": "gzip" }).status).toBe(200);
  expect(send("packed", { "content-encoding": "gzip" }).status).toBe(429);
});

test("a call whose tool cannot be read counts with every rule for tools", () => {
  const { send } = started({ match: [{ of: "tool", in: ["costly"] }], limit: 1 });
  expect(send(call(1, "cheap")).status).toBe(200);
  expect(send(call(2, "cheap")).status).toBe(200);
  expect(send("packed", { "content-encoding": "gzip" }).status).toBe(200);
  expect(send(call(3, "costly")).status).toBe(429);
});

test("other messages do not count", () => {
  const { send } = started({ limit: 1 });
  expect(send({ model: "m", messages: [] }).status).toBe(200);
  expect(send({ model: "m", messages: [] }).status).toBe(200);
  for (const method of ["initialize", "tools/list", "notifications/initialized"]) {
    expect(send({ jsonrpc: "2.0", id: 1, method }).status).toBe(200);
  }
  expect(send(call(1)).status).toBe(200);
  expect(send({ jsonrpc: "2.0", id: 1, method: "tools/list" }).status).toBe(200);
});
