// `fallbacks`: other providers are asked when the first one has failed.

import { describe, expect, test } from "vitest";
import type { CallReply, TestChain, TestChainOptions, TestReply } from "../../../host-test/testing/chain.ts";
import type { UpstreamRequest } from "../../../host-test/host/types.ts";
import { chat, events, json, message, proxy, refusal } from "./proxy.ts";

const claude = { id: "claude", type: "claude", apiTokens: ["sk-claude"], modelMapping: { "*": "claude-x" } };
const groq = { id: "groq", type: "groq", apiTokens: ["sk-groq"], modelMapping: { "gpt-4o": "llama" } };
const first = { id: "first", type: "yi", apiTokens: ["sk-first"], modelMapping: { "*": "yi-x" } };
const toClaude = { providerId: "claude", serviceName: "claude.dns", servicePort: "443" };
const toGroq = { providerId: "groq", cluster: "groq-cluster" };

const answers = {
  openai: {
    id: "c",
    object: "chat.completion",
    choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }],
  },
  claude: {
    id: "m",
    type: "message",
    role: "assistant",
    content: [{ type: "text", text: "Hello" }],
    stop_reason: "end_turn",
    usage: { input_tokens: 1, output_tokens: 2 },
  },
};
const tooMany = json({ error: { message: "Slow down", type: "rate_limit_error" } }, { status: 429 });

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
const streamed: TestReply = { headers: { "content-type": "text/event-stream" }, body: claudeStream };

/** The route's provider answers `reply`, the others by cluster. */
function chainOf(
  reply: TestReply,
  calls: Record<string, CallReply>,
  fallbacks: object[] = [toClaude, toGroq],
  more: { entry?: object; providers?: object[] } & Partial<TestChainOptions> = {},
): TestChain {
  const { entry, providers = [claude, groq], ...options } = more;
  const scripts = Object.entries(calls).map(([cluster, answer]) => [cluster, () => answer]);
  return proxy(
    { providers: [{ ...first, fallbacks, ...entry }, ...providers], activeProviderId: "first" },
    { upstream: () => reply, calls: Object.fromEntries(scripts), ...options },
  );
}

const cluster = "outbound|443||claude.dns";
const header = (call: UpstreamRequest | undefined, name: string) =>
  call?.headers.find(([key]) => key === name)?.[1];
const body = (call: UpstreamRequest | undefined) => JSON.parse(Buffer.from(call!.body).toString());
const by = (chain: TestChain, request = chat()) => {
  const { client } = chain.exchange(request);
  return [client.status, client.header("x-ai-proxy-provider")];
};

describe("the client's request goes to the fallback", () => {
  test("as if it had come there first: path, host, credential, model, dialect", () => {
    const chain = chainOf(tooMany, { [cluster]: json(answers.claude) });
    const headers = {
      authorization: "Bearer client",
      "x-kept": "1",
      connection: "keep-alive",
      "content-length": "0",
    };
    const request = chat({ max_tokens: 0, temperature: 0 });
    headers["content-length"] = String((request.body as string).length);
    const { client } = chain.exchange({
      ...request,
      headers: { ...(request.headers as object), ...headers },
    });
    expect([client.status, client.header("x-ai-proxy-provider")]).toEqual([200, "claude"]);
    expect(JSON.parse(client.text)).toMatchObject({
      object: "chat.completion",
      model: "claude-x",
      choices: [{ message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }],
    });
    const [call] = chain.calls;
    expect(header(call, ":authority")).toBe("api.anthropic.com");
    expect(header(call, ":path")).toBe("/v1/messages");
    expect(header(call, "x-api-key")).toBe("sk-claude");
    expect(header(call, "x-kept")).toBe("1");
    for (const name of ["authorization", "connection"]) expect(header(call, name)).toBeUndefined();
    expect(header(call, "content-length")).toBe(String(call!.body.length));
    expect(call!.timeoutMs).toBe(120_000);
    expect(body(call)).toMatchObject({ model: "claude-x", temperature: 0 });
  });

  test("in the dialect of an Anthropic client", () => {
    const chain = chainOf(tooMany, { [cluster]: json(answers.claude), "groq-cluster": json(answers.openai) });
    const { client } = chain.exchange(message());
    expect(JSON.parse(client.text)).toMatchObject({ type: "message", content: [{ text: "Hello" }] });
    expect(body(chain.calls[0])).toMatchObject({ model: "claude-x", max_tokens: 100 });
    const onlyGroq = chainOf(tooMany, { "groq-cluster": json(answers.openai) }, [toGroq]);
    const answer = onlyGroq.exchange(message({ model: "gpt-4o" })).client;
    expect(JSON.parse(answer.text)).toMatchObject({ type: "message", content: [{ text: "Hello" }] });
    expect(header(onlyGroq.calls[0], ":path")).toBe("/openai/v1/chat/completions");
    expect(body(onlyGroq.calls[0])).toMatchObject({ model: "llama", max_tokens: 100 });
  });

  test("as it came, untouched by the first provider's settings", () => {
    const customSettings = [{ name: "temperature", value: 0.5 }];
    const chain = chainOf(tooMany, { "groq-cluster": json(answers.openai) }, [toGroq], {
      entry: { customSettings, mergeConsecutiveMessages: true, basePath: "/base" },
    });
    const messages = [
      { role: "user", content: "a" },
      { role: "user", content: "b" },
    ];
    chain.exchange(chat({ messages }, { path: "/v1/chat/completions?a=b" }));
    expect(body(chain.calls[0])).toEqual({ model: "llama", messages });
    expect(header(chain.calls[0], ":path")).toBe("/openai/v1/chat/completions?a=b");
  });

  test("after what it has to fetch", () => {
    const context = { fileUrl: "http://files/a", serviceName: "files.dns", servicePort: 80 };
    const chain = chainOf(
      tooMany,
      { "outbound|80||files.dns": { body: "context", delayMs: 5 }, "groq-cluster": json(answers.openai) },
      [toGroq],
      { providers: [{ ...groq, context }] },
    );
    expect(by(chain)).toEqual([200, "groq"]);
    expect(body(chain.calls[1]).messages[0]).toEqual({ role: "system", content: "context" });
  });

  test("with a file of its own from where it is", () => {
    const moonshot = { id: "moon", type: "moonshot", apiTokens: ["sk-moon"], moonshotFileId: "f" };
    const chain = proxy(
      {
        providers: [{ ...first, fallbacks: [{ providerId: "moon", cluster: "moon" }] }, moonshot],
        activeProviderId: "first",
      },
      {
        upstream: () => tooMany,
        calls: {
          moon: ({ headers }) =>
            headers.some(([, value]) => value.includes("/files/"))
              ? json({ content: "file" })
              : json(answers.openai),
        },
      },
    );
    expect(by(chain)).toEqual([200, "moon"]);
    expect(chain.calls).toHaveLength(2);
  });

  test("signed or placed by its model where the provider wants that", () => {
    const azure = {
      id: "azure",
      type: "azure",
      apiTokens: ["sk-azure"],
      azureServiceUrl: "https://r.example.com/?api-version=1",
      modelMapping: { "*": "deployed" },
    };
    const fallbacks = [{ providerId: "azure", cluster: "azure" }];
    const chain = chainOf(tooMany, { azure: json(answers.openai) }, fallbacks, { providers: [azure] });
    expect(by(chain)).toEqual([200, "azure"]);
    expect(header(chain.calls[0], ":path")).toBe(
      "/openai/deployments/deployed/chat/completions?api-version=1",
    );
    expect(header(chain.calls[0], ":authority")).toBe("r.example.com");
  });

  test("for a form and for a request without a body too", () => {
    const openai = {
      id: "o",
      type: "openai",
      apiTokens: ["sk-o"],
      modelMapping: { "gpt-image-1": "mapped" },
    };
    const form = (model: string) =>
      `--b\r\ncontent-disposition: form-data; name="model"\r\n\r\n${model}\r\n--b--\r\n`;
    const chain = chainOf(tooMany, { o: json({ data: [] }) }, [{ providerId: "o", cluster: "o" }], {
      entry: { type: "openai" },
      providers: [openai],
    });
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    const image = { method: "POST", path: "/v1/images/edits", headers, body: form("gpt-image-1") };
    expect(by(chain, image)).toEqual([200, "o"]);
    expect(Buffer.from(chain.calls[0]!.body).toString()).toBe(form("mapped"));
    expect(by(chain, { path: "/v1/files" })).toEqual([200, "o"]);
    expect(header(chain.calls[1], ":method")).toBe("GET");
  });
});

describe("a stream", () => {
  test("comes whole, as the events of the client's dialect", () => {
    const chain = chainOf(tooMany, { [cluster]: streamed });
    const openai = chain.exchange(chat({ stream: true })).client;
    expect(openai.header("content-type")).toContain("text/event-stream");
    expect(openai.header("x-ai-proxy-provider")).toBe("claude");
    const deltas = events(openai.text).map(({ choices }) => choices[0]?.delta.content ?? "");
    expect(deltas.join("")).toBe("Hello");
    expect(openai.text.endsWith("data: [DONE]\n\n")).toBe(true);
    const anthropic = chain.exchange(message({ stream: true })).client;
    expect(anthropic.text.endsWith('event: message_stop\ndata: {"type":"message_stop"}\n\n')).toBe(true);
    for (const call of chain.calls) expect(body(call).stream).toBe(true);
  });
});

describe("on", () => {
  const failures: Record<string, TestReply> = {
    "429": { status: 429 },
    "404": { status: 404 },
    "500": { status: 500 },
    "503": { status: 503 },
    connect: { reset: "connect-failure" },
    reset: { reset: "reset" },
    timeout: { reset: "timeout" },
  };

  test.each<[unknown, string[]]>([
    [undefined, ["429", "500", "503", "connect", "reset"]],
    [[], ["429", "500", "503", "connect", "reset"]],
    [["429"], ["429"]],
    [429, ["429"]],
    [["4xx"], ["429", "404"]],
    [["5xx"], ["500", "503"]],
    [["connect"], ["connect", "reset"]],
    [["timeout"], ["timeout"]],
    [["50[03]"], ["500", "503"]],
    [["0"], ["404", "500", "503"]],
  ])("%j asks for %j", (on, expected) => {
    const asked = Object.keys(failures).filter((name) => {
      const calls = { "groq-cluster": json(answers.openai) };
      // kubectl makes `true` of a key that is `on` without quotes.
      return ["on", "true"].every(
        (key) => by(chainOf(failures[name]!, calls, [{ ...toGroq, [key]: on }]))[1] === "groq",
      );
    });
    expect(asked.toSorted()).toEqual(expected.toSorted());
  });

  test("a refusal by the gateway, another plugin or this one asks nobody", () => {
    const chain = chainOf(tooMany, { "groq-cluster": json(answers.openai) }, [{ ...toGroq, on: ["."] }]);
    expect(by(chain, chat("not JSON"))).toEqual([400, undefined]);
    const noRoute = chainOf(tooMany, { "groq-cluster": json(answers.openai) }, [{ ...toGroq, on: ["."] }], {
      route: () => undefined,
    });
    expect(by(noRoute)).toEqual([404, undefined]);
    expect([...chain.calls, ...noRoute.calls]).toEqual([]);
  });

  test("success asks nobody", () => {
    const chain = chainOf(json(answers.openai), { "groq-cluster": json(answers.openai) });
    expect(by(chain)).toEqual([200, undefined]);
    expect(chain.calls).toEqual([]);
  });

  test("each of a chain is asked for the failure before it", () => {
    const fallbacks = [toClaude, { ...toGroq, on: ["529"] }];
    const chain = chainOf(
      tooMany,
      { [cluster]: { status: 529, body: "busy" }, "groq-cluster": json(answers.openai) },
      fallbacks,
    );
    expect(by(chain)).toEqual([200, "groq"]);
    const passed = chainOf(
      tooMany,
      { [cluster]: { status: 500 }, "groq-cluster": json(answers.openai) },
      fallbacks,
    );
    expect(by(passed)).toEqual([429, undefined]);
  });
});

describe("when a fallback fails", () => {
  test.each<[string, CallReply | undefined]>([
    ["with an error", { status: 500, body: "no" }],
    ["to connect", { reset: "connect-failure" }],
    ["to answer to the end", { reset: { afterChunks: 0 } }],
    ["to have a host", "no-host"],
    ["to be a cluster", undefined],
    ["to say what it means", json({ type: "error", error: { type: "api_error", message: "x" } })],
    ["to speak its dialect", { body: "<html>" }],
  ])("%s, the next is asked, and at last the first answer stands", (_, reply) => {
    const calls: Record<string, CallReply> = reply === undefined ? {} : { [cluster]: reply };
    expect(by(chainOf(tooMany, { ...calls, "groq-cluster": json(answers.openai) }))).toEqual([200, "groq"]);
    // What claude says to Anthropic's clients passes as it is.
    const isSuccess = typeof reply === "object" && reply.status === undefined && reply.reset === undefined;
    for (const request of [chat(), chat({ stream: true }), isSuccess ? chat() : message()]) {
      const { client } = chainOf(tooMany, calls).exchange(request);
      expect([client.status, client.header("x-ai-proxy-provider")]).toEqual([429, undefined]);
      expect(JSON.parse(client.text).error.message).toBe("Slow down");
    }
  });

  test("in time, the deadline is its own", () => {
    const fallbacks = [
      { ...toClaude, timeout: 50 },
      { ...toGroq, on: ["timeout"] },
    ];
    const chain = chainOf(tooMany, { [cluster]: "never", "groq-cluster": json(answers.openai) }, fallbacks);
    expect(by(chain)).toEqual([200, "groq"]);
    expect(chain.calls.map(({ timeoutMs }) => timeoutMs)).toEqual([50, 120_000]);
  });

  test("to take the request, nothing is sent to it", () => {
    const entry = { type: "baichuan" };
    const chain = chainOf(tooMany, { "groq-cluster": json({ data: [] }) }, [toGroq], { entry });
    expect(by(chain, chat({ input: "a" }, { path: "/v1/embeddings" }))).toEqual([429, undefined]);
    expect(chain.calls).toEqual([]);
    const lost = { ...groq, context: { fileUrl: "http://f/a", serviceName: "lost.dns", servicePort: 80 } };
    const noContext = chainOf(tooMany, {}, [toGroq], { providers: [lost] });
    expect(by(noContext)).toEqual([429, undefined]);
  });
});

describe("together with the rest", () => {
  test("other tokens of the first provider are tried before", () => {
    const route = "outbound|80||upstream.static";
    const entry = { apiTokens: ["sk-1", "sk-2"], retryOnFailure: { enabled: true } };
    const chain = chainOf(tooMany, { [route]: tooMany, "groq-cluster": json(answers.openai) }, [toGroq], {
      entry,
    });
    expect(by(chain)).toEqual([200, "groq"]);
    expect(chain.calls.map((call) => call.cluster)).toEqual([route, "groq-cluster"]);
  });

  test("a fallback's own fallbacks, retries and the first provider itself make no loop", () => {
    const back = {
      ...groq,
      fallbacks: [{ providerId: "first", cluster: "first" }],
      retryOnFailure: { enabled: true },
    };
    const chain = chainOf(
      tooMany,
      { "groq-cluster": tooMany, first: tooMany },
      [toGroq, { providerId: "first", cluster: "first" }],
      { providers: [back] },
    );
    expect(by(chain)).toEqual([429, undefined]);
    expect(chain.calls.map((call) => call.cluster)).toEqual(["groq-cluster", "first"]);
  });

  test("a body over 8 MiB gets no second attempt, and passes unharmed", () => {
    const text = "x".repeat(9 << 20);
    const chain = chainOf(tooMany, { "groq-cluster": json(answers.openai) }, [toGroq]);
    const { client, upstream } = chain.exchange(chat({ messages: [{ role: "user", content: text }] }));
    expect(client.status).toBe(429);
    expect(JSON.parse(upstream!.text).messages[0].content).toBe(text);
  });

  test("a client that is gone gets no further call", () => {
    const chain = chainOf(tooMany, { [cluster]: { status: 500, delayMs: 50 }, "groq-cluster": json({}) });
    const stream = chain.open();
    const { body: sent, headers } = chat();
    const pseudo = {
      ":method": "POST",
      ":path": "/v1/chat/completions",
      ":authority": "a",
      ":scheme": "http",
    };
    stream.http.requestHeaders(Object.entries({ ...pseudo, ...(headers as Record<string, string>) }), false);
    stream.http.requestData(Buffer.from(sent as string), true);
    chain.clock.advance(1);
    stream.http.requestReset();
    chain.advance(100);
    expect(chain.calls.length).toBeLessThanOrEqual(1);
    expect(chain.problems("warn")).toEqual([]);
  });

  test("no token and no body is in a log line", () => {
    const chain = chainOf(tooMany, {
      [cluster]: { status: 500 },
      "groq-cluster": { status: 500, body: "no" },
    });
    chain.exchange(chat({ messages: [{ role: "user", content: "private words" }] }));
    const lines = chain.logs.map((line) => line.message).join("\n");
    expect(lines).toContain("asking provider groq");
    for (const secret of ["sk-", "private words"]) expect(lines).not.toContain(secret);
  });
});

describe("a configuration that cannot work is refused", () => {
  const config = (fallback: object) => ({
    providers: [{ ...first, fallbacks: [fallback] }, groq, { id: "bad", type: "yi" }],
    activeProviderId: "first",
  });

  test.each<[object, string]>([
    [{}, "fallbacks[0].providerId: expected a non-empty string"],
    [{ providerId: "nobody", cluster: "c" }, "no provider has the id nobody"],
    [{ providerId: "groq" }, "expected serviceName and servicePort, or cluster"],
    [{ providerId: "groq", serviceName: "a.dns" }, "expected serviceName and servicePort, or cluster"],
    [{ providerId: "groq", cluster: "c", on: ["("] }, "on: bad regular expression"],
    [{ providerId: "groq", cluster: "c", timeout: -1 }, "timeout: expected an integer"],
    [{ providerId: "bad", cluster: "c" }, "no apiToken found in provider config"],
  ])("%j: %s", async (fallback, expected) => {
    expect(await refusal(config(fallback))).toContain(expected);
  });

  test("a key that nobody knows is a warning", () => {
    const chain = proxy(config({ providerId: "groq", cluster: "c", provider: "x" }));
    expect(chain.problems("warn").join()).toContain("fallbacks[0].provider: unknown key");
  });
});
