// Quotas: who may pass, what an administrator's calls do, and the words of Higress's ai-quota.

import { describe, expect, onTestFinished, test } from "vitest";
import type { TestChainOptions, TestRequest } from "../../../host-test/testing/chain.ts";
import { chat, chatPath, fill, left, quota, ratelimit, used } from "./ratelimit.ts";

function started(configuration: object = quota, options: Partial<TestChainOptions> = {}) {
  const chain = ratelimit(configuration, { upstream: () => used(3, 4), ...options });
  onTestFinished(() => chain.close());
  return chain;
}

const admin = { "x-mse-consumer": "admin" };
const denied = "Request denied by ai quota check";

describe("a request is refused", () => {
  test.each<[string, TestRequest, number, string, string]>([
    ["without a consumer", {}, 401, "ai-quota.no_key", `${denied}. No Key Authentication information found.`],
    ["without a balance", chat(), 403, "ai-quota.noquota", `${denied}, No quota left`],
    [
      "that asks for a balance and is no administrator's",
      { path: `${chatPath}/quota?consumer=ann`, headers: { "x-mse-consumer": "ann" } },
      403,
      "ai-quota.unauthorized",
      `${denied}. Unauthorized admin consumer.`,
    ],
    [
      "that asks for nobody's balance",
      { path: `${chatPath}/quota`, headers: admin },
      403,
      "ai-quota.unauthorized",
      `${denied}. consumer can't be empty.`,
    ],
    [
      "that refreshes without a quota",
      { path: `${chatPath}/quota/refresh`, headers: admin, body: "consumer=ann" },
      403,
      "ai-quota.unauthorized",
      `${denied}. consumer can't be empty and quota must be integer.`,
    ],
    [
      "that changes by what is no integer",
      { path: `${chatPath}/quota/delta`, headers: admin, body: "consumer=ann&value=1.5" },
      403,
      "ai-quota.unauthorized",
      `${denied}. consumer can't be empty and value must be integer.`,
    ],
    [
      "that refreshes without a body",
      { method: "POST", path: `${chatPath}/quota/refresh`, headers: admin },
      403,
      "ai-quota.unauthorized",
      `${denied}. consumer can't be empty and quota must be integer.`,
    ],
    [
      "that refreshes with an endless body",
      { path: `${chatPath}/quota/refresh`, headers: admin, body: `quota=5&consumer=${"a".repeat(20_000)}` },
      403,
      "ai-quota.unauthorized",
      `${denied}. consumer can't be empty and quota must be integer.`,
    ],
  ])("%s", (_, request, status, details, text) => {
    const { client, upstream, record } = started().exchange(request);
    expect(client.status).toBe(status);
    expect(client.text).toBe(text);
    expect(client.header("content-type")).toBe("text/plain");
    expect(record?.details).toBe(details);
    expect(upstream).toBeUndefined();
  });
});

test("a balance is refreshed, read, changed and spent", () => {
  const chain = started();
  const refreshed = fill(chain, 100);
  expect([refreshed.status, refreshed.text]).toEqual([200, "refresh quota successful"]);
  const delta = (value: string) =>
    chain.exchange({ path: `${chatPath}/quota/delta`, headers: admin, body: `consumer=ann&value=${value}` })
      .client;
  expect(delta("-30").text).toBe("delta quota successful");
  expect(left(chain)).toBe(70);
  delta("%2B5");
  expect(left(chain)).toBe(75);
  expect(chain.exchange(chat()).client.status).toBe(200);
  expect(left(chain)).toBe(68);
});

test("a balance is read as JSON, and nobody's is 0", () => {
  const chain = started();
  const request = { path: `${chatPath}/quota?consumer=a%22%3Cb`, headers: admin };
  const { client, record } = chain.exchange(request);
  expect(client.text).toBe(String.raw`{"consumer":"a\"\u003cb","quota":0}`);
  expect(client.header("content-type")).toBe("application/json");
  expect(record?.details).toBe("ai-quota.queryquota");
});

test("parameters may come in any pieces", () => {
  const chain = started();
  const headers = admin;
  chain.exchange({
    path: `${chatPath}/quota/refresh`,
    headers,
    chunks: ["consu", "mer=ann&qu", "ota=4", "2"],
  });
  expect(left(chain)).toBe(42);
});

test("other paths pass unmetered, unless they are named", () => {
  const embeddings = chat({ path: "/v1/embeddings?x=1" });
  expect(started().exchange(embeddings).client.status).toBe(200);
  expect(started({ ...quota, metered_paths: ["/v1/embeddings"] }).exchange(embeddings).client.status).toBe(
    403,
  );
  expect(started({ ...quota, metered_paths: ["*"] }).exchange(embeddings).client.status).toBe(403);
  expect(started({ ...quota, metered_paths: "/v1/messages" }).exchange(chat()).client.status).toBe(200);
});

test("paths and names follow the configuration", () => {
  const chain = started({ ...quota, admin_path: "/balance" });
  const path = `/ai${chatPath}/balance?consumer=ann`;
  expect(chain.exchange({ path, headers: admin }).client.text).toBe('{"consumer":"ann","quota":0}');
});

test("answers come uncompressed, since compressed usage cannot be counted", () => {
  const chain = started();
  fill(chain, 10);
  const { upstream } = chain.exchange({
    ...chat(),
    headers: { "x-mse-consumer": "ann", "accept-encoding": "gzip, br" },
  });
  expect(upstream?.header("accept-encoding")).toBeUndefined();
});

test("a client that leaves is charged what was known by then", () => {
  const chain = started();
  fill(chain, 100);
  const stream = chain.open("HTTP/1.1", true);
  const headers = {
    ":method": "GET",
    ":path": chatPath,
    ":authority": "a",
    ":scheme": "http",
    "x-mse-consumer": "ann",
  };
  stream.http.requestHeaders(Object.entries(headers), true);
  chain.settle();
  stream.http.responseHeaders(
    [
      [":status", "200"],
      ["content-type", "text/event-stream"],
    ],
    false,
  );
  const event = { type: "message_start", message: { usage: { input_tokens: 25, output_tokens: 1 } } };
  stream.http.responseData(Buffer.from(`data: ${JSON.stringify(event)}\n\n`), false);
  chain.settle();
  expect(stream.client.status).toBe(200);
  stream.http.requestReset();
  chain.settle();
  expect(left(chain)).toBe(74);
});
