// Providers with a dialect of their own over real sockets, on the Node host and on a real Envoy: what depends on
// heads and bodies meeting in time, signatures and headers that a body names.

import { createHash, createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { describeEngines, type GatewaySetup } from "../../../host-test/testing/scenario.ts";

const hunyuanAuthId = "AKIDexample-0123456789-0123456789-01";
const hunyuanAuthKey = "secret-key-0123456789-0123456789";
const providers = [
  { id: "hunyuan", type: "hunyuan", hunyuanAuthId, hunyuanAuthKey, basePath: "/hunyuan" },
  { id: "dify", type: "dify", apiTokens: ["app-token"], botType: "Chat", basePath: "/dify" },
];

const setup: GatewaySetup = {
  plugins: [
    {
      plugin: "ai-proxy",
      configuration: { providers },
      rules: providers.map(({ id }) => ({ ingress: [id], config: { activeProviderId: id } })),
    },
  ],
  upstreams: { "provider.static": {} },
  routes: providers.map(({ id }) => ({ name: id, to: "provider.static", path: `/${id}` })),
};

const messages = [{ role: "user", content: 'Grüße "你好"' }];
const event = (value: object) => Buffer.from(`data: ${JSON.stringify(value)}\n\n`);
const streaming = { "content-type": "text/event-stream" };

/** Tencent's documentation, without the plugin's code. */
function signature(body: string, host: string, timestamp: string): string {
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const date = new Date(Number(timestamp) * 1000).toISOString().slice(0, 10);
  const names = "content-type;host;x-tc-action";
  const headers = `content-type:application/json\nhost:${host}\nx-tc-action:chatcompletions\n`;
  const canonical = hash(["POST", "/", "", headers, names, hash(body)].join("\n"));
  const signed = ["TC3-HMAC-SHA256", timestamp, `${date}/hunyuan/tc3_request`, canonical].join("\n");
  const key = hmac(hmac(hmac(`TC3${hunyuanAuthKey}`, date), "hunyuan"), "tc3_request");
  return createHmac("sha256", key).update(signed).digest("hex");
}

describeEngines("ai-proxy, dialects of single providers", (engine) => {
  const gateway = engine.shared(setup);
  const upstream = () => gateway.upstream("provider.static");

  test("hunyuan's signature is that of the request on the wire", async () => {
    const Choices = [{ Message: { Role: "assistant", Content: "你好" }, FinishReason: "stop" }];
    upstream().reply({ body: { Response: { Choices, Id: "h" } } });
    const headers = { "content-type": "application/json; charset=utf-8", authorization: "Bearer client" };
    const answer = await gateway.send({
      path: "/hunyuan/v1/chat/completions?a=b",
      headers,
      body: { model: "m", messages },
    });
    expect(answer.json()).toMatchObject({ id: "h", choices: [{ message: { content: "你好" } }] });
    const [seen] = upstream().requests;
    expect([seen!.authority, seen!.path]).toEqual(["hunyuan.tencentcloudapi.com", "/"]);
    expect(seen!.header("content-type")).toBe("application/json");
    const timestamp = seen!.header("x-tc-timestamp")!;
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(300);
    expect(seen!.header("authorization")).toContain(
      `Signature=${signature(seen!.text, seen!.authority, timestamp)}`,
    );
  });

  test("hunyuan's error with status 200 is 500 in the client's dialect", async () => {
    upstream().reply({ body: { Response: { Error: { Code: "AuthFailure", Message: "no such id" } } } });
    const body = { model: "m", max_tokens: 9, messages };
    const answer = await gateway.send({ path: "/hunyuan/v1/messages", body });
    expect(answer.status).toBe(500);
    expect(answer.json()).toEqual({ type: "error", error: { type: "api_error", message: "no such id" } });
  });

  test("an event of hunyuan reaches the client before the next one is sent", async () => {
    const proceed = Promise.withResolvers<void>();
    const piece = (Content: string, FinishReason: string) =>
      event({ Choices: [{ Delta: { Role: "assistant", Content }, FinishReason }], Id: "h" });
    upstream().reply({
      headers: streaming,
      chunks: [piece("first", ""), () => proceed.promise, piece("second", "stop")],
    });
    const client = gateway.open({
      path: "/hunyuan/v1/chat/completions",
      headers: { "content-type": "application/json" },
    });
    await client.end({ data: Buffer.from(JSON.stringify({ model: "m", stream: true, messages })) });
    await client.until('"content":"first"');
    expect(client.received.text).not.toContain("second");
    proceed.resolve();
    expect((await client.answer).text.endsWith("data: [DONE]\n\n")).toBe(true);
  });

  test("dify's conversation goes in and comes back as a header of a whole answer", async () => {
    upstream().reply({ body: { event: "message", conversation_id: "c2", answer: "Hello", created_at: 7 } });
    const answer = await gateway.send({
      path: "/dify/v1/chat/completions",
      headers: { conversationid: "c1" },
      body: { model: "dify", messages },
    });
    expect(answer.header("conversationid")).toBe("c2");
    expect(answer.json()).toMatchObject({ id: "c2", choices: [{ message: { content: "Hello" } }] });
    expect(upstream().requests[0]!.path).toBe("/v1/chat-messages");
    expect(upstream().requests[0]!.json()).toMatchObject({
      conversation_id: "c1",
      response_mode: "blocking",
    });
  });

  const said = (answer: string) => event({ event: "message", conversation_id: "c2", answer });
  const first = said("first");
  test.each([
    ["in one piece", [first]],
    ["after a ping", [Buffer.from("event: ping\n\n"), event({ event: "ping" }), first]],
    ["cut within", [first.subarray(0, 9), first.subarray(9, 30), first.subarray(30)]],
  ])("dify's conversation is a header of a stream whose first answer comes %s", async (_, pieces) => {
    const proceed = Promise.withResolvers<void>();
    const end = event({ event: "message_end", conversation_id: "c2" });
    upstream().reply({ headers: streaming, chunks: [...pieces, () => proceed.promise, said("second"), end] });
    const client = gateway.open({
      path: "/dify/v1/chat/completions",
      headers: { "content-type": "application/json" },
    });
    await client.end({ data: Buffer.from(JSON.stringify({ model: "dify", stream: true, messages })) });
    await client.until('"content":"first"');
    expect(client.received.text).not.toContain("second");
    proceed.resolve();
    const answer = await client.answer;
    expect(answer.header("conversationid")).toBe("c2");
    const contents = [...answer.text.matchAll(/"content":"(\w*)"/g)].map(([, content]) => content);
    expect(contents).toEqual(["first", "second", ""]);
  });

  test("dify's stream that breaks off before its first answer ends with an error", async () => {
    upstream().reply({ headers: streaming, chunks: [first.subarray(0, 9)] });
    const body = { model: "dify", stream: true, messages };
    const answer = await gateway.send({ path: "/dify/v1/chat/completions", body });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain("The model's answer ended before it was complete.");
  });
});
