// `context`: a text that is fetched once and put before every conversation. Moonshot's files work alike.

import { describe, expect, test } from "vitest";
import type { CallReply, TestChainOptions } from "../../../host-test/testing/chain.ts";
import { chat, message, provider } from "./proxy.ts";

const cluster = "outbound|8080||files.dns";
const context = {
  fileUrl: "http://files.example.com/notes/a.txt?version=2",
  serviceName: "files.dns",
  servicePort: 8080,
};
const entry = { type: "yi", apiTokens: ["sk-provider"], context };
const text = 'Sag "bitte" 🙏.\n';

function serving(reply: CallReply): Partial<TestChainOptions> {
  return { calls: { [cluster]: () => reply } };
}

const user = { role: "user", content: "Hi" };
const system = { role: "system", content: "s" };
const inserted = { role: "system", content: text };

describe("the text", () => {
  test("is asked for once, at its host, path and query", () => {
    const chain = provider(entry, serving({ body: text }));
    for (let i = 0; i < 3; i++)
      expect(JSON.parse(chain.exchange(chat()).upstream!.text).messages[0]).toEqual(inserted);
    expect(chain.calls).toHaveLength(1);
    const [call] = chain.calls;
    expect(call!.cluster).toBe(cluster);
    const header = (name: string) => call!.headers.find(([key]) => key === name)?.[1];
    expect(header(":method")).toBe("GET");
    expect(header(":authority")).toBe("files.example.com");
    expect(header(":path")).toBe("/notes/a.txt?version=2");
    expect(header("authorization")).toBeUndefined();
    expect(call!.timeoutMs).toBe(120_000);
  });

  test.each([
    ["/notes/a.txt?version=2", "/notes/a.txt?version=2"],
    ["notes/a.txt", "/notes/a.txt"],
    ["http:///notes", "/notes"],
  ])("is asked for at its service where the URL names no host: %s", (fileUrl, path) => {
    const chain = provider({ ...entry, context: { ...context, fileUrl } }, serving({ body: text }));
    chain.exchange(chat());
    const [call] = chain.calls;
    expect(call!.headers).toContainEqual([":authority", "files.dns"]);
    expect(call!.headers).toContainEqual([":path", path]);
  });

  test.each([
    [
      "behind the leading system messages",
      [system, system, user, system],
      [system, system, inserted, user, system],
    ],
    ["in front where there is none", [user, system], [inserted, user, system]],
    ["in front where all are", [system, system], [inserted, system, system]],
    ["alone where there are none at all", [], [inserted]],
  ])("stands %s", (_, messages, expected) => {
    const { upstream } = provider(entry, serving({ body: text })).exchange(chat({ messages }));
    expect(JSON.parse(upstream!.text).messages).toEqual(expected);
  });

  test("leaves every other byte as it is", () => {
    const body = '{ "model": "m",  "messages": [ {"role":"user","content":"x","own":1.0} ], "seed": 0 }';
    const { upstream } = provider(entry, serving({ body: "c" })).exchange(chat(body));
    expect(upstream!.text).toBe(
      body.replace('[ {"role":"user"', '[{"role":"system","content":"c"}, {"role":"user"'),
    );
  });

  test("goes before claude's system prompt", () => {
    const chain = provider({ ...entry, type: "claude" }, serving({ body: text }));
    expect(JSON.parse(chain.exchange(chat({ messages: [system, user] })).upstream!.text).system).toBe(
      `${text}\ns`,
    );
  });

  test("reaches a Claude client's conversation too", () => {
    const { upstream } = provider(entry, serving({ body: text })).exchange(message({ system: "s" }));
    expect(JSON.parse(upstream!.text).messages.slice(0, 2)).toEqual([system, inserted]);
  });

  test("is only for chat, and not for the provider's own protocol", () => {
    const chain = provider({ ...entry, type: "openai" }, serving({ body: text }));
    expect(chain.exchange(chat({}, { path: "/v1/embeddings" })).upstream!.text).not.toContain("bitte");
    const original = provider({ ...entry, protocol: "original" }, serving({ body: text }));
    expect(original.exchange(chat()).upstream!.text).not.toContain("bitte");
    expect([...chain.calls, ...original.calls]).toEqual([]);
  });

  test("is fetched by requests that come at the same time, and reaches them all", () => {
    const chain = provider(entry, serving({ body: text, delayMs: 50 }));
    const exchanges = [chain.open(), chain.open()];
    for (const { http } of exchanges) {
      const { headers, body } = raw(chat());
      http.requestHeaders(headers, false);
      http.requestData(Buffer.from(body), true);
    }
    chain.settle();
    for (const exchange of exchanges) {
      expect(JSON.parse(exchange.upstream!.text).messages[0]).toEqual(inserted);
      expect(exchange.client.status).toBe(200);
    }
  });
});

describe("a text that cannot be fetched", () => {
  test.each<[string, CallReply, string]>([
    [
      "status 404",
      { status: 404, body: "no" },
      "failed to load context file: failed to load context file, status: 404",
    ],
    ["a connection that fails", { reset: "connect-failure" }, "status: 503"],
    ["no answer in time", "never", "status: 504"],
    ["no host", "no-host", `no cluster ${cluster}`],
    ["more than 4 MiB", { body: Buffer.alloc((4 << 20) + 1, "x") }, "more than 4194304 bytes"],
  ])("%s is one error, and the next request tries again", (_, reply, expected) => {
    const replies = [reply, { body: text }];
    const chain = provider(entry, { calls: { [cluster]: () => replies.shift()! } });
    const { client, upstream, record } = chain.exchange(chat());
    expect(upstream).toBeUndefined();
    expect(client.status).toBe(500);
    expect(client.text).toContain(expected);
    expect(record!.details).toBe("ai-proxy.yi.load_ctx_failed");
    const again = chain.exchange(chat());
    expect(JSON.parse(again.upstream!.text).messages[0]).toEqual(inserted);
  });

  test("the client that goes away meanwhile leaves nothing behind", () => {
    const chain = provider(entry, serving({ body: text, delayMs: 50 }));
    const { http } = chain.open();
    const { headers, body } = raw(chat());
    http.requestHeaders(headers, false);
    http.requestData(Buffer.from(body), true);
    http.requestReset();
    chain.settle();
    expect(JSON.parse(chain.exchange(chat()).upstream!.text).messages[0]).toEqual(inserted);
  });
});

describe("moonshotFileId", () => {
  const moonshot = { type: "moonshot", apiTokens: ["sk-provider"], moonshotFileId: "file-1" };
  const file = JSON.stringify({ content: 'From the "file"', file_type: "text/plain" });

  test("17: the file's content is put before every conversation", () => {
    const chain = provider(moonshot, { calls: () => ({ body: file }) });
    for (let i = 0; i < 2; i++) {
      const { messages } = JSON.parse(chain.exchange(chat({ messages: [system, user] })).upstream!.text);
      expect(messages).toEqual([system, { role: "system", content: 'From the "file"' }, user]);
    }
    expect(chain.calls).toHaveLength(1);
    const headers = Object.fromEntries(chain.calls[0]!.headers);
    expect(headers).toMatchObject({
      ":path": "/v1/files/file-1/content",
      ":authority": "api.moonshot.cn",
      authorization: "Bearer sk-provider",
    });
    expect(chain.calls[0]!.cluster).toBe("outbound|80||upstream.static");
  });

  test.each(["not JSON", "{}", '{"content":5}'])("an answer without content is an error: %s", (body) => {
    const { client } = provider(moonshot, { calls: () => ({ body }) }).exchange(chat());
    expect(client.status).toBe(500);
    expect(client.text).toContain("failed to load context file");
  });
});

/** The head and body of a request as the chain takes them. */
function raw({ body, headers, path }: ReturnType<typeof chat>): {
  headers: [string, string][];
  body: string;
} {
  const own: [string, string][] = [
    [":method", "POST"],
    [":path", path!],
    [":authority", "gateway.example.com"],
    [":scheme", "http"],
  ];
  return { headers: [...own, ...Object.entries(headers as Record<string, string>)], body: body as string };
}
