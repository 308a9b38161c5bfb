// Credentials: the client's end at the gateway, the provider's go to the provider, and neither is ever logged.

import { describe, expect, test } from "vitest";
import type {
  TestChain,
  TestChainOptions,
  TestReply,
  TestRequest,
} from "../../../host-test/testing/chain.ts";
import { clientDialects, question } from "./client-requests.ts";
import { configuredProviders } from "./configured-providers.ts";
import { entryOf, fixtures } from "./provider-fixtures.ts";
import { answering, chat, eventStream, json, message, provider, proxy, refusal } from "./proxy.ts";

const canary = "client-canary-0123456789";

/** Everywhere a client may put a credential, one of them twice. */
const credentials: [string, string][] = [
  ["content-type", "application/json"],
  ["authorization", `Bearer ${canary}`],
  ["authorization", `Basic ${canary}`],
  ["proxy-authorization", `Basic ${canary}`],
  ["x-api-key", canary],
  ["api-key", canary],
  ["x-goog-api-key", canary],
  ["x-authorization", canary],
  ["x-hi-original-auth", canary],
];

/** Queries of Gemini's clients, which may carry the key. */
const keys = [`key=${canary}`, `alt=sse&key=${canary}`, `key=${canary}&alt=sse`, `k%65y=${canary}&a=b`];

/** A conversation in each dialect, whole and streamed, and requests that the plugin does not look into. */
const requests: [string, TestRequest][] = [
  ...clientDialects.flatMap((dialect) =>
    (["whole", "stream"] as const).map((way): [string, TestRequest] => [
      `a client of ${dialect}, ${way}`,
      question(dialect, way),
    ]),
  ),
  ...keys.flatMap((query) =>
    ["generateContent", "streamGenerateContent"].map((method): [string, TestRequest] => [
      `a client of gemini, ${method}?${query.replace(canary, "…")}`,
      { ...question("gemini", "whole"), path: `/v1beta/models/gpt-4o:${method}?${query}` },
    ]),
  ),
  ["a client of gemini that counts", { path: `/v1beta/models/gpt-4o:countTokens?key=${canary}`, body: "{}" }],
  ["a client of gemini that lists", { path: `/v1beta/models?key=${canary}` }],
  ["a request without a body", { path: "/v1/files" }],
  ["a request to an unknown path", { path: "/unknown" }],
];

function withCredentials(request: TestRequest): TestRequest {
  return { ...request, headers: credentials };
}

/** What goes upstream, by the route and by calls of the plugin's own. */
function sentBy(chain: TestChain, request: TestRequest): string[] {
  const before = chain.calls.length;
  const { upstream } = chain.exchange(withCredentials(request));
  const sent = chain.calls
    .slice(before)
    .map((call) => ({ ...call, text: Buffer.from(call.body).toString() }));
  return [...sent, ...(upstream ? [upstream] : [])].map(
    ({ headers, text }) => JSON.stringify(headers) + text,
  );
}

describe("the client's own authorization or key never reaches the provider", () => {
  const second = { id: "second", type: "yi", apiTokens: ["sk-second"] };
  const failing: TestReply = json({ error: { message: "no" } }, { status: 429 });
  const anywhere: Partial<TestChainOptions> = {
    upstream: () => failing,
    calls: (call) => (call.cluster.includes("google-auth") ? json({ access_token: "t" }) : failing),
  };

  describe.each(configuredProviders)("$title", ({ entry }) => {
    const ways: [string, object][] = [
      ["translated", {}],
      ["with the provider's own protocol", { protocol: "original" }],
      [
        "tried again with other tokens and other providers",
        {
          ...("apiTokens" in entry && { apiTokens: ["sk-provider", "sk-other"] }),
          retryOnFailure: { enabled: true },
          fallbacks: [{ providerId: "second", cluster: "second" }],
        },
      ],
    ];

    test.each(ways)("%s", (_, more) => {
      const chain = proxy(
        { providers: [{ ...entry, ...more, id: "first" }, second], activeProviderId: "first" },
        { ...anywhere, logLevel: "critical" },
      );
      let count = 0;
      for (const [name, request] of requests) {
        for (const sent of sentBy(chain, request)) {
          expect(sent, name).not.toContain(canary);
          count++;
        }
      }
      expect(count).toBeGreaterThan(5);
      chain.close();
    });
  });

  test("nor does a key in the header that authHeaderKey names, where tokens are configured", () => {
    const chain = provider({ type: "openai", apiTokens: ["sk-provider"], authHeaderKey: "X-Own" });
    const { upstream } = chain.exchange(chat({}, { headers: { "x-own": canary } }));
    expect(upstream!.header("authorization")).toBe("Bearer sk-provider");
    expect(JSON.stringify(upstream!.headers)).not.toContain(canary);
  });

  test("unless the configuration has no token at all: then it is the only one there is", () => {
    for (const entry of [{ type: "generic" }, { type: "vllm" }]) {
      const { upstream } = provider(entry).exchange(chat({}, { headers: { authorization: "Bearer mine" } }));
      expect(upstream!.header("authorization")).toBe("Bearer mine");
    }
  });

  test("unless keepOriginalAuth asks for x-hi-original-auth, which key-auth needs after an internal redirect", () => {
    const chain = provider({ type: "deepseek", apiTokens: ["sk-provider"], keepOriginalAuth: true });
    const original = (headers: Record<string, string>) =>
      chain.exchange(chat({}, { headers })).upstream!.header("x-hi-original-auth");
    expect(original({ authorization: "Bearer mine" })).toBe("Bearer mine");
    expect(original({ authorization: "Bearer other", "x-hi-original-auth": "Bearer mine" })).toBe(
      "Bearer mine",
    );
    expect(original({})).toBeUndefined();
  });
});

describe("no secret in any log line at any level", () => {
  const secrets = [canary, "canary-token-0123456789", "canary-token-9876543210", "can5y"];
  const apiTokens = secrets.slice(1);

  function expectSilence(chain: TestChain, alsoClient = true): void {
    expect(chain.logs.length).toBeGreaterThan(0);
    for (const { message: line } of chain.logs) {
      for (const secret of alsoClient ? secrets : apiTokens) expect(line).not.toContain(secret);
    }
  }

  const replies: [string, TestReply][] = [
    ["a whole answer", json({ id: "x", choices: [] })],
    ["a stream", eventStream(['data: {"choices":[]}\n\n', "data: [DONE]\n\n"])],
    ["an error", json({ error: { message: "no", type: "x" } }, { status: 401 })],
    ["no answer", json({}, { body: "<html>" })],
    ["a broken connection", { reset: "connect-failure" }],
  ];

  describe.each(fixtures)("$title", (fixture) => {
    test.each(replies)("%s", (_, reply) => {
      const chain = provider(entryOf(fixture, { apiTokens }), { logLevel: "trace", ...answering(reply) });
      for (const [, request] of requests) {
        for (let i = 0; i < 4; i++) chain.exchange(withCredentials(request));
      }
      chain.exchange(withCredentials(chat("{")));
      chain.exchange(withCredentials(chat({}, { path: "/v1/conversations" })));
      expectSilence(chain);
    });
  });

  test.each([
    ["an unknown key beside the tokens", { type: "deepseek", apiTokens, apiToken: apiTokens[0] }],
    ["tokens of the wrong type", { type: "deepseek", apiTokens: [{ token: apiTokens[0] }, [apiTokens[1]]] }],
    ["a provider that is refused", { type: "nonsense", apiTokens }],
    ["another error in the entry", { type: "deepseek", apiTokens, protocol: "x", timeout: -1 }],
  ])("%s", async (_, entry) => {
    const lines = await refusal({ provider: entry });
    const chain = proxy({ provider: { type: "yi", apiTokens } });
    expectSilence(chain, false);
    for (const secret of apiTokens) expect(lines).not.toContain(secret);
  });

  test("nor in what the client is told", () => {
    const chain = provider({ type: "claude", apiTokens });
    for (const request of [chat("{"), chat("[]"), message({}, { path: "/v1/conversations" })]) {
      const { client } = chain.exchange(withCredentials(request));
      for (const secret of secrets)
        expect(client.text + JSON.stringify(client.headers)).not.toContain(secret);
    }
  });
});
