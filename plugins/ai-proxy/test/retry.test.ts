// `retryOnFailure`: the request that failed is sent again with another token, through the route's cluster.

import { describe, expect, test } from "vitest";
import type { CallReply, TestChainOptions, TestReply } from "../../../host-test/testing/chain.ts";
import type { UpstreamRequest } from "../../../host-test/host/types.ts";
import { LocalData } from "../../../host-test/services/local-data.ts";
import { chat, json, message, provider } from "./proxy.ts";

const cluster = "outbound|80||upstream.static";
const apiTokens = ["sk-one", "sk-two", "sk-three"];
const retryOnFailure = { enabled: true, maxRetries: 2 };
const entry = { type: "yi", apiTokens, retryOnFailure };

const tooMany = json({ error: { message: "Slow down", type: "rate_limit_error" } }, { status: 429 });
const completion = {
  id: "c",
  choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }],
};
const claudeAnswer = {
  id: "m",
  type: "message",
  role: "assistant",
  content: [{ type: "text", text: "Hello" }],
  stop_reason: "end_turn",
  usage: { input_tokens: 1, output_tokens: 2 },
};

/** The route answers `first`; call-outs answer `later` in order, the last one from then on. */
function failing(first: TestReply, later: CallReply[] = []): Partial<TestChainOptions> {
  const replies = later.slice();
  const next = () => (replies.length > 1 ? replies.shift()! : replies[0]!);
  return { upstream: () => first, calls: later.length === 0 ? {} : { [cluster]: next } };
}

const header = (call: { headers: [string, string][] }, name: string) =>
  call.headers.find(([key]) => key === name)?.[1];
const text = (call: UpstreamRequest) => Buffer.from(call.body).toString();

describe("a request that failed", () => {
  test("is sent again as it went out, each time with a token not used before", () => {
    const setting = { name: "temperature", value: 0 };
    const options = failing(tooMany, [tooMany, json(completion)]);
    const chain = provider(
      { ...entry, modelMapping: { "*": "mapped" }, customSettings: [setting], providerDomain: "d.example" },
      options,
    );
    const { client, upstream, record } = chain.exchange(chat({ x: 1 }, { headers: { "x-kept": "1" } }));
    expect([client.status, JSON.parse(client.text)]).toEqual([200, completion]);
    expect(record!.details).toBe("ai-proxy.second_attempt");
    const all = [upstream!, ...chain.calls];
    expect(new Set(all.map((call) => header(call, "authorization")))).toEqual(
      new Set(apiTokens.map((token) => `Bearer ${token}`)),
    );
    for (const call of chain.calls) {
      expect(text(call)).toBe(upstream!.text);
      expect(call.timeoutMs).toBe(60_000);
      for (const name of [":method", ":path", ":authority", "content-type", "x-kept"])
        expect(header(call, name)).toBe(upstream!.header(name));
      const names = call.headers.map(([name]) => name);
      expect(new Set(names).size).toBe(names.length);
      expect(names.slice(0, 3)).toEqual([":method", ":path", ":authority"]);
    }
  });

  test("is answered without the reply's pseudo headers and length", () => {
    const reply = json(completion, {
      headers: {
        "content-type": "application/json; charset=utf-8",
        "content-length": "999",
        "transfer-encoding": "chunked",
        connection: "close",
        "x-request-id": "r1",
      },
    });
    const { client } = provider(entry, failing(tooMany, [reply])).exchange(chat());
    const names = client.headers.map(([name]) => name);
    expect(names.filter((name) => name.startsWith(":"))).toEqual([":status"]);
    expect(client.header("content-type")).toBe("application/json; charset=utf-8");
    expect(client.header("x-request-id")).toBe("r1");
    expect(client.header("content-length") ?? String(client.body.length)).toBe(String(client.body.length));
    expect([client.header("transfer-encoding"), client.header("connection")]).toEqual([undefined, undefined]);
    expect(JSON.parse(client.text)).toEqual(completion);
  });

  test.each(["yi", "claude"])("is answered in the client's dialect by a provider of type %s", (type) => {
    const reply = json(type === "claude" ? claudeAnswer : completion);
    const chain = provider({ ...entry, type }, failing(tooMany, [reply]));
    expect(JSON.parse(chain.exchange(chat()).client.text)).toMatchObject({
      choices: [{ message: { role: "assistant", content: "Hello" } }],
    });
    expect(JSON.parse(chain.exchange(message()).client.text)).toMatchObject({
      type: "message",
      content: [{ type: "text", text: "Hello" }],
    });
    const names = chain.calls.map((call) => header(call, type === "claude" ? "x-api-key" : "authorization"));
    expect(names.every((value) => value !== undefined)).toBe(true);
  });

  test("a token in the path changes with the attempt", () => {
    const vertex = { ...entry, type: "vertex" };
    const answer = { candidates: [{ content: { parts: [{ text: "Hello" }] }, finishReason: "STOP" }] };
    const chain = provider(vertex, failing(tooMany, [json(answer)]));
    const { client, upstream } = chain.exchange(chat({ model: "gemini-2.5-flash" }));
    expect(JSON.parse(client.text)).toMatchObject({ choices: [{ message: { content: "Hello" } }] });
    const keys = [upstream!.header(":path"), header(chain.calls[0]!, ":path")].map(
      (path) => /key=(sk-\w+)/.exec(path!)?.[1],
    );
    expect(new Set(keys).size).toBe(2);
  });

  test("promoteThinkingOnEmpty holds for it too", () => {
    const thought = {
      choices: [{ index: 0, message: { role: "assistant", content: "", reasoning_content: "T" } }],
    };
    const chain = provider({ ...entry, promoteThinkingOnEmpty: true }, failing(tooMany, [json(thought)]));
    expect(JSON.parse(chain.exchange(chat()).client.text).choices[0].message.content).toBe("T");
  });

  test("an encoded reply passes as it is", () => {
    const reply = {
      headers: { "content-encoding": "br", "content-type": "application/json" },
      body: "\u0001\u0002",
    };
    const { client } = provider(entry, failing(tooMany, [reply])).exchange(message());
    expect([client.header("content-encoding"), client.text]).toEqual(["br", "\u0001\u0002"]);
  });

  test("without a body is sent again as well", () => {
    const chain = provider({ ...entry, type: "openai" }, failing(tooMany, [json({ data: [] })]));
    const { client } = chain.exchange({ path: "/v1/files" });
    expect([client.status, client.text]).toEqual([200, '{"data":[]}']);
    expect(header(chain.calls[0]!, ":method")).toBe("GET");
  });

  test("that the plugin would not read is sent again where its length is announced and small", () => {
    const generic = { ...entry, type: "generic" };
    const body = "any bytes";
    for (const announced of [true, false]) {
      const chain = provider(generic, failing(tooMany, [{ body: "ok" }]));
      const headers: Record<string, string> = { "content-type": "text/plain" };
      if (announced) headers["content-length"] = String(body.length);
      const { client, upstream } = chain.exchange({ path: "/x", body, headers });
      expect(upstream!.text).toBe(body);
      expect(client.status).toBe(announced ? 200 : 429);
      expect(chain.calls.map(text)).toEqual(announced ? [body] : []);
    }
  });
});

describe("whether it is a stream is known of bodies that are only passed on too", () => {
  const entries = [
    {},
    { protocol: "original" },
    { type: "generic" },
    { type: "coze" },
    { type: "openai", protocol: "original" },
  ];
  test.each(entries)("%j", (more) => {
    for (const stream of [false, true]) {
      const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hi" }], stream });
      const announced: Record<string, string>[] = [{}, { "content-length": String(body.length) }];
      for (const headers of announced) {
        const chain = provider({ ...entry, ...more }, failing(tooMany, [json(completion)]));
        const { client, upstream } = chain.exchange(chat(body, { headers }));
        expect(client.status).toBe(stream ? 429 : 200);
        expect(chain.calls.map(text)).toEqual(stream ? [] : [upstream!.text]);
      }
    }
  });
});

describe("the first answer reaches the client", () => {
  const passes = (configuration: object, options: Partial<TestChainOptions>, request = chat()) => {
    const chain = provider(configuration, options);
    const { client } = chain.exchange(request);
    expect([client.status, JSON.parse(client.text).error.message]).toEqual([429, "Slow down"]);
    return chain;
  };

  test.each<[string, CallReply]>([
    ["are refused", { status: 401, body: "no" }],
    ["fail to connect", { reset: "connect-failure" }],
    ["break off", { reset: "reset" }],
    ["break off after the head", { reset: { afterChunks: 0 } }],
    ["take too long", "never"],
    ["find no host", "no-host"],
    ["say 200 without an answer, where it is translated", { body: '""' }],
    ["say 200 and mean an error", json({ error: { message: "x", type: "y" } })],
  ])("when further attempts %s", (_, reply) => {
    for (const request of [message(), chat()]) {
      const type = request.path === "/v1/messages" ? "yi" : "claude";
      expect(passes({ ...entry, type }, failing(tooMany, [reply]), request).calls).toHaveLength(2);
    }
  });

  test("when the route has no cluster for calls", () => {
    passes(entry, failing(tooMany));
  });

  test("when maxRetries are used up", () => {
    const chain = passes({ ...entry, retryOnFailure: { enabled: true } }, failing(tooMany, [tooMany]));
    expect(chain.calls).toHaveLength(1);
  });

  test("when ten are used up, though maxRetries is more: Go's configurations may say so", () => {
    const many = Array.from({ length: 15 }, (_, index) => `sk-${index}`);
    const chain = provider(
      { ...entry, apiTokens: many, retryOnFailure: { enabled: true, maxRetries: 99 } },
      failing(tooMany, [tooMany]),
    );
    expect([chain.exchange(chat()).client.status, chain.calls.length]).toEqual([429, 10]);
    expect(chain.problems("warn").join()).toContain("maxRetries: 10 are made at most");
  });

  test("when there is no other token", () => {
    expect(passes({ ...entry, apiTokens: "sk-one" }, failing(tooMany, [json(completion)])).calls).toEqual([]);
    const same = { ...entry, apiTokens: ["sk-one", "sk-one"] };
    expect(passes(same, failing(tooMany, [json(completion)])).calls).toEqual([]);
  });

  test("when retries are switched off, or the status is none of retryOnStatus", () => {
    const later = [json(completion)];
    expect(passes({ ...entry, retryOnFailure: {} }, failing(tooMany, later)).calls).toEqual([]);
    const others = { ...entry, retryOnFailure: { enabled: true, retryOnStatus: ["5.*", "^40"] } };
    expect(passes(others, failing(tooMany, later)).calls).toEqual([]);
  });

  test("when it is a stream that was asked for", () => {
    const later = [json(completion)];
    expect(passes(entry, failing(tooMany, later), chat({ stream: true })).calls).toEqual([]);
    expect(passes(entry, failing(tooMany, later), message({ stream: true })).calls).toEqual([]);
  });

  test("when the gateway itself gave it", () => {
    const chain = provider(entry, failing({ reset: "connect-failure" }, [json(completion)]));
    expect(chain.exchange(chat()).client.status).toBe(503);
    expect(chain.calls).toEqual([]);
  });

  test("when the body has more than 8 MiB, but not when it has just these", () => {
    for (const [size, status] of [
      [8 << 20, 200],
      [(8 << 20) + 1, 429],
    ] as const) {
      const head = '{"model":"m","messages":[{"role":"user","content":"';
      const body = `${head}${"x".repeat(size - head.length - 4)}"}]}`;
      const { client } = provider(entry, failing(tooMany, [json(completion)])).exchange(chat(body));
      expect([body.length, client.status]).toEqual([size, status]);
    }
  });

  test("complete, in any number of pieces", () => {
    const chunks = ['{"error":{"mess', 'age":"Slow down","type"', ':"rate_limit_error"}}'];
    const first = { ...tooMany, chunks, trailers: { "x-end": "1" } };
    for (const request of [chat(), message()]) {
      const { client } = provider(entry, failing(first, [tooMany])).exchange(request);
      expect(JSON.parse(client.text).error.message).toBe("Slow down");
      expect([client.complete, client.trailers]).toEqual([true, [["x-end", "1"]]]);
    }
  });

  test("without a body", () => {
    const { client } = provider(entry, failing({ status: 503 }, [{ status: 503 }])).exchange(chat());
    expect([client.status, client.text, client.complete]).toEqual([503, "", true]);
  });
});

describe("what all requests of a VM keep is bounded", () => {
  test("to 128 MiB at once, and given back when they end", () => {
    const later: CallReply[] = [json(completion, { delayMs: 50 })];
    const chain = provider(entry, failing(tooMany, later));
    const size = 7 << 20;
    const head = '{"model":"m","messages":[{"role":"user","content":"';
    const body = `${head}${"x".repeat(size - head.length - 4)}"}]}`;
    const statuses = () => {
      const streams = Array.from({ length: 20 }, () => chain.open());
      for (const { http } of streams) {
        http.requestHeaders(
          [
            [":method", "POST"],
            [":path", "/v1/chat/completions"],
            [":authority", "a"],
            [":scheme", "http"],
            ["content-type", "application/json"],
          ],
          false,
        );
        http.requestData(Buffer.from(body), true);
      }
      chain.settle();
      return streams.map(({ client }) => client.status).toSorted();
    };
    const expected = [...Array<number>(18).fill(200), 429, 429];
    expect(statuses()).toEqual(expected);
    expect(statuses()).toEqual(expected);
  });

  test("a client that goes away during a retry leaves nothing behind", () => {
    const chain = provider(entry, failing(tooMany, [json(completion, { delayMs: 50 })]));
    const stream = chain.open();
    const { body } = chat();
    stream.http.requestHeaders(
      [
        [":method", "POST"],
        [":path", "/v1/chat/completions"],
        [":authority", "a"],
        [":scheme", "http"],
        ["content-type", "application/json"],
      ],
      false,
    );
    stream.http.requestData(Buffer.from(body as string), true);
    chain.clock.advance(1);
    stream.http.requestReset();
    chain.settle();
    chain.advance(100);
    expect(chain.problems("warn")).toEqual([]);
    expect(chain.exchange(chat()).client.status).toBe(200);
  });
});

test("with failover, only tokens in use are tried, and attempts count", () => {
  const failover = { enabled: true, healthCheckModel: "m", failureThreshold: 1 };
  const sharedData = new LocalData();
  const chain = provider({ ...entry, failover }, { ...failing(tooMany, [tooMany]), sharedData });
  expect(chain.exchange(chat()).client.status).toBe(429);
  expect(chain.calls).toHaveLength(2);
  // All three are out of use now: whatever is chosen, nothing else can be tried.
  expect(chain.exchange(chat()).client.status).toBe(429);
  expect(chain.calls).toHaveLength(2);
});

test("no token is in a log line", () => {
  const chain = provider(entry, failing(tooMany, [tooMany]));
  chain.exchange(chat());
  expect(chain.logs.some(({ message: line }) => line.includes("trying token"))).toBe(true);
  expect(chain.logs.filter(({ message: line }) => line.includes("sk-"))).toEqual([]);
});
