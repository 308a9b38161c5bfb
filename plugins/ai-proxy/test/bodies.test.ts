import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { drip } from "../../../host-test/testing/recordings.ts";
import { chat, chatPath, provider } from "./proxy.ts";

const deepseek = { type: "deepseek", apiTokens: ["sk-provider"] };

/** The body as the provider gets it, the request in these pieces. */
function sent(entry: object, body: string | (string | Uint8Array)[], request: object = {}): string {
  const chain = provider({ ...deepseek, ...entry });
  const chunks = typeof body === "string" ? [body] : body;
  const { upstream } = chain.exchange(chat("", { body: undefined, chunks, ...request }));
  chain.close();
  return upstream!.text;
}

describe("modelMapping", () => {
  const mapping = {
    "gpt-4o": "exact",
    "gpt-*": "prefix",
    "gpt-4*": "longer-prefix",
    "~^(o\\d)-(.*)$": "reason-$2-${1}",
    "~mini$": "small",
    "~^(?<family>llama)": "meta/${family}",
    keep: "",
    "empty*": "",
    "*": "other",
  };
  test.each([
    ["gpt-4o", "exact"],
    ["gpt-4o-mini", "longer-prefix"],
    ["gpt-3.5", "prefix"],
    ["o3-mini", "reason-mini-o3"],
    ["phi-mini", "phi-small"],
    ["llama3", "meta/llama3"],
    ["keep", "keep"],
    ["empty-x", "empty-x"],
    ["claude", "other"],
    ["*", "other"],
  ])("%s becomes %s", (model, mapped) => {
    expect(JSON.parse(sent({ modelMapping: mapping }, JSON.stringify({ model }))).model).toBe(mapped);
  });

  test.each([
    ["no rule applies", { a: "b" }, '{"messages":[]}', '{"messages":[]}'],
    ["`*` supplies one", { "*": "default" }, '{"messages":[]}', '{"messages":[],"model":"default"}'],
    ["a pattern is not a prefix", { "~^x.*": "y" }, '{"model":"xz"}', '{"model":"y"}'],
    ["no mapping", {}, '{"model": "a"}', '{"model": "a"}'],
  ])("%s", (_, modelMapping, before, after) => {
    expect(JSON.parse(sent({ modelMapping }, before))).toEqual(JSON.parse(after));
  });

  test("a model that is written with escapes is recognised, a model in the messages is not", () => {
    const body = '{"messages":[{"model":"gpt-4o"}],"mod\\u0065l":"gpt\\u002d4o"}';
    expect(sent({ modelMapping: { "gpt-4o": "x" } }, body)).toBe(
      '{"messages":[{"model":"gpt-4o"}],"mod\\u0065l":"x"}',
    );
  });

  test("of two models the last counts, and one is left", () => {
    const body = JSON.parse(sent({ modelMapping: { b: "x" } }, '{"model":"a","model":"b"}'));
    expect(body.model).toBe("x");
    expect(sent({ modelMapping: { b: "x" } }, '{"model":"a","model":"b"}').match(/model/g)).toHaveLength(1);
  });
});

describe("usage in streams", () => {
  test.each([
    ['{"stream": true}', '{"stream": true,"stream_options":{"include_usage":true}}'],
    ['{"stream":true,"stream_options":{}}', '{"stream":true,"stream_options":{"include_usage":true}}'],
    [
      '{"stream":true,"stream_options":{"a":1}}',
      '{"stream":true,"stream_options":{"include_usage":true,"a":1}}',
    ],
    [
      '{"stream":true,"stream_options":{"include_usage":false}}',
      '{"stream":true,"stream_options":{"include_usage":false}}',
    ],
    ['{"stream":false}', '{"stream":false}'],
    ['{"stream":"true"}', '{"stream":"true"}'],
    ['{"stream":null}', '{"stream":null}'],
  ])("%s becomes %s", (before, after) => {
    expect(sent({}, before)).toBe(after);
  });
});

describe("the role developer becomes system for providers that do not know it", () => {
  const body = (pad: number) =>
    JSON.stringify({ pad: "x".repeat(pad), messages: [{ role: "developer", content: 'say "developer"' }] });
  test("wherever a window ends", () => {
    for (let pad = 65_480; pad < 65_560; pad++) {
      expect(sent({}, body(pad))).toBe(body(pad).replace('"role":"developer"', '"role":"system"'));
    }
  });
  test("in pieces of one byte", () => {
    expect(sent({}, drip(Buffer.from(body(3))))).toBe(
      body(3).replace('"role":"developer"', '"role":"system"'),
    );
  });
});

describe("messages", () => {
  const messages = [
    { role: "system", content: "s" },
    { role: "user", content: "old" },
    { role: "assistant", content: "answer" },
    { role: "user", content: "clear" },
    { role: "user", content: "new" },
    { role: "user", content: [{ type: "text", text: "more" }] },
  ];
  const body = `{ "model": "m", "x": 1.0, "messages": ${JSON.stringify(messages)} }`;

  test("a clean-up command forgets what stood before it", () => {
    expect(JSON.parse(sent({ contextCleanupCommands: ["clear"] }, body)).messages).toEqual([
      messages[0],
      messages[4],
      messages[5],
    ]);
  });
  test("no command, no change of any byte", () => {
    expect(sent({ contextCleanupCommands: ["other", ""] }, body)).toBe(body);
  });
  test("neighbours of one role are merged", () => {
    const merged = JSON.parse(sent({ mergeConsecutiveMessages: true }, body)).messages;
    expect(merged.map(({ role }: { role: string }) => role)).toEqual(["system", "user", "assistant", "user"]);
    expect(JSON.stringify(merged[3].content)).toContain("clear");
  });
  test("hiclawMode merges too", () => {
    expect(JSON.parse(sent({ hiclawMode: true }, body)).messages).toHaveLength(4);
  });
  test("both together, clean-up first", () => {
    const result = JSON.parse(sent({ hiclawMode: true, contextCleanupCommands: ["clear"] }, body));
    expect(result.messages).toHaveLength(2);
    expect(result.x).toBe(1);
  });
});

describe("customSettings", () => {
  const settings = (...customSettings: object[]) => ({ customSettings });
  test.each([
    ["a value of any kind", settings({ name: "max_tokens", value: 100 }), "{}", { max_tokens: 100 }],
    [
      "a string stays a string",
      settings({ name: "bar", mode: "raw", value: '"bar"' }),
      "{}",
      { bar: '"bar"' },
    ],
    ["an object", settings({ name: "o", mode: "raw", value: { a: [null] } }), "{}", { o: { a: [null] } }],
    [
      "over what is there",
      settings({ name: "temperature", value: 0 }),
      '{"temperature":1}',
      { temperature: 0 },
    ],
    [
      "not over what is there",
      settings({ name: "temperature", value: 0, overwrite: false }),
      '{"temperature":1}',
      { temperature: 1 },
    ],
    [
      "where nothing is there",
      settings({ name: "temperature", value: 0, overwrite: false }),
      '{"a":1}',
      { a: 1, temperature: 0 },
    ],
    [
      "a dotted path",
      settings({ name: "a.b", mode: "raw", value: 1 }),
      '{"a":{"c":2}}',
      { a: { b: 1, c: 2 } },
    ],
    [
      "a dotted path, not over what is there",
      settings({ name: "a.c", mode: "raw", value: 1, overwrite: false }),
      '{"a":{"c":2}}',
      { a: { c: 2 } },
    ],
    ["a name without meaning is left out", settings({ name: "top_k", value: 1 }), "{}", {}],
    ["no value, no setting", settings({ name: "max_tokens" }), "{}", {}],
    [
      "the model, then its mapping",
      { ...settings({ name: "model", mode: "raw", value: "a" }), modelMapping: { a: "b" } },
      '{"model":"x"}',
      { model: "b" },
    ],
    [
      "stream, then its usage",
      settings({ name: "stream", mode: "raw", value: true }),
      '{"model":"x"}',
      { model: "x", stream: true, stream_options: { include_usage: true } },
    ],
  ])("%s", (_, entry, before, after) => {
    expect(JSON.parse(sent(entry, before))).toEqual(after);
  });

  test("reach every API that is read, but no form", () => {
    const entry = { type: "openai", ...settings({ name: "user", mode: "raw", value: "u" }) };
    expect(JSON.parse(sent(entry, "{}", { path: "/v1/embeddings" }))).toEqual({ user: "u" });
    const form = '--b\r\ncontent-disposition: form-data; name="prompt"\r\n\r\nx\r\n--b--\r\n';
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    expect(sent(entry, form, { path: "/v1/images/edits", headers })).toBe(form);
  });
});

describe("an empty body", () => {
  const customSettings = [{ name: "seed", value: 1 }];
  test.each([
    ["/v1/batches/b/cancel", { type: "openai", customSettings }],
    [
      "/v1/fine_tuning/jobs/j/cancel",
      { type: "azure", azureServiceUrl: "https://a?api-version=1", customSettings },
    ],
    ["/v1/fine_tuning/jobs", { type: "openai", modelMapping: { "*": "x" } }],
    ["/v1/files/f", { type: "qwen", customSettings, protocol: "original" }],
    [chatPath, { type: "generic", customSettings }],
    [chatPath, { type: "yi", customSettings, modelMapping: { "*": "x" } }],
  ])("stays empty: %s %j", (path, entry) => {
    const { client, upstream } = provider({ apiTokens: ["t"], ...entry }).exchange(chat("", { path }));
    expect([client.status, upstream?.text]).toEqual([200, ""]);
  });

  test("says no conversation, so none is converted", () => {
    const { client, upstream } = provider({ type: "claude", apiTokens: ["t"] }).exchange(chat(""));
    expect([client.status, upstream]).toEqual([400, undefined]);
  });
});

describe("firstByteTimeout", () => {
  const header = "x-envoy-upstream-rq-first-byte-timeout-ms";
  const timeout = (entry: object, body: object, path?: string) =>
    provider({ ...deepseek, firstByteTimeout: 900, ...entry })
      .exchange(chat(body, path ? { path } : {}))
      .upstream!.header(header);
  test("limits streams only", () => {
    expect(timeout({}, { stream: true })).toBe("900");
    expect(timeout({}, { stream: false })).toBeUndefined();
    expect(timeout({}, {})).toBeUndefined();
    expect(timeout({ firstByteTimeout: 0 }, { stream: true })).toBeUndefined();
  });
  test("also with the original protocol, also for responses", () => {
    expect(timeout({ protocol: "original" }, { stream: true })).toBe("900");
    expect(timeout({ type: "openai" }, { stream: true }, "/v1/responses")).toBe("900");
    expect(timeout({ type: "openai" }, { stream: true }, "/v1/embeddings")).toBeUndefined();
  });
  test("limits no other request of coze, unlike generic's", () => {
    expect(timeout({ type: "coze" }, {}, "/v3/chat")).toBeUndefined();
    expect(timeout({ type: "coze", protocol: "original" }, {})).toBeUndefined();
    expect(timeout({ type: "generic" }, {}, "/v3/chat")).toBe("900");
  });
  test("also for Gemini's own streams, which are told by the path", () => {
    const path = "/v1beta/models/gemini-2.5-flash:";
    expect(timeout({ type: "gemini" }, {}, path + "streamGenerateContent?alt=sse")).toBe("900");
    expect(timeout({ type: "gemini" }, { stream: true }, path + "generateContent")).toBeUndefined();
  });
});

describe("bodies in any pieces", () => {
  const long = "é".repeat(40_000);
  const bodies = {
    "model first": `{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"${long}"}]}`,
    "model last": `{"messages":[{"role":"user","content":"${long}"}],"stream":true,"model":"gpt-4o"}`,
    "model between": `{"a":"${long}","model":"gpt-4o","b":"${long}","stream":true,"c":"${long}"}`,
    "beyond every window": `{"a":"${long.repeat(5)}","model":"gpt-4o","b":"${long}","stream":true,"c":"${long}"}`,
  };
  const expected = (body: string) =>
    body
      .replace('"gpt-4o"', '"mapped"')
      .replace('"stream":true', '"stream":true,"stream_options":{"include_usage":true}');
  const normal = (text: string) => JSON.parse(text);

  test.each(Object.entries(bodies))("%s", (_, body) => {
    const bytes = Buffer.from(body);
    for (const size of [bytes.length, 1 << 20, 65_536, 65_535, 16_384, 10_007]) {
      const result = sent({ modelMapping: { "gpt-4o": "mapped" } }, drip(bytes, size));
      expect(normal(result)).toEqual(normal(expected(body)));
      expect(Buffer.byteLength(result)).toBe(Buffer.byteLength(expected(body)));
    }
  });

  test.each(["HTTP/1.1", "HTTP/2"] as const)(
    "over %s, also where the host shows the newest piece late",
    (protocol) => {
      const body = bodies["model between"];
      for (const lateBodyBuffer of [false, true]) {
        const chain = provider(
          { ...deepseek, modelMapping: { "gpt-4o": "mapped" } },
          { lateBodyBuffer, bufferLimit: 1 << 30 },
        );
        const chunks = drip(Buffer.from(body), 20_000);
        const { upstream } = chain.exchange(chat("", { body: undefined, chunks, protocol }));
        // The late host never shows the last piece of an HTTP/2 body: it must still arrive, in its place.
        expect(upstream!.text).toContain('"mapped"');
        expect(normal(upstream!.text).c).toBe(long);
      }
    },
  );

  test("ended by trailers", () => {
    const chain = provider({ ...deepseek, modelMapping: { "gpt-4o": "mapped" } });
    const { upstream } = chain.exchange(chat({}, { trailers: { "x-trailer": "1" } }));
    expect(JSON.parse(upstream!.text).model).toBe("mapped");
    expect(upstream!.trailers).toContainEqual(["x-trailer", "1"]);
  });

  test("edits of any place leave every other byte as it is", () => {
    const member = fc.tuple(
      fc.constantFrom("a", "b", "messages", "x y"),
      fc.json({ maxDepth: 2 }),
      fc.integer({ min: 0, max: 90_000 }),
    );
    fc.assert(
      fc.property(
        fc.array(member, { maxLength: 4 }),
        fc.array(member, { maxLength: 4 }),
        fc.integer({ min: 1_000, max: 200_000 }),
        (before, after, size) => {
          const write = (members: [string, string, number][]) =>
            members.map(([key, value, pad]) => `"${key}":[${value},"${"p".repeat(pad)}"]`);
          const body = `{${[...write(before), '"model": "gpt-4o"', ...write(after)].join(", ")}}`;
          expect(
            sent(
              { modelMapping: { "gpt-4o": "a much longer name of a model" } },
              drip(Buffer.from(body), size),
            ),
          ).toBe(body.replace('"gpt-4o"', '"a much longer name of a model"'));
        },
      ),
      { numRuns: 40 },
    );
  });

  test("a body that is compressed or binary is not touched", () => {
    const body = "\u0000\u0001 not JSON";
    for (const headers of [
      { "content-encoding": "gzip" },
      { "content-type": "application/octet-stream" },
      { "content-type": "text/plain" },
    ]) {
      expect(sent({ modelMapping: { "*": "x" } }, body, { headers })).toBe(body);
    }
  });
});

describe("limits", () => {
  test("a content-length above 100 MiB is answered before the body comes, in the client's dialect", () => {
    const chain = provider(deepseek);
    const headers = { "content-length": "104857601" };
    const openai = chain.exchange(chat({}, { headers }));
    expect(openai.client.status).toBe(413);
    expect(JSON.parse(openai.client.text).error.type).toBe("request_too_large");
    expect(openai.upstream).toBeUndefined();
    const claude = chain.exchange(chat({}, { path: "/v1/messages", headers }));
    expect(JSON.parse(claude.client.text)).toMatchObject({
      type: "error",
      error: { type: "request_too_large" },
    });
    expect(chain.exchange(chat({}, { headers: { "content-length": "104857600" } })).client.status).toBe(200);
  });

  test.each([
    ["higress", 100],
    ["envoy", 1],
  ] as const)(
    "a body that grows over the limit of %s (%d MiB) is 413 in the client's dialect",
    (flavour, limit) => {
      const chain = provider(deepseek, { flavour, bufferLimit: 1 << 20 });
      const chunks = [
        Buffer.from('{"messages":['),
        ...Array.from({ length: limit }, () => Buffer.alloc(1 << 20, " ")),
      ];
      const openai = chain.exchange(chat("", { body: undefined, chunks }));
      expect(openai.client.status).toBe(413);
      expect(openai.client.header("content-type")).toBe("application/json");
      expect(JSON.parse(openai.client.text).error.type).toBe("request_too_large");
      const claude = chain.exchange(chat("", { body: undefined, chunks, path: "/v1/messages" }));
      expect(JSON.parse(claude.client.text)).toMatchObject({
        type: "error",
        error: { type: "request_too_large" },
      });
      expect(claude.upstream).toBeUndefined();
    },
  );

  test("the host is told to hold that much", () => {
    const chain = provider(deepseek);
    const body = JSON.stringify({ model: "m", pad: "x".repeat(3 << 20) });
    expect(chain.exchange(chat(body)).upstream!.text).toBe(body);
  });

  test("a body of 48 MiB that is not translated does not raise the memory by more than some windows", () => {
    let pages = 0;
    const chain = provider(
      { ...deepseek, modelMapping: { "*": "mapped" } },
      { observer: { callback: (event) => (pages = Math.max(pages, event.memoryPages)) } },
    );
    chain.exchange(chat());
    const before = pages;
    const piece = Buffer.alloc(1 << 20, "x");
    const chunks = [
      Buffer.from('{"messages":[{"role":"user","content":"'),
      ...Array.from({ length: 48 }, () => piece),
      Buffer.from('"}],"model":"gpt-4o"}'),
    ];
    const { upstream } = chain.exchange(chat("", { body: undefined, chunks }));
    expect(upstream!.body.length).toBe(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    expect(upstream!.body.subarray(-18).toString()).toBe(',"model":"mapped"}');
    expect(pages - before).toBeLessThanOrEqual(16);
  });
});
