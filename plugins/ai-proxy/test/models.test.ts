// GET /v1/models: the provider's list and the models that the configuration names, or these alone.

import { describe, expect, test } from "vitest";
import type { TestReply, TestRequest } from "../../../host-test/testing/chain.ts";
import { chat, json, provider, proxy } from "./proxy.ts";

const mapped = {
  id: "a",
  type: "openai",
  modelMapping: { "gpt-4o": "x", fast: "y", "*": "z", "o1*": "w", "~^q": "v" },
};
const other = { id: "b", type: "claude", apiTokens: ["sk"], modelMapping: { fast: "y2", "claude-x": "c" } };
const lists = { providers: [mapped, other] };
const ids = (text: string) => JSON.parse(text).data.map(({ id }: { id: string }) => id);

const get = (path = "/v1/models", headers: Record<string, string> = {}): TestRequest => ({ path, headers });

function listed(
  reply: TestReply,
  configuration: object = { ...lists, activeProviderId: "a" },
  request = get(),
) {
  return proxy(configuration, { upstream: () => reply }).exchange(request);
}

describe("a provider's own list", () => {
  const own =
    '{"object": "list",\n "data": [ {"id":"gpt-4o", "created":1.0e3,"x":"\\u00e9"} ,{"id":"own"} ],"y":1}';

  test("gets the names it lacks, of all entries, and stays byte for byte", () => {
    const { client } = listed({
      headers: { "content-type": "application/json", "content-length": "1" },
      body: own,
    });
    const added = (id: string, by: string) =>
      `{"id":"${id}","object":"model","created":0,"owned_by":"${by}"}`;
    expect(client.text).toBe(
      own.replace('"own"} ]', `"own"} ,${added("fast", "openai")},${added("claude-x", "claude")}]`),
    );
    expect(client.header("content-length") ?? String(client.body.length)).toBe(String(client.body.length));
  });

  test("may be empty", () => {
    expect(ids(listed(json({ object: "list", data: [] })).client.text)).toEqual([
      "gpt-4o",
      "fast",
      "claude-x",
    ]);
  });

  test("that has them all passes byte for byte", () => {
    const all = '{"data":[{"id":"claude-x"},{"id":"fast"},  {"id":"gpt-4o"}]}';
    expect(listed({ body: all }).client.text).toBe(all);
  });

  test("keeps Anthropic's shape for its clients", () => {
    const body = {
      data: [{ type: "model", id: "claude-x" }],
      has_more: false,
      first_id: "claude-x",
      last_id: "claude-x",
    };
    const request = get("/v1/models", { "anthropic-version": "2023-06-01" });
    const { client } = listed(json(body), { ...lists, activeProviderId: "b" }, request);
    const answer = JSON.parse(client.text);
    expect(ids(client.text)).toEqual(["claude-x", "gpt-4o", "fast"]);
    expect(answer.data[1]).toMatchObject({ type: "model", id: "gpt-4o", display_name: "gpt-4o" });
    expect(answer).toMatchObject({ has_more: false, first_id: "claude-x" });
  });

  test.each<[string, TestReply]>([
    ["an error", json({ error: { message: "no" } }, { status: 401 })],
    ["another success", json({ data: [] }, { status: 203 })],
    ["no JSON", { body: "<html>" }],
    ["broken JSON", { body: '{"data":[{"id":"a"}' }],
    ["another shape", json({ models: [] })],
    ["no list", json({ data: {} })],
    ["nothing", { body: "" }],
    ["an encoded body", { body: '{"data":[]}', headers: { "content-encoding": "gzip" } }],
  ])("%s passes as it is", (_, reply) => {
    const { client } = listed(reply);
    expect([client.status, client.text]).toEqual([reply.status ?? 200, reply.body]);
  });

  test.each(["[1,null]", '[{"id":5},{}]', '[[{"id":"fast"}]]'])("with odd entries is kept: %s", (data) => {
    const { client } = listed({ body: `{"data":${data}}` });
    expect(client.text.startsWith(`{"data":${data.slice(0, -1)},`)).toBe(true);
    expect(JSON.parse(client.text).data).toHaveLength(JSON.parse(data).length + 3);
  });

  test("is asked for in pieces of any size", () => {
    const body = Buffer.from(own);
    const whole = listed({ body: own }).client.text;
    for (let cut = 1; cut < body.length; cut += 7) {
      expect(listed({ chunks: [body.subarray(0, cut), body.subarray(cut)] }).client.text).toBe(whole);
    }
  });
});

describe("without a list of the provider", () => {
  const entry = { type: "yi", apiTokens: ["sk"], modelMapping: { "gpt-4o": "x", "*": "y" } };

  test("the plugin answers an OpenAI client", () => {
    const { client, upstream } = provider(entry).exchange(get("/v1/models?limit=1"));
    expect(upstream).toBeUndefined();
    expect([client.status, client.header("content-type")]).toEqual([200, "application/json"]);
    expect(JSON.parse(client.text)).toEqual({
      object: "list",
      data: [{ id: "gpt-4o", object: "model", created: 0, owned_by: "yi" }],
    });
  });

  test("and an Anthropic client", () => {
    const { client } = provider(entry).exchange(get("/v1/models", { "anthropic-version": "2023-06-01" }));
    expect(JSON.parse(client.text)).toEqual({
      data: [{ type: "model", id: "gpt-4o", display_name: "gpt-4o", created_at: "1970-01-01T00:00:00Z" }],
      has_more: false,
      first_id: "gpt-4o",
      last_id: "gpt-4o",
    });
  });

  test("and a Gemini client", () => {
    const { client } = provider(entry).exchange(get("/v1beta/models"));
    expect(JSON.parse(client.text)).toEqual({
      models: [
        {
          name: "models/gpt-4o",
          displayName: "gpt-4o",
          supportedGenerationMethods: ["generateContent", "streamGenerateContent"],
        },
      ],
    });
  });
});

test("gemini's own list gets the names for its clients", () => {
  const entry = { type: "gemini", apiTokens: ["sk"], modelMapping: { fast: "x", "gemini-a": "y" } };
  const own = '{"models":[{"name":"models/gemini-a"}],"nextPageToken":"t"}';
  const { client } = provider(entry, { upstream: () => ({ body: own }) }).exchange(get("/v1beta/models"));
  const answer = JSON.parse(client.text);
  expect(answer.models.map(({ name }: { name: string }) => name)).toEqual(["models/gemini-a", "models/fast"]);
  expect(answer.nextPageToken).toBe("t");
});

test("a second attempt's list gets the names as well", () => {
  const entry = { ...mapped, apiTokens: ["sk-1", "sk-2"], retryOnFailure: { enabled: true } };
  const options = { upstream: () => ({ status: 500 }), calls: () => ({ body: '{"data":[{"id":"own"}]}' }) };
  expect(ids(provider(entry, options).exchange(get()).client.text)).toEqual(["own", "gpt-4o", "fast"]);
});

describe("left alone is", () => {
  const answer = '{"data": []}';
  const passes = (configuration: object, request: TestRequest) => {
    const { client, upstream } = proxy(configuration, { upstream: () => ({ body: answer }) }).exchange(
      request,
    );
    expect(upstream).toBeDefined();
    expect(client.text).toBe(answer);
  };

  test.each([{}, { "*": "a" }, { "gpt*": "a", "~x": "b" }])(
    "a configuration that names no model: %j",
    (modelMapping) => {
      passes({ provider: { type: "openai", modelMapping } }, get());
      passes({ provider: { type: "yi", apiTokens: ["sk"], modelMapping } }, get());
    },
  );

  test("protocol original", () => {
    passes({ provider: { ...other, protocol: "original" } }, get());
  });

  test("a gateway without an active provider", () => {
    passes(lists, get());
  });

  test.each(["/v1/models/gpt-4o", "/v1/modelsx", "/v1/fine_tuning/jobs"])("%s", (path) => {
    passes({ provider: mapped }, get(path));
  });

  test("anything but GET", () => {
    passes({ provider: mapped }, { ...get(), method: "DELETE" });
    passes({ provider: mapped }, chat({}, { path: "/v1/models" }));
  });
});
