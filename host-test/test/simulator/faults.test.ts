// Failures on request, and what the simulator's sockets do.
import { connect as connectHttp2 } from "node:http2";
import { request as httpRequest } from "node:http";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DialectName, SimulatedRequest, Simulator } from "../../services/simulator/index.ts";
import { startSimulator } from "../../services/simulator/index.ts";
import { collect } from "./collect.ts";

let simulator: Simulator;
let client: OpenAI;
const seen: [DialectName, SimulatedRequest][] = [];
beforeAll(async () => {
  simulator = await startSimulator({ onRequest: (dialect, request) => seen.push([dialect, request]) });
  client = new OpenAI({ baseURL: `${simulator.url("openai")}/v1`, apiKey: "any", maxRetries: 0 });
});
afterAll(() => simulator.close());

const ask = (model: string): OpenAI.ChatCompletionCreateParamsNonStreaming => ({
  model,
  messages: [{ role: "user", content: "Hello" }],
});

test("a model asks for a failure, also behind a router's prefix", async () => {
  await expect(client.chat.completions.create(ask("simulate-429"))).rejects.toThrow(OpenAI.RateLimitError);
  await expect(client.chat.completions.create(ask("acme/simulate-500"))).rejects.toThrow(
    OpenAI.InternalServerError,
  );
});

test("a key asks for a failure", async () => {
  const failing = client.withOptions({ apiKey: "simulate-401" });
  await expect(failing.chat.completions.create(ask("any"))).rejects.toThrow(OpenAI.AuthenticationError);
});

test("the header asks for a failure and wins over the model", async () => {
  const options = { headers: { "x-simulate": "503" } };
  await expect(client.chat.completions.create(ask("simulate-429"), options)).rejects.toMatchObject({
    status: 503,
  });
});

test("a name that is no fault is an ordinary model", async () => {
  const answer = await client.chat.completions.create(ask("simulate-nothing"));
  expect(answer.model).toBe("simulate-nothing");
});

test("a rate-limited answer says when to come back", async () => {
  const error: unknown = await client.chat.completions
    .create(ask("simulate-429"))
    .catch((reason: unknown) => reason);
  expect(error instanceof OpenAI.APIError && error.headers?.get("retry-after")).toBe("1");
  expect(error).toMatchObject({ code: "rate_limit_exceeded" });
});

test("a timeout is no answer until the client gives up", async () => {
  const patient = client.withOptions({ timeout: 50 });
  await expect(patient.chat.completions.create(ask("simulate-timeout"))).rejects.toThrow(
    OpenAI.APIConnectionTimeoutError,
  );
});

test("a reset cuts the connection before the answer", async () => {
  await expect(client.chat.completions.create(ask("simulate-reset"))).rejects.toThrow(
    OpenAI.APIConnectionError,
  );
});

test("a stream can end half-way with the dialect's error event", async () => {
  const pieces: string[] = [];
  const read = async (): Promise<void> => {
    const stream = await client.chat.completions.create({ ...ask("simulate-stream-error"), stream: true });
    for await (const chunk of stream) pieces.push(chunk.choices[0]?.delta.content ?? "");
  };
  await expect(read()).rejects.toThrow("The server had an error while processing your request");
  expect(pieces.join("")).toMatch(/^Simulated answer/);

  const anthropic = new Anthropic({ baseURL: simulator.url("anthropic"), apiKey: "any", maxRetries: 0 });
  const messages = [{ role: "user" as const, content: "Hello" }];
  const stream = anthropic.messages.stream({ model: "simulate-stream-error", max_tokens: 99, messages });
  await expect(stream.finalMessage()).rejects.toThrow("Overloaded");
});

test("a stream can be cut half-way", async () => {
  const stream = await client.chat.completions.create({ ...ask("simulate-stream-reset"), stream: true });
  await expect(collect(stream)).rejects.toThrow();
});

test("a whole answer can be cut half-way", async () => {
  await expect(client.chat.completions.create(ask("simulate-stream-reset"))).rejects.toThrow();
});

test("each event of a stream is a write of its own", async () => {
  const body = JSON.stringify({ ...ask("any"), stream: true });
  const writes = await new Promise<string[]>((resolve, reject) => {
    const options = { port: simulator.port("openai"), path: "/v1/chat/completions", method: "POST" };
    const sent = httpRequest({ ...options, headers: { authorization: "Bearer any" } }, (response) => {
      const received: string[] = [];
      response.on("data", (chunk) => received.push(String(chunk)));
      response.on("end", () => resolve(received));
    });
    sent.on("error", reject).end(body);
  });
  expect(writes.length).toBeGreaterThan(5);
  expect(writes.filter((write) => !/^data: .+\n\n$/.test(write))).toEqual([]);
});

test("HTTP/2 cleartext is served on the same port", async () => {
  const session = connectHttp2(simulator.url("openai"));
  const stream = session.request({
    ":method": "POST",
    ":path": "/v1/chat/completions",
    authorization: "Bearer any",
  });
  stream.end(JSON.stringify({ ...ask("over-http2"), stream: true }));
  const text = (await collect(stream)).map(String).join("");
  session.close();
  expect(text).toContain("over-http2");
  expect(text).toMatch(/data: \[DONE\]\n\n$/);
});

test("a reset over HTTP/2 ends the stream and leaves the connection", async () => {
  const session = connectHttp2(simulator.url("openai"));
  const failing = session.request({ ":method": "POST", ":path": "/", "x-simulate": "reset" });
  failing.end();
  await expect(collect(failing)).rejects.toThrow("NGHTTP2_INTERNAL_ERROR");
  const fine = session.request({ ":path": "/v1/models", authorization: "Bearer any" });
  expect((await collect(fine)).map(String).join("")).toContain('"object":"list"');
  session.close();
});

test("a client that leaves in the middle of a stream does no harm", async () => {
  const stream = await client.chat.completions.create({ ...ask("any"), stream: true });
  for await (const _ of stream) break;
  const answer = await client.chat.completions.create(ask("any"));
  expect(answer.choices[0]?.finish_reason).toBe("stop");
});

test("requests are reported with their dialect, path, query and body", async () => {
  await fetch(`${simulator.url("gemini")}/v1beta/models?key=a&pageSize=2`);
  const [dialect, request] = seen.at(-1) ?? [];
  expect(dialect).toBe("gemini");
  expect([request?.method, request?.path, request?.query.get("pageSize")]).toEqual([
    "GET",
    "/v1beta/models",
    "2",
  ]);
});

test("closing cuts open answers and frees the ports", async () => {
  const second = await startSimulator();
  const hanging = fetch(`${second.url("openai")}/v1/models`, { headers: { "x-simulate": "timeout" } });
  const outcome = hanging.then(
    () => "answered",
    () => "cut",
  );
  const ports = { openai: second.port("openai") };
  await second.close();
  expect(await outcome).toBe("cut");
  const third = await startSimulator({ ports });
  expect(third.port("openai")).toBe(ports.openai);
  await third.close();
});
