// Second attempts with real sockets, on the Node host and on a real Envoy.

import { expect, test } from "vitest";
import {
  describeEngines,
  type ClientRequest,
  type GatewaySetup,
} from "../../../host-test/testing/scenario.ts";

const backup = { id: "backup", type: "claude", apiTokens: ["sk-backup"], modelMapping: { "*": "claude-x" } };
const last = { id: "last", type: "groq", apiTokens: ["sk-last"], modelMapping: { "*": "llama" } };
const fallbacks = [
  { providerId: "backup", serviceName: "backup.static", servicePort: 80 },
  { providerId: "last", cluster: "outbound|80||last.static", on: ["5xx", "connect", "timeout"] },
];
const providers = [
  {
    id: "retry",
    type: "yi",
    apiTokens: ["sk-1", "sk-2", "sk-3"],
    basePath: "/retry",
    retryOnFailure: { enabled: true, maxRetries: 2 },
  },
  { id: "fallback", type: "yi", apiTokens: ["sk-first"], basePath: "/fallback", fallbacks },
  {
    id: "slow",
    type: "yi",
    apiTokens: ["sk-first"],
    basePath: "/slow",
    fallbacks: [{ ...fallbacks[0], on: ["timeout"] }],
  },
  backup,
  last,
];

const setup: GatewaySetup = {
  plugins: [
    {
      plugin: "ai-proxy",
      configuration: { providers },
      rules: ["retry", "fallback", "slow"].map((id) => ({ ingress: [id], config: { activeProviderId: id } })),
    },
  ],
  upstreams: {
    "first.static": {},
    "backup.static": {},
    "last.static": {},
    "refused.static": { state: "refused" },
    "none.static": { state: "none" },
  },
  routes: [
    {
      name: "fallback",
      to: "refused.static",
      path: "/fallback",
      headers: [{ name: "x-to", exact: "refused" }],
    },
    { name: "fallback", to: "none.static", path: "/fallback", headers: [{ name: "x-to", exact: "none" }] },
    { name: "slow", to: "first.static", path: "/slow", timeoutMs: 200 },
    { name: "retry", to: "first.static", path: "/retry" },
    { name: "fallback", to: "first.static", path: "/fallback" },
  ],
  bufferLimit: 8 << 20,
};

const tooMany = { status: 429, body: { error: { message: "Slow down", type: "rate_limit_error" } } };
const completion = { id: "c", choices: [{ index: 0, message: { role: "assistant", content: "Hello" } }] };
const claudeAnswer = {
  id: "m",
  type: "message",
  role: "assistant",
  content: [{ type: "text", text: "From Claude" }],
  stop_reason: "end_turn",
  usage: { input_tokens: 1, output_tokens: 2 },
};

function post(path: string, body: object = {}, more: ClientRequest = {}): ClientRequest {
  return {
    path,
    body: { model: "gpt-4o", messages: [{ role: "user", content: "Hi" }], ...body },
    ...more,
  };
}

describeEngines("second attempts", (engine) => {
  const gateway = engine.shared(setup);
  const first = () => gateway.upstream("first.static");
  const second = () => gateway.upstream("backup.static");
  const third = () => gateway.upstream("last.static");

  for (const protocol of ["http1", "http2"] as const) {
    test(`over ${protocol} a refused request is sent again with other tokens`, async () => {
      first().reply([tooMany, tooMany, { body: completion, headers: { "x-served": "3" } }]);
      const answer = await gateway.send(post("/retry/v1/chat/completions", {}, { protocol }));
      expect([answer.status, answer.json()]).toEqual([200, completion]);
      expect(answer.header("x-served")).toBe("3");
      const { requests } = first();
      expect(requests.map((seen) => seen.header("authorization")).toSorted()).toEqual(
        ["sk-1", "sk-2", "sk-3"].map((token) => `Bearer ${token}`),
      );
      for (const seen of requests) {
        expect([seen.authority, seen.path]).toEqual(["api.lingyiwanwu.com", "/v1/chat/completions"]);
        expect(seen.text).toBe(requests[0]!.text);
      }
    });

    test(`over ${protocol} a Claude client gets an exhausted retry's first answer in its dialect`, async () => {
      first().reply([tooMany, { status: 500 }, { status: 401 }]);
      const answer = await gateway.send(post("/retry/v1/messages", { max_tokens: 5 }, { protocol }));
      expect(answer.status).toBe(429);
      expect(answer.json()).toMatchObject({ type: "error", error: { message: "Slow down" } });
      expect(first().requests).toHaveLength(3);
    });
  }

  test("an answer without a body is retried, and passes when that fails", async () => {
    first().reply([{ status: 503 }, { status: 503 }, { status: 503 }]);
    const answer = await gateway.send(post("/retry/v1/chat/completions"));
    expect([answer.status, answer.text]).toEqual([503, ""]);
    expect(first().requests).toHaveLength(3);
  });

  test("another provider answers in the client's dialect", async () => {
    first().reply(tooMany);
    second().reply({ body: claudeAnswer });
    const answer = await gateway.send(post("/fallback/v1/chat/completions"));
    expect([answer.status, answer.header("x-ai-proxy-provider")]).toEqual([200, "backup"]);
    expect(answer.json()).toMatchObject({
      model: "claude-x",
      choices: [{ message: { content: "From Claude" } }],
    });
    const [seen] = second().requests;
    expect([seen!.authority, seen!.path, seen!.header("x-api-key")]).toEqual([
      "api.anthropic.com",
      "/v1/messages",
      "sk-backup",
    ]);
    expect(seen!.json()).toMatchObject({ model: "claude-x", max_tokens: 4096 });
  });

  test.each(["refused", "none"])("a provider that cannot be reached (%s) is replaced", async (to) => {
    second().reply({ body: claudeAnswer });
    const answer = await gateway.send(post("/fallback/v1/chat/completions", {}, { headers: { "x-to": to } }));
    expect([answer.status, answer.header("x-ai-proxy-provider")]).toEqual([200, "backup"]);
  });

  test("a connection that breaks before the answer is replaced", async () => {
    first().reply((exchange) => exchange.cut());
    second().reply({ body: claudeAnswer });
    const answer = await gateway.send(post("/fallback/v1/chat/completions"));
    expect([answer.status, answer.header("x-ai-proxy-provider")]).toEqual([200, "backup"]);
  });

  test("a provider that does not answer in the route's time is replaced where that is asked for", async () => {
    const never = Promise.withResolvers<void>();
    first().reply(() => never.promise);
    second().reply({ body: claudeAnswer });
    const answer = await gateway.send(post("/slow/v1/chat/completions"));
    never.resolve();
    expect([answer.status, answer.header("x-ai-proxy-provider")]).toEqual([200, "backup"]);
  });

  test("a chain of two: the second provider fails too, and the third answers", async () => {
    first().reply(tooMany);
    second().reply({ status: 529, body: "overloaded" });
    third().reply({ body: completion });
    const answer = await gateway.send(post("/fallback/v1/chat/completions"));
    expect([answer.status, answer.header("x-ai-proxy-provider"), answer.json()]).toEqual([
      200,
      "last",
      completion,
    ]);
    expect(third().requests[0]!.path).toBe("/openai/v1/chat/completions");
  });

  test("the gateway's own answer passes when nobody else answers either", async () => {
    second().reply({ status: 500 });
    third().reply({ status: 400 });
    const answer = await gateway.send(
      post("/fallback/v1/chat/completions", {}, { headers: { "x-to": "refused" } }),
    );
    expect(answer.status).toBe(503);
    expect(answer.text).toContain("upstream connect error");
    expect(answer.header("x-ai-proxy-provider")).toBeUndefined();
  });
});
