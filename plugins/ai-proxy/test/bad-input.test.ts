// Input that is wrong: the client is told in its own dialect, and streams of others go on as if nothing happened.
// docs/decisions: broken request bodies.

import { expect, test } from "vitest";
import {
  cut,
  describeEngines,
  type Answer,
  type ClientRequest,
  type Exchange,
  type Gateway,
  type GatewaySetup,
} from "../../../host-test/testing/scenario.ts";

const types = ["yi", "claude"];

const setup: GatewaySetup = {
  plugins: [
    {
      plugin: "ai-proxy",
      configuration: {
        providers: types.map((type) => ({
          id: type,
          type,
          apiTokens: ["sk-provider"],
          basePath: `/${type}`,
        })),
      },
      rules: types.map((type) => ({ ingress: [type], config: { activeProviderId: type } })),
    },
  ],
  upstreams: { "provider.static": {} },
  routes: types.map((type) => ({ name: type, to: "provider.static", path: `/${type}` })),
};

interface Client {
  dialect: "openai" | "anthropic";
  provider: string;
}

/** Every client at a provider that speaks its dialect, and at one whose dialect is another. */
const clients: Client[] = types.flatMap((provider) =>
  (["openai", "anthropic"] as const).map((dialect) => ({ dialect, provider })),
);

/** A request without its body. */
function head({ dialect, provider }: Client, headers: Record<string, string> = {}): ClientRequest {
  const path = dialect === "openai" ? "v1/chat/completions" : "v1/messages";
  return { path: `/${provider}/${path}`, headers: { "content-type": "application/json", ...headers } };
}

function request(client: Client, body: string): ClientRequest {
  return { ...head(client), body };
}

function expectError({ dialect }: Client, answer: Answer, status: number, type: string, text: string): void {
  expect(answer.status).toBe(status);
  expect(answer.header("content-type")).toBe("application/json");
  const body = answer.json() as { type?: string; error: { message: string; type: string } };
  expect(body.error.type).toBe(type);
  expect(body.error.message).toContain(text);
  expect(body.type).toBe(dialect === "anthropic" ? "error" : undefined);
}

const event = (text: string) => `data: {"id":"c","choices":[{"index":0,"delta":{"content":"${text}"}}]}\n\n`;
const last = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';

/** Runs `action` while another client is in the middle of a converted stream, which must end as it should. */
async function besideAnotherStream(gateway: Gateway, action: () => Promise<void>): Promise<void> {
  const upstream = gateway.upstream("provider.static");
  const begun = Promise.withResolvers<Exchange>();
  upstream.reply(async (exchange) => {
    if (exchange.request.header("x-bystander") === undefined) return exchange.end();
    await exchange.requestEnd;
    await exchange.head(200, { "content-type": "text/event-stream" });
    await exchange.write(event("first"));
    begun.resolve(exchange);
  });
  const body = JSON.stringify({
    model: "m",
    max_tokens: 9,
    stream: true,
    messages: [{ role: "user", content: "Hi" }],
  });
  const bystander = gateway.open(head({ dialect: "anthropic", provider: "yi" }, { "x-bystander": "1" }));
  await bystander.end({ data: Buffer.from(body) });
  const exchange = await begun.promise;
  await bystander.until("first");
  await action();
  await exchange.write(event("second"));
  await exchange.end({ data: Buffer.from(last) });
  const answer = await bystander.answer;
  expect(answer.complete).toBe(true);
  expect(answer.text).toContain("second");
  expect(answer.text).toContain("event: message_stop");
  expect(answer.text).not.toContain("event: error");
}

const deep = (levels: number) =>
  `{"model":"m","max_tokens":9,"messages":${"[".repeat(levels)}${"]".repeat(levels)}}`;

const broken: [string, string, string][] = [
  ["that ends early", '{"model":"m","max_tokens":9,"messages":[{"role":"user"', "not valid JSON"],
  ["with a character that cannot be there", '{"model":"m",,"messages":[]}', "not valid JSON"],
  ["that is no JSON at all", "hello", "not a JSON object"],
  ["that is a list", '[{"model":"m"}]', "not a JSON object"],
  ["that is nested 10,000 deep", deep(10_000), "more than 128 levels"],
  ["that opens 10,000 levels and closes none", deep(10_000).slice(0, 10_020), "more than 128 levels"],
];

describeEngines("bad input", (engine) => {
  const gateway = engine.shared(setup);

  test("a header with control bytes never reaches the provider, and other streams go on", async () => {
    const raw = (path: string, value: string) =>
      `POST ${path} HTTP/1.1\r\nhost: gateway.test\r\nx-own: ${value}\r\ncontent-length: 2\r\n\r\n{}`;
    await besideAnotherStream(gateway, async () => {
      const paths = clients.map((client) => head(client).path!);
      const requests = ["a\u0001b", "a\u0000b", "a\u007fb"].flatMap((value) =>
        paths.map((path) => raw(path, value)),
      );
      const answers = await Promise.all(requests.map((request) => gateway.sendRaw(request)));
      for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    });
    expect(gateway.upstream("provider.static").requests).toHaveLength(1);
  });

  test("a header with other bytes reaches the provider as it is", async () => {
    const headers = { "x-own": "\ta\u00e9\u00ff\tb" };
    await gateway.send({
      ...request(clients[0]!, "{}"),
      headers: { ...head(clients[0]!).headers, ...headers },
    });
    expect(gateway.upstream("provider.static").requests[0]!.header("x-own")).toBe("a\u00e9\u00ff\tb");
  });

  for (const client of clients) {
    const name = `${client.dialect} client of ${client.provider}`;

    test.each(broken)(`${name}: a body %s is 400, and other streams go on`, async (_, body, text) => {
      await besideAnotherStream(gateway, async () => {
        expectError(client, await gateway.send(request(client, body)), 400, "invalid_request_error", text);
      });
      expect(gateway.upstream("provider.static").requests).toHaveLength(1);
    });

    test(`${name}: values of the wrong types are told or reach the provider, and nothing fails`, async () => {
      const bodies = [
        '{"model":5,"max_tokens":{},"messages":"x"}',
        '{"model":["m"],"messages":[5,null,[],{"role":7,"content":{}}],"stream":"yes","stream_options":[]}',
        '{"model":{},"messages":{},"tools":"x","tool_choice":[],"stop":{"a":[]},"temperature":"hot"}',
        '{"model":"m","max_tokens":9,"messages":[{"role":"user","content":[5,{"type":{}},{"type":"image","source":7}]}],"system":5}',
      ];
      await besideAnotherStream(gateway, async () => {
        for (const body of bodies) {
          const answer = await gateway.send(request(client, body));
          if (answer.status === 400) expectError(client, answer, 400, "invalid_request_error", "");
          else expect(answer.status).toBe(200);
        }
      });
    });

    test(`${name}: an announced body over the limit is 413 before it is sent`, async () => {
      await besideAnotherStream(gateway, async () => {
        const exchange = gateway.open(head(client, { "content-length": "104857601" }));
        const answer = await exchange.head;
        exchange.abort();
        expect(answer.status).toBe(413);
        expect(answer.header("content-type")).toBe("application/json");
      });
      expect(gateway.upstream("provider.static").requests).toHaveLength(1);
    });

    test(`${name}: an upstream that resets in the middle of an event cuts this stream and no other`, async () => {
      const stream = client.provider === "claude" ? anthropicStart : event("whole");
      const body = '{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"Hi"}]}';
      const upstream = gateway.upstream("provider.static");
      await besideAnotherStream(gateway, async () => {
        upstream.reply({
          headers: { "content-type": "text/event-stream" },
          chunks: [stream, 'data: {"choices":[{"ind', cut],
        });
        const answer = await gateway.send(request(client, body));
        expect(answer.status).toBe(200);
        expect(answer.complete).toBe(false);
        expect(answer.text).toContain("whole");
        expect(answer.text).not.toContain("message_stop");
        expect(answer.text).not.toContain("[DONE]");
      });
    });

    test(`${name}: an upstream that ends in the middle of an event is an error in the client's dialect`, async () => {
      // Where nothing is converted the provider's bytes pass as they are, and the client judges them.
      const isConverted = (client.dialect === "anthropic") !== (client.provider === "claude");
      const stream = client.provider === "claude" ? anthropicStart : event("whole");
      const body = '{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"Hi"}]}';
      gateway
        .upstream("provider.static")
        .reply({ headers: { "content-type": "text/event-stream" }, chunks: [stream, 'data: {"cho'] });
      const answer = await gateway.send(request(client, body));
      expect(answer.complete).toBe(true);
      if (!isConverted) expect(answer.text).toBe(`${stream}data: {"cho`);
      else if (client.dialect === "anthropic")
        expect(answer.text).toContain('event: error\ndata: {"type":"error","error":{"type":"api_error"');
      else
        expect(answer.text).toMatch(
          /data: \{"error":\{"message":"The model's answer ended before it was complete\.","type":"server_error".*\n\ndata: \[DONE\]\n\n$/,
        );
    });
  }
});

const anthropicStart =
  'event: message_start\ndata: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","content":[],"model":"m","usage":{}}}\n\n' +
  'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n' +
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"whole"}}\n\n';

describeEngines(
  "a body that grows over the host's limit",
  (engine) => {
    const gateway = engine.shared({ ...setup, bufferLimit: 1 << 20 });
    test.each(clients)("is 413 for the $dialect client of $provider, in its dialect", async (client) => {
      await besideAnotherStream(gateway, async () => {
        const exchange = gateway.open(head(client));
        // Not waited for: the gateway stops reading once it has answered.
        for (let i = 0; i < 9; i++) void exchange.write(Buffer.alloc(256 << 10, " ")).catch(() => {});
        const answer = await exchange.answer;
        exchange.abort();
        expectError(client, answer, 413, "request_too_large", "more bytes");
      });
    });
  },
  // The Node host raises its limit to 100 MiB as the plugin asks; its refusal is in bodies.test.ts.
  { engines: ["envoy"] },
);

describeEngines("a configuration that is wrong", (engine) => {
  const bad = (entry: object): GatewaySetup => ({
    plugins: [{ plugin: "ai-proxy", configuration: { provider: { apiTokens: ["sk-provider"], ...entry } } }],
    upstreams: { "provider.static": {} },
  });

  test("an unknown provider type is refused at the start", async () => {
    await expect(engine.start(bad({ type: "nonsense" }))).rejects.toThrow();
  });

  test("an unknown provider type leaves the configuration that was there in use", async () => {
    const gateway = await engine.start(bad({ type: "groq" }));
    await expect(gateway.reload(bad({ type: "nonsense" }))).rejects.toThrow();
    await gateway.send({ path: "/v1/chat/completions", body: {} });
    expect(gateway.upstream("provider.static").requests[0]!.path).toBe("/openai/v1/chat/completions");
  });

  test("a misspelt key is a warning, and the rest works", async () => {
    const gateway = await engine.start(bad({ type: "groq", modelMaping: { a: "b" } }));
    expect(await gateway.logged("modelMaping")).toContain("provider.modelMaping: unknown key, ignored");
    await gateway.send({ path: "/v1/chat/completions", body: { model: "a" } });
    expect(gateway.upstream("provider.static").requests[0]!.json()).toEqual({ model: "a" });
  });
});
