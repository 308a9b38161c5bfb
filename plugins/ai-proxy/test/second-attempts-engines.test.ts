// Second attempts with real sockets, on the Node host and on a real Envoy.

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { expect, test } from "vitest";
import {
  describeEngines,
  play,
  type ClientRequest,
  type GatewaySetup,
  type Handler,
} from "../../../host-test/testing/scenario.ts";

const backup = { id: "backup", type: "claude", apiTokens: ["sk-backup"], modelMapping: { "*": "claude-x" } };
const last = {
  id: "last",
  type: "groq",
  apiTokens: ["sk-last"],
  modelMapping: { "*": "llama", "gpt-4o": "llama" },
};
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
  {
    id: "failover",
    type: "openai",
    apiTokens: ["sk-sick", "sk-well"],
    basePath: "/failover",
    failover: { enabled: true, healthCheckModel: "m", failureThreshold: 2, healthCheckInterval: 100 },
  },
  backup,
  last,
];
const active = ["retry", "fallback", "slow", "failover"];

const setup: GatewaySetup = {
  plugins: [
    {
      plugin: "ai-proxy",
      configuration: { providers },
      rules: active.map((id) => ({ ingress: [id], config: { activeProviderId: id } })),
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
    { name: "failover", to: "first.static", path: "/failover" },
    { name: "fallback", to: "first.static", path: "/fallback" },
  ],
  bufferLimit: 16 << 20,
  workers: 2,
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

const claudeStream = [
  ["message_start", { message: { id: "m", role: "assistant", content: [], usage: { input_tokens: 1 } } }],
  ["content_block_start", { index: 0, content_block: { type: "text", text: "" } }],
  ["content_block_delta", { index: 0, delta: { type: "text_delta", text: "Hel" } }],
  ["content_block_delta", { index: 0, delta: { type: "text_delta", text: "lo" } }],
  ["content_block_stop", { index: 0 }],
  ["message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 2 } }],
  ["message_stop", {}],
]
  .map(
    ([type, rest]) => `event: ${type as string}\ndata: ${JSON.stringify({ type, ...(rest as object) })}\n\n`,
  )
  .join("");

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

  test("a client that goes away during a retry costs nobody else anything", async () => {
    const asked = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const hold: Handler = async (exchange) => {
      await exchange.requestEnd;
      asked.resolve();
      await gone.promise;
      exchange.cut();
    };
    // One of the two is for the attempt that may follow before the gateway hears of it.
    first().reply([tooMany, hold, { body: completion }, { body: completion }]);
    const request = post("/retry/v1/chat/completions");
    const client = gateway.open({ ...request, headers: { "content-type": "application/json" } });
    await client.end({ data: Buffer.from(JSON.stringify(request.body)) });
    await asked.promise;
    client.abort();
    await client.answer;
    gone.resolve();
    expect((await gateway.send(request)).json()).toEqual(completion);
  });

  test.each([7 << 20, 9 << 20])(
    "a request of %i bytes goes out whole, and again if it was kept",
    async (size) => {
      first().reply([tooMany, { body: completion }]);
      const content = "x".repeat(size);
      const answer = await gateway.send(
        post("/retry/v1/chat/completions", { messages: [{ role: "user", content }] }),
      );
      const isKept = size < 8 << 20;
      expect(answer.status).toBe(isKept ? 200 : 429);
      const sizes = first().requests.map((seen) => seen.body.length);
      expect(sizes).toHaveLength(isKept ? 2 : 1);
      expect(new Set(sizes).size).toBe(1);
      expect(sizes[0]).toBeGreaterThan(size);
    },
  );

  test("an answer of 20 MB comes whole through another provider", async () => {
    const text = "y".repeat(20 << 20);
    first().reply(tooMany);
    second().reply({ body: { ...claudeAnswer, content: [{ type: "text", text }] } });
    const answer = await gateway.send(post("/fallback/v1/chat/completions"));
    expect(answer.header("x-ai-proxy-provider")).toBe("backup");
    const { choices } = answer.json() as { choices: { message: { content: string } }[] };
    expect(choices[0]!.message.content === text).toBe(true);
  });

  test("OpenAI's client reads a stream that another provider gave", async () => {
    first().reply({ status: 503 });
    second().reply({ headers: { "content-type": "text/event-stream" }, body: claudeStream });
    const client = new OpenAI({
      baseURL: `http://127.0.0.1:${gateway.port}/fallback/v1`,
      apiKey: "client",
      maxRetries: 0,
    });
    const stream = await client.chat.completions.create({
      model: "gpt-4o",
      messages: [{ role: "user", content: "Hi" }],
      stream: true,
    });
    const texts: string[] = [];
    let finish: string | null | undefined;
    for await (const { choices } of stream) {
      texts.push(choices[0]?.delta.content ?? "");
      finish = choices[0]?.finish_reason ?? finish;
    }
    expect([texts.join(""), finish]).toEqual(["Hello", "stop"]);
    expect(second().requests[0]!.json()).toMatchObject({ stream: true, model: "claude-x" });
  });

  test("Anthropic's client reads a stream that another provider gave", async () => {
    first().reply({ status: 503 });
    second().reply({ status: 529 });
    const chunk = (delta: object, finish_reason: string | null = null) =>
      `data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
    third().reply({
      headers: { "content-type": "text/event-stream" },
      chunks: [chunk({ content: "Hel" }), chunk({ content: "lo" }), chunk({}, "stop"), "data: [DONE]\n\n"],
    });
    const client = new Anthropic({
      baseURL: `http://127.0.0.1:${gateway.port}/fallback`,
      apiKey: "client",
      maxRetries: 0,
    });
    const answer = await client.messages
      .stream({ model: "any", max_tokens: 10, messages: [{ role: "user", content: "Hi" }] })
      .finalMessage();
    expect(answer.content).toEqual([{ type: "text", text: "Hello" }]);
    expect(answer.stop_reason).toBe("end_turn");
  });

  test("OpenAI's client lists the provider's models and those of the configuration", async () => {
    first().reply({
      body: { object: "list", data: [{ id: "own", object: "model", created: 1, owned_by: "o" }] },
    });
    const ids = async (route: string) => {
      const baseURL = `http://127.0.0.1:${gateway.port}/${route}/v1`;
      const client = new OpenAI({ baseURL, apiKey: "client", maxRetries: 0 });
      const models = [];
      for await (const { id } of client.models.list()) models.push(id);
      return models;
    };
    expect(await ids("failover")).toEqual(["own", "gpt-4o"]);
    expect(await ids("retry")).toEqual(["gpt-4o"]);
    expect(first().requests).toHaveLength(1);
  });

  test("a token that fails is out of use in all workers until a health check succeeds", async () => {
    const sick: Handler = (exchange) => {
      const isSick = exchange.request.header("authorization") === "Bearer sk-sick";
      return play(isSick ? { status: 401 } : { body: completion }, exchange);
    };
    first().reply(sick);
    const statuses = async (count: number) => {
      const seen = [];
      for (let i = 0; i < count; i++)
        seen.push((await gateway.send(post("/failover/v1/chat/completions"))).status);
      return seen;
    };
    while (!gateway.logs.some(({ message }) => message.includes("out of use until"))) await statuses(4);
    expect(new Set(await statuses(20))).toEqual(new Set([200]));
    await gateway.logged("health check of token 1 of 2: status 401");
    first().reply({ body: completion });
    await gateway.logged("token 1 of 2 is in use again");
    expect(new Set(await statuses(10))).toEqual(new Set([200]));
    expect(gateway.logs.filter(({ message }) => message.includes("sk-"))).toEqual([]);
  });
});
