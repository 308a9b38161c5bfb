// vertex: modes, hosts, and how requests get their credential.

import { describe, expect, test } from "vitest";
import { LocalData } from "../../../host-test/services/local-data.ts";
import { VirtualClock } from "../../../host-test/host/virtual-clock.ts";
import type { CallReply } from "../../../host-test/testing/chain.ts";
import { chat, json, message, provider, proxy, refusal } from "./proxy.ts";
import {
  account,
  claimOf,
  cluster,
  compatible,
  express,
  headersOf,
  standard,
  tokenKey,
  tokenReply,
  tokens,
  vertex,
} from "./vertex.ts";

const gemini = chat({ model: "gemini-2.5-flash" });
const without = (entry: object, ...keys: string[]) =>
  Object.fromEntries(Object.entries(entry).filter(([key]) => !keys.includes(key)));

describe("a configuration is refused", () => {
  test.each<[string, object, string]>([
    [
      "both modes",
      { ...express, vertexOpenAICompatible: true },
      "vertexOpenAICompatible is not compatible with Express Mode (apiTokens)",
    ],
    [
      "no key",
      without(standard, "vertexAuthKey", "vertexRegion"),
      "missing vertexAuthKey in vertex provider config",
    ],
    [
      "no region",
      without(standard, "vertexRegion"),
      "missing vertexRegion or vertexProjectId in vertex provider config",
    ],
    [
      "no project",
      without(standard, "vertexProjectId", "vertexAuthServiceName"),
      "missing vertexRegion or vertexProjectId in vertex provider config",
    ],
    [
      "no service",
      without(standard, "vertexAuthServiceName"),
      "missing vertexAuthServiceName in vertex provider config",
    ],
    [
      "compatible without a key",
      without(compatible, "vertexAuthKey"),
      "missing vertexAuthKey in vertex provider config for OpenAI compatible mode",
    ],
    [
      "compatible without a region",
      without(compatible, "vertexRegion"),
      "missing vertexRegion or vertexProjectId in vertex provider config for OpenAI compatible mode",
    ],
    [
      "compatible without a service",
      without(compatible, "vertexAuthServiceName"),
      "missing vertexAuthServiceName in vertex provider config for OpenAI compatible mode",
    ],
  ])("%s", async (_, entry, text) => {
    const problems = await refusal({ provider: entry });
    expect(problems).toContain(text);
    if (!text.endsWith("mode")) expect(problems).not.toContain("for OpenAI");
  });

  test("but not for a key that signs nothing: the log says so", () => {
    const chain = vertex({ ...standard, vertexAuthKey: "no key" });
    expect(chain.problems("warn").join()).toContain(
      "vertexAuthKey: [vertex]: unable to unmarshal auth key json",
    );
    expect(chain.problems()).toEqual([]);
  });
});

describe("the place", () => {
  const project = "/projects/p-1/locations/us-central1";
  test.each<[string, object, string, string, string]>([
    [
      "express",
      express,
      "gemini-2.5-flash",
      "aiplatform.googleapis.com",
      "/v1/publishers/google/models/gemini-2.5-flash:generateContent?key=sk-provider",
    ],
    [
      "express, Claude",
      express,
      "claude-sonnet-4@20250514",
      "aiplatform.googleapis.com",
      "/v1/publishers/anthropic/models/claude-sonnet-4@20250514:rawPredict?key=sk-provider",
    ],
    [
      "standard",
      standard,
      "gemini-2.5-flash",
      "us-central1-aiplatform.googleapis.com",
      `/v1${project}/publishers/google/models/gemini-2.5-flash:generateContent`,
    ],
    [
      "standard, Claude",
      standard,
      "claude-sonnet-4@20250514",
      "us-central1-aiplatform.googleapis.com",
      `/v1${project}/publishers/anthropic/models/claude-sonnet-4@20250514:rawPredict`,
    ],
    [
      "global",
      { ...standard, vertexRegion: "global" },
      "gemini-2.5-flash",
      "aiplatform.googleapis.com",
      "/v1/projects/p-1/locations/global/publishers/google/models/gemini-2.5-flash:generateContent",
    ],
    [
      "compatible",
      compatible,
      "google/gemini-2.5-flash",
      "us-central1-aiplatform.googleapis.com",
      `/v1beta1${project}/endpoints/openapi/chat/completions`,
    ],
    [
      "a model's name that would leave its segment",
      express,
      "../../x?y#z %",
      "aiplatform.googleapis.com",
      "/v1/publishers/google/models/..%2F..%2Fx%3Fy%23z%20%25:generateContent?key=sk-provider",
    ],
  ])("%s", (_, entry, model, host, path) => {
    const { upstream } = vertex(entry).exchange(
      chat({ model }, { path: "/v1/chat/completions?key=client&a=b" }),
    );
    expect([upstream!.header(":authority"), upstream!.header(":path")]).toEqual([host, path]);
  });

  test.each([
    [
      express,
      "gemini-2.5-flash",
      "/v1/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse&key=sk-provider",
    ],
    [
      standard,
      "gemini-2.5-flash",
      `/v1${project}/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse`,
    ],
    [standard, "claude-x", `/v1${project}/publishers/anthropic/models/claude-x:streamRawPredict`],
  ])("a stream", (entry, model, path) => {
    expect(
      vertex(entry)
        .exchange(chat({ model, stream: true }))
        .upstream!.header(":path"),
    ).toBe(path);
  });

  test("the mapped model decides", () => {
    const { upstream } = vertex({ ...express, modelMapping: { "*": "claude-x" } }).exchange(chat());
    expect(upstream!.header(":path")).toContain("/publishers/anthropic/models/claude-x:rawPredict");
  });

  test("basePath, providerBasePath and providerDomain", () => {
    const entry = {
      ...express,
      basePath: "/g",
      providerBasePath: "/up",
      providerDomain: "proxy.example.com",
    };
    const { upstream } = vertex(entry).exchange(chat({ model: "m" }, { path: "/g/v1/chat/completions" }));
    expect(upstream!.header(":authority")).toBe("proxy.example.com");
    expect(upstream!.header(":path")).toBe(
      "/up/v1/publishers/google/models/m:generateContent?key=sk-provider",
    );
  });
});

describe("the client's own credentials do not reach Google", () => {
  const names = ["authorization", "x-api-key", "x-goog-api-key", "api-key"];
  test.each([
    ["express", express],
    ["standard", standard],
    ["compatible", compatible],
  ])("%s", (_, entry) => {
    const headers = Object.fromEntries(names.map((name) => [name, "client-secret"]));
    const { upstream } = vertex(entry).exchange(chat({ model: "gemini-2.5-flash" }, { headers }));
    expect(JSON.stringify(upstream!.headers)).not.toContain("client-secret");
  });
});

describe("raw requests", () => {
  const path = "/v1/projects/p/locations/l/publishers/anthropic/models/claude-x:rawPredict";
  const body = '{ "messages": [],\t"anthropic_version": "x", "model": 1 }';
  const raw = (more = "") => chat(body, { path: path + more });

  test("in express mode get the key into their query, in order of the names", () => {
    const chain = vertex({ ...express, protocol: "original" });
    const { upstream, client } = chain.exchange(raw("?z=1&key=old&a=%7E+b%2F&a=&c"));
    expect(upstream!.header(":path")).toBe(`${path}?a=~+b%2F&a=&c=&key=sk-provider&z=1`);
    expect(upstream!.text).toBe(body);
    expect(client.text).toBe("ok");
    expect(chain.calls).toEqual([]);
  });

  test("in the other modes get a token; the body stays as it is", () => {
    for (const entry of [standard, compatible]) {
      const chain = vertex({ ...entry, protocol: "original", modelMapping: { "*": "other" } });
      const { upstream } = chain.exchange(raw("?alt=sse"));
      expect(upstream!.header("authorization")).toBe("Bearer token-1");
      expect(upstream!.header(":path")).toBe(path + "?alt=sse");
      expect(upstream!.text).toBe(body);
    }
  });

  test("may have any prefix, which basePath takes off", () => {
    const chain = vertex({ ...express, protocol: "original", basePath: "/x/y" });
    const { upstream } = chain.exchange(chat(body, { path: "/x/y" + path }));
    expect(upstream!.header(":path")).toBe(path + "?key=sk-provider");
  });

  test("to a path without a project keep it; the key goes into the head", () => {
    const own = "/v1/publishers/google/models/m:generateContent?a=b";
    const { upstream } = vertex({ ...express, protocol: "original" }).exchange(chat("{}", { path: own }));
    expect(upstream!.header(":path")).toBe(own);
    expect(upstream!.header("x-goog-api-key")).toBe("sk-provider");
    expect(upstream!.text).toBe("{}");
  });

  test("to any other path pass", () => {
    const chain = vertex({ ...standard, protocol: "original" });
    expect(chain.exchange(chat("{}", { path: "/v1/x" })).upstream!.header(":path")).toBe("/v1/x");
    expect(chain.calls).toEqual([]);
  });
});

describe("the access token", () => {
  test("is asked for with a claim that the service account signed", () => {
    const chain = vertex({ ...standard, timeout: 7000 });
    const { upstream } = chain.exchange(gemini);
    expect(upstream!.header("authorization")).toBe("Bearer token-1");
    const [call] = chain.calls;
    const header = (name: string) => call!.headers.find(([key]) => key === name)?.[1];
    expect(call!.cluster).toBe(cluster);
    expect(call!.timeoutMs).toBe(7000);
    expect([header(":method"), header(":path"), header(":authority")]).toEqual([
      "POST",
      "/token",
      "oauth2.googleapis.com",
    ]);
    expect(header("content-type")).toBe("application/x-www-form-urlencoded");
    const { header: jose, claims } = claimOf(Buffer.from(call!.body).toString());
    expect(jose).toEqual({ alg: "RS256", kid: "key-1", typ: "JWT" });
    const iat = claims.iat as number;
    expect(claims).toEqual({
      aud: account.token_uri,
      exp: iat + 3600,
      iat,
      iss: account.client_email,
      scope: "https://www.googleapis.com/auth/cloud-platform",
    });
    expect(iat).toBe(Number(chain.clock.now() / 1_000_000_000n));
  });

  test.each([
    ["a whole answer", gemini],
    ["a stream", chat({ model: "gemini-2.5-flash", stream: true })],
    ["an Anthropic client", message({ model: "gemini-2.5-flash" })],
    ["embeddings", chat({ model: "text-embedding-005", input: "x" }, { path: "/v1/embeddings" })],
    ["an image", chat({ model: "gemini-2.5-flash-image", prompt: "x" }, { path: "/v1/images/generations" })],
  ])("comes with every kind of request: %s", (_, request) => {
    expect(vertex(standard).exchange(request).upstream!.header("authorization")).toBe("Bearer token-1");
  });

  test("is used until it has as much time left as vertexTokenRefreshAhead says", () => {
    const chain = vertex({ ...standard, vertexTokenRefreshAhead: 100 });
    const at = (seconds: number) => {
      chain.advance(seconds * 1000);
      return chain.exchange(gemini).upstream!.header("authorization");
    };
    expect(at(0)).toBe("Bearer token-1");
    expect(at(3498)).toBe("Bearer token-1");
    expect(at(1)).toBe("Bearer token-2");
    expect(at(10)).toBe("Bearer token-2");
    expect(chain.calls).toHaveLength(2);
    const claims = chain.calls.map((call) => claimOf(Buffer.from(call.body).toString()).claims.iat as number);
    expect(claims[1]! - claims[0]!).toBe(3499);
  });

  test("is good for an hour when Google does not say", () => {
    const chain = vertex(standard, tokens({}));
    for (const ms of [0, 3_539_000]) {
      chain.advance(ms);
      expect(chain.exchange(gemini).upstream!.header("authorization")).toBe("Bearer token-1");
    }
    chain.advance(1000);
    expect(chain.exchange(gemini).upstream!.header("authorization")).toBe("Bearer token-2");
  });

  test("is shared by all VMs of the process, in Go's words", () => {
    const shared = { sharedData: new LocalData(), clock: new VirtualClock() };
    const [first, second] = [vertex(standard, shared), vertex(standard, shared)];
    expect(first.exchange(gemini).upstream!.header("authorization")).toBe("Bearer token-1");
    expect(second.exchange(gemini).upstream!.header("authorization")).toBe("Bearer token-1");
    expect(second.calls).toEqual([]);
    const stored = shared.sharedData.get("", tokenKey)!;
    const expireAt = Number(first.clock.now() / 1_000_000_000n) + 3599;
    expect(JSON.parse(Buffer.from(stored.value).toString())).toEqual({ token: "token-1", expireAt });
  });

  test("that another VM stored meanwhile is not overwritten", () => {
    const shared = { sharedData: new LocalData(), clock: new VirtualClock() };
    const stored = JSON.stringify({ token: "theirs", expireAt: 9_999_999_999 });
    const chain = vertex(standard, {
      ...shared,
      calls: {
        [cluster]: () => {
          shared.sharedData.set("", tokenKey, Buffer.from(stored), 0);
          return { body: '{"access_token":"ours","expires_in":100}' };
        },
      },
    });
    expect(chain.exchange(gemini).upstream!.header("authorization")).toBe("Bearer ours");
    expect(chain.exchange(gemini).upstream!.header("authorization")).toBe("Bearer theirs");
  });

  test("that another VM stored is used by a request whose own call fails, or whose body comes later", () => {
    const shared = { sharedData: new LocalData(), clock: new VirtualClock() };
    const stored = Buffer.from(JSON.stringify({ token: "theirs", expireAt: 9_999_999_999 }));
    const store = () => shared.sharedData.set("", tokenKey, stored, 0);
    const chain = vertex(standard, {
      ...shared,
      calls: {
        [cluster]: () => {
          store();
          return { status: 500 };
        },
      },
    });
    expect(chain.exchange(gemini).upstream!.header("authorization")).toBe("Bearer theirs");
    shared.sharedData.set("", tokenKey, Buffer.alloc(0), 0);
    const exchange = chain.open();
    exchange.http.requestHeaders(headersOf(gemini), false);
    store();
    exchange.http.requestData(Buffer.from(gemini.body as string), true);
    chain.settle();
    expect(exchange.upstream!.header("authorization")).toBe("Bearer theirs");
    expect(chain.calls).toHaveLength(1);
  });

  test.each(["", "null", "[]", "{}", '{"token":1,"expireAt":"x"}', '{"token":"t"}', "\u0000"])(
    "is asked for where the shared value is %j",
    (value) => {
      const sharedData = new LocalData();
      sharedData.set("", tokenKey, Buffer.from(value), 0);
      const chain = vertex(standard, { sharedData });
      expect(chain.exchange(gemini).upstream!.header("authorization")).toBe("Bearer token-1");
      expect(chain.exchange(gemini).upstream!.header("authorization")).toBe("Bearer token-1");
    },
  );

  test("of requests that come at once reaches them all, and their claim is signed once", () => {
    const chain = vertex(standard, {
      calls: { [cluster]: () => ({ delayMs: 50, body: '{"access_token":"t","expires_in":3599}' }) },
    });
    const exchanges = [chain.open(), chain.open(), chain.open()];
    for (const { http } of exchanges) {
      http.requestHeaders(headersOf(gemini), false);
      http.requestData(Buffer.from(gemini.body as string), true);
    }
    chain.settle();
    for (const exchange of exchanges) expect(exchange.upstream!.header("authorization")).toBe("Bearer t");
    expect(new Set(chain.calls.map(({ body }) => Buffer.from(body).toString())).size).toBe(1);
  });

  test("never shows in the log, nor does the key", () => {
    const chain = vertex(standard);
    chain.exchange(gemini);
    const log = JSON.stringify(chain.logs);
    expect(log).not.toContain("token-1");
    expect(log).not.toContain(account.private_key.slice(100, 140));
    expect(log).not.toContain("assertion");
  });
});

describe("no access token", () => {
  test.each<[string, CallReply]>([
    [
      "status 400",
      { status: 400, body: '{"error":"invalid_grant","error_description":"Invalid JWT Signature."}' },
    ],
    ["status 500", { status: 500, body: "no" }],
    ["an answer without a token", { body: "{}" }],
    ["a token that is none", { body: '{"access_token":"a\\r\\nb"}' }],
    ["no JSON", { body: "<html>" }],
    ["a connection that fails", { reset: "connect-failure" }],
    ["no answer in time", "never"],
    ["no host", "no-host"],
  ])("%s is one error, and the next request tries again", (_, reply) => {
    const replies: CallReply[] = [reply, { body: '{"access_token":"good"}' }];
    const chain = provider(standard, { calls: { [cluster]: () => replies.shift()! } });
    const { client, upstream, record } = chain.exchange(gemini);
    expect(upstream).toBeUndefined();
    expect([client.status, client.text]).toEqual([500, "failed to load vertex ak"]);
    expect(record!.details).toBe("ai-proxy.vertex.load_ak_failed");
    expect(chain.exchange(gemini).upstream!.header("authorization")).toBe("Bearer good");
  });

  test("the log has Google's reason", () => {
    const body = '{"error":"invalid_grant","error_description":"Invalid JWT Signature."}';
    const chain = provider(standard, tokenReply({ status: 400, body }));
    chain.exchange(gemini);
    expect(chain.problems().join()).toContain("no access token: status 400 Invalid JWT Signature.");
  });

  test.each<[string, string, string]>([
    ["no JSON", "x", "[vertex]: unable to unmarshal auth key json: "],
    ["no object", "[]", "[vertex]: unable to unmarshal auth key json: "],
    ["no parameters", "{}", "[vertex]: missing auth params"],
    ["no email", JSON.stringify(without(account, "client_email")), "[vertex]: missing auth params"],
    ["no PEM", JSON.stringify({ ...account, private_key: "x" }), "invalid PEM block"],
    [
      "half a key",
      JSON.stringify({ ...account, private_key: account.private_key.replace(/\n[^-]*\n/, "\nAAAA\n") }),
      "no RSA key",
    ],
  ])("a key that is none (%s) is told after the request was edited, as in Go", (_, vertexAuthKey, error) => {
    const chain = vertex({ ...standard, vertexAuthKey });
    const { client, upstream, record } = chain.exchange(gemini);
    expect(upstream).toBeUndefined();
    expect(client.status).toBe(500);
    expect(client.text).toContain(`failed to process request body: ${error}`);
    expect(record!.details).toBe("ai-proxy.proc_req_body_failed");
    expect(chain.calls).toEqual([]);
    expect(chain.problems("debug").join()).toContain("model gemini-2.5-flash -> gemini-2.5-flash");
  });

  test("the client that goes away meanwhile leaves nothing behind", () => {
    const chain = vertex(standard, {
      calls: { [cluster]: () => ({ delayMs: 50, body: '{"access_token":"t"}' }) },
    });
    const { http } = chain.open();
    http.requestHeaders(headersOf(gemini), false);
    http.requestData(Buffer.from(gemini.body as string), true);
    http.requestReset();
    chain.settle();
    expect(chain.problems()).toEqual([]);
    expect(chain.exchange(gemini).upstream!.header("authorization")).toBe("Bearer t");
  });
});

describe("second attempts", () => {
  const answer = { candidates: [{ content: { parts: [{ text: "Hello" }] }, finishReason: "STOP" }] };
  const failed = () => json({ error: { message: "m" } }, { status: 503 });
  const pathOf = (call: { headers: [string, string][] }) =>
    call.headers.find(([name]) => name === ":path")![1];
  const tokenOf = (call: { headers: [string, string][] }) =>
    call.headers.find(([name]) => name === "authorization")?.[1];

  test("in express mode have the other key in their query", () => {
    const retryOnFailure = { enabled: true };
    const chain = provider(
      { type: "vertex", apiTokens: ["one", "two"], retryOnFailure },
      { upstream: failed, calls: { "outbound|80||upstream.static": () => json(answer) } },
    );
    const { client, upstream } = chain.exchange(gemini);
    expect(JSON.parse(client.text).choices[0].message.content).toBe("Hello");
    const keys = [upstream!.header(":path")!, pathOf(chain.calls[0]!)].map((path) => path.split("key=")[1]);
    expect(keys.toSorted()).toEqual(["one", "two"]);
  });

  test("of another provider at vertex carry a token, fetched or shared", () => {
    const second = { ...standard, id: "second", modelMapping: { "*": "gemini-2.5-flash" } };
    const fallbacks = [{ providerId: "second", cluster: "vertex-cluster" }];
    const first = { id: "first", type: "yi", apiTokens: ["sk-first"], fallbacks };
    const chain = proxy(
      { providers: [first, second], activeProviderId: "first" },
      {
        upstream: failed,
        calls: {
          [cluster]: () => ({ body: '{"access_token":"good","expires_in":3599}' }),
          "vertex-cluster": () => json(answer),
        },
      },
    );
    for (let i = 0; i < 2; i++) {
      const { client } = chain.exchange(chat());
      expect(JSON.parse(client.text).choices[0].message.content).toBe("Hello");
    }
    const [token, ...asked] = chain.calls;
    expect(token!.cluster).toBe(cluster);
    expect(asked.map(tokenOf)).toEqual(["Bearer good", "Bearer good"]);
    expect(pathOf(asked[0]!)).toContain("/publishers/google/models/gemini-2.5-flash:generateContent");
  });
});
