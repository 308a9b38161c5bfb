// Hunyuan: Tencent Cloud's own API with its signature, and the one that speaks OpenAI's dialect.

import { createHash, createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { TestRequest } from "../../../host-test/testing/chain.ts";
import { answering, chat, events, eventStream, json, message, provider, refusal } from "./proxy.ts";

const hunyuanAuthId = "AKIDexample-0123456789-0123456789-01";
const hunyuanAuthKey = "secret-key-0123456789-0123456789";
const native = { type: "hunyuan", hunyuanAuthId, hunyuanAuthKey, modelMapping: { "gpt-4o": "hunyuan-pro" } };
const compatible = { type: "hunyuan", apiTokens: ["sk-provider"], modelMapping: { "gpt-4o": "hunyuan-pro" } };

/** Tencent's documentation, step by step, without the plugin's code. */
function signature(body: string, host: string, timestamp: string): string {
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const date = new Date(Number(timestamp) * 1000).toISOString().slice(0, 10);
  const scope = `${date}/hunyuan/tc3_request`;
  const names = "content-type;host;x-tc-action";
  const headers = `content-type:application/json\nhost:${host}\nx-tc-action:chatcompletions\n`;
  const canonical = ["POST", "/", "", headers, names, hash(body)].join("\n");
  const signed = ["TC3-HMAC-SHA256", timestamp, scope, hash(canonical)].join("\n");
  const key = hmac(hmac(hmac(`TC3${hunyuanAuthKey}`, date), "hunyuan"), "tc3_request");
  const value = createHmac("sha256", key).update(signed).digest("hex");
  return `TC3-HMAC-SHA256 Credential=${hunyuanAuthId}/${scope}, SignedHeaders=${names}, Signature=${value}`;
}

describe("the signature", () => {
  const hosts = "hunyuan.tencentcloudapi.com";
  const cases: [string, TestRequest, object, string][] = [
    ["a chat request", chat({ messages: [{ role: "user", content: 'é "你" \n' }] }), {}, hosts],
    ["a stream", chat({ stream: true }), {}, hosts],
    ["a Claude client's request", message({ model: "gpt-4o" }), {}, hosts],
    [
      "a content type with a parameter",
      chat({}, { headers: { "content-type": "application/json; charset=utf-8" } }),
      {},
      hosts,
    ],
    ["another host", chat(), { providerDomain: "proxy.example.com" }, "proxy.example.com"],
    [
      "Tencent's own protocol",
      chat('{ "Model":"m", "Messages":[] }', { path: "/" }),
      { protocol: "original" },
      hosts,
    ],
    ["an edited body", chat(), { customSettings: [{ name: "temperature", value: 0.5 }] }, hosts],
  ];

  test.each(cases)("of %s is the one that Tencent computes", (_, request, more, host) => {
    const { upstream } = provider({ ...native, ...more }).exchange(request);
    const timestamp = upstream!.header("x-tc-timestamp")!;
    expect(upstream!.header("authorization")).toBe(signature(upstream!.text, host, timestamp));
    expect(upstream!.header("content-type")).toBe("application/json");
    expect(upstream!.header(":authority")).toBe(host);
    expect(upstream!.header(":path")).toBe("/");
    expect(upstream!.header("x-tc-action")).toBe("ChatCompletions");
    expect(upstream!.header("x-tc-version")).toBe("2023-09-01");
  });

  test("has the day of UTC at every turn of month and year", () => {
    const chain = provider(native);
    for (let day = 0; day < 800; day++) {
      const { upstream } = chain.exchange(chat());
      const timestamp = upstream!.header("x-tc-timestamp")!;
      expect(upstream!.header("authorization")).toBe(
        signature(upstream!.text, upstream!.header(":authority")!, timestamp),
      );
      chain.advance(86_400_000);
    }
  });

  test("the client's credentials go nowhere", () => {
    const headers = { authorization: "Bearer canary", "x-api-key": "canary" };
    const { upstream } = provider(native).exchange(chat({}, { headers }));
    expect(JSON.stringify(upstream!.headers)).not.toContain("canary");
  });
});

describe("native requests", () => {
  const sent = (request: TestRequest, more: object = {}) =>
    provider({ ...native, ...more }).exchange(request).upstream!;

  test("have Tencent's names, in Go's order", () => {
    const body = {
      messages: [
        { role: "system", content: "s" },
        { role: "user", content: "Hi" },
      ],
      stream: true,
    };
    const upstream = sent(chat({ ...body, temperature: 0, top_p: 0.5 }));
    expect(upstream.text).toBe(
      '{"Model":"hunyuan-pro","Messages":[{"Role":"system","Content":"s"},{"Role":"user","Content":"Hi"}],"Stream":true,"TopP":0.5,"Temperature":0}',
    );
    expect(upstream.header("accept")).toBe("text/event-stream");
    expect(sent(chat()).header("accept")).toBe("*/*");
    expect(sent(chat({ stream: false })).text).toContain('"Stream":false');
  });

  test("have tools, calls, results, pictures, stop and seed", () => {
    const parameters = { type: "object", properties: { city: { type: "string" } } };
    const tool = { type: "function", function: { name: "weather", description: "d", parameters } };
    const call = { id: "c1", type: "function", function: { name: "weather", arguments: '{"city":"Bonn"}' } };
    const image = { type: "image_url", image_url: { url: "https://example.com/a.png" } };
    const body = JSON.parse(
      sent(
        chat({
          messages: [
            { role: "user", content: [{ type: "text", text: "Look" }, image] },
            { role: "assistant", content: null, tool_calls: [call] },
            { role: "tool", tool_call_id: "c1", content: "rain" },
          ],
          tools: [tool],
          tool_choice: { type: "function", function: { name: "weather" } },
          stop: ["a", "b"],
          seed: 3,
        }),
      ).text,
    );
    const written = {
      Type: "function",
      Function: { Name: "weather", Description: "d", Parameters: JSON.stringify(parameters) },
    };
    expect(body).toEqual({
      Model: "hunyuan-pro",
      Messages: [
        {
          Role: "user",
          Contents: [
            { Type: "text", Text: "Look" },
            { Type: "image_url", ImageUrl: { Url: "https://example.com/a.png" } },
          ],
        },
        {
          Role: "assistant",
          ToolCalls: [
            { Id: "c1", Type: "function", Function: { Name: "weather", Arguments: '{"city":"Bonn"}' } },
          ],
        },
        { Role: "tool", Content: "rain", ToolCallId: "c1" },
      ],
      Seed: 3,
      Stop: ["a", "b"],
      Tools: [written],
      ToolChoice: "custom",
      CustomTool: written,
    });
  });

  test("12: of a Claude client are converted, calls and results included", () => {
    const messages = [
      { role: "assistant", content: [{ type: "tool_use", id: "c", name: "n", input: { a: 1 } }] },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "c", content: "r" },
          { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
          { type: "text", text: "And?" },
        ],
      },
    ];
    expect(JSON.parse(sent(message({ model: "gpt-4o", system: "s", messages })).text).Messages).toEqual([
      { Role: "system", Content: "s" },
      {
        Role: "assistant",
        ToolCalls: [{ Id: "c", Type: "function", Function: { Name: "n", Arguments: '{"a":1}' } }],
      },
      { Role: "tool", Content: "r", ToolCallId: "c" },
      {
        Role: "user",
        Contents: [
          { Type: "image_url", ImageUrl: { Url: "data:image/png;base64,AAAA" } },
          { Type: "text", Text: "And?" },
        ],
      },
    ]);
  });

  test("12: go through the shared steps: clean-up, developer, context", () => {
    const context = { fileUrl: "http://files.example.com/a", serviceName: "files.dns", servicePort: 80 };
    const messages = [
      { role: "developer", content: "d" },
      { role: "user", content: "old" },
      { role: "user", content: "clear" },
      { role: "user", content: "new" },
    ];
    const { upstream } = provider(
      { ...native, context, contextCleanupCommands: ["clear"] },
      { calls: { "outbound|80||files.dns": () => ({ body: "file" }) } },
    ).exchange(chat({ messages }));
    expect(JSON.parse(upstream!.text).Messages).toEqual([
      { Role: "system", Content: "d" },
      { Role: "system", Content: "file" },
      { Role: "user", Content: "new" },
    ]);
    expect(upstream!.header("authorization")).toBe(
      signature(upstream!.text, "hunyuan.tencentcloudapi.com", upstream!.header("x-tc-timestamp")!),
    );
  });

  test("with Tencent's own protocol the body stays as it is", () => {
    const text = '{ "Model":"gpt-4o","Messages":[{"Role":"user","Content":"Hi"}], "Stream": true}';
    const upstream = sent(chat(text, { path: "/" }), { protocol: "original" });
    expect(upstream.text).toBe(text);
    expect(upstream.header("accept")).toBe("text/event-stream");
  });
});

describe("native answers", () => {
  const call = (index: number, id: string | undefined, name: string | undefined, args: string) => ({
    Index: index,
    Id: id,
    Type: "function",
    Function: { Name: name, Arguments: args },
  });

  test("with reasoning and calls reach both dialects", () => {
    const Message = {
      Role: "assistant",
      Content: "",
      ReasoningContent: "Hm",
      ToolCalls: [call(0, "c1", "weather", '{"FirstName":"\\"Ann\\""}')],
    };
    const body = { Response: { Choices: [{ Message, FinishReason: "tool_calls" }], Id: "h" } };
    const chain = provider(native, answering(json(body)));
    expect(JSON.parse(chain.exchange(chat()).client.text)).toMatchObject({
      id: "h",
      model: "hunyuan-pro",
      choices: [
        {
          message: {
            reasoning_content: "Hm",
            tool_calls: [{ id: "c1", function: { name: "weather", arguments: '{"FirstName":"\\"Ann\\""}' } }],
          },
          finish_reason: "tool_calls",
        },
      ],
    });
    expect(JSON.parse(chain.exchange(message()).client.text)).toMatchObject({
      content: [
        { type: "thinking", thinking: "Hm" },
        { type: "tool_use", id: "c1", name: "weather", input: { FirstName: '"Ann"' } },
      ],
      stop_reason: "tool_use",
    });
  });

  test("calls of a stream are put together", () => {
    const pieces = [
      { Choices: [{ Delta: { Role: "assistant", ToolCalls: [call(0, "c1", "weather", "")] } }], Id: "h" },
      { Choices: [{ Delta: { ToolCalls: [call(0, undefined, undefined, '{"a":')] } }], Id: "h" },
      {
        Choices: [
          { Delta: { ToolCalls: [call(0, undefined, undefined, "1}")] }, FinishReason: "tool_calls" },
        ],
        Id: "h",
      },
    ];
    const reply = eventStream(pieces.map((piece) => `data: ${JSON.stringify(piece)}\n\n`));
    const got = events(provider(native, answering(reply)).exchange(chat({ stream: true })).client.text);
    const args = got.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls?.[0].function.arguments ?? []);
    expect(args.join("")).toBe('{"a":1}');
    expect(got.flatMap((chunk) => chunk.choices[0]?.finish_reason ?? [])).toEqual(["tool_calls"]);
  });

  test.each([
    ["sensitive", "content_filter"],
    ["length", "length"],
    ["new_word", "new_word"],
  ])("that end with %s end with %s", (word, finish) => {
    const body = { Response: { Choices: [{ Message: { Content: "x" }, FinishReason: word }] } };
    const { client } = provider(native, answering(json(body))).exchange(chat());
    expect(JSON.parse(client.text).choices[0].finish_reason).toBe(finish);
  });
});

describe("the configuration", () => {
  test.each([
    [{ hunyuanAuthId }],
    [{ hunyuanAuthKey }],
    [{ hunyuanAuthId: "short", hunyuanAuthKey }],
    [{ hunyuanAuthId, hunyuanAuthKey: `${hunyuanAuthKey}x` }],
  ])("%j is refused", async (keys) => {
    const lines = await refusal({ provider: { type: "hunyuan", ...keys } });
    expect(lines).toContain("hunyuanAuthId / hunyuanAuthKey is illegal in config file");
    expect(lines).not.toContain(hunyuanAuthKey);
  });
});

test("18: the compatible API goes through the shared steps", () => {
  const { upstream } = provider({ ...compatible, mergeConsecutiveMessages: true }).exchange(
    chat({
      messages: [
        { role: "user", content: "a" },
        { role: "user", content: "b" },
      ],
      own: 1,
    }),
  );
  expect(JSON.parse(upstream!.text)).toEqual({
    model: "hunyuan-pro",
    messages: [{ role: "user", content: "a\n\nb" }],
    own: 1,
  });
  expect(upstream!.header("x-tc-action")).toBeUndefined();
});

test.each([
  ["/v1/embeddings", "/v1/embeddings"],
  ["/gw/v1/embeddings", "/v1/embeddings"],
  ["/gw/v1/chat/completions", "/v1/chat/completions"],
  ["/v1/files", "/v1/files"],
])("its compatible API under the original protocol has OpenAI's paths: %s", (path, expected) => {
  const chain = provider({ ...compatible, protocol: "original" });
  expect(chain.exchange(chat({}, { path, method: "GET", body: undefined })).upstream!.header(":path")).toBe(
    expected,
  );
});
