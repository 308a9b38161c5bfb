// What goes wrong around a plugin, and what the client then gets: one table, all plugins. After each fault the same VM
// serves the next request. The answers are those of the READMEs ("How it fails"); on sockets and on a real Envoy the
// faults of upstreams are in host-test/test/simulator and in the plugins' own tests.

import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { guestBuild } from "../../../scripts/guest-build.mjs";
import { VirtualClock } from "../../host/virtual-clock.ts";
import { drip } from "../../testing/recordings.ts";
import { requestHeaders, specOf, type TestReply, type TestRequest } from "../../testing/chain.ts";
import { builtModule, chainOf, chatPath, chatRequest, limiting, proxying, toolCall, tools } from "./built.ts";

const json = { "content-type": "application/json" };
const sse = { "content-type": "text/event-stream" };
const openai = (content: string) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", choices: [{ index: 0, delta: { content } }] })}\n\n`;
const claude = (text: string) =>
  [
    ["message_start", { message: { id: "m", content: [], usage: { input_tokens: 1 } } }],
    ["content_block_start", { index: 0, content_block: { type: "text", text: "" } }],
    ["content_block_delta", { index: 0, delta: { type: "text_delta", text } }],
  ]
    .map(
      ([type, data]) =>
        `event: ${type as string}\ndata: ${JSON.stringify({ type, ...(data as object) })}\n\n`,
    )
    .join("");
const openaiEnd = "data: [DONE]\n\n";
const claudeEnd =
  'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}}\n\n' +
  'event: message_stop\ndata: {"type":"message_stop"}\n\n';

// A collection at every allocation goes through all that were read before.
const ruleCount = guestBuild === "stress" ? 100 : 10_000;

interface Place {
  name: string;
  plugin: [string, object];
  request: TestRequest;
  whole: string;
  /** Events of a stream, and its end; none where the upstream sends none. */
  stream?: [events: string, end: string];
}

const chat = (authority: string, stream = false): TestRequest => ({
  method: "POST",
  path: chatPath,
  authority,
  headers: { ...json, "x-mse-consumer": "ann" },
  body: chatRequest("Grüße", { stream }),
});
const call: TestRequest = {
  method: "POST",
  path: "/mcp",
  headers: { ...json, "mcp-protocol-version": "2025-06-18" },
  body: toolCall("Grüße"),
};
const usage = '{"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}';
const message =
  '{"type":"message","role":"assistant","content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}}';

const places: Place[] = [
  {
    name: "ai-proxy",
    plugin: ["ai-proxy", proxying],
    request: chat("openai.test"),
    whole: usage,
    stream: [openai("Grüße"), openaiEnd],
  },
  {
    name: "ai-proxy, translating",
    plugin: ["ai-proxy", proxying],
    request: chat("claude.test"),
    whole: message,
    stream: [claude("Grüße"), claudeEnd],
  },
  {
    name: "model-ratelimit",
    plugin: ["model-ratelimit", limiting],
    request: chat("any.test"),
    whole: usage,
    stream: [openai("Grüße"), openaiEnd],
  },
  { name: "rest-to-mcp", plugin: ["rest-to-mcp", tools], request: call, whole: '{"saved":"Grüße"}' },
];

/** A fault, made of what the upstream would have sent. */
type Fault = (place: Place) => TestReply;
const streamed = ({ stream = ["", ""] }: Place): Buffer => Buffer.from(stream[0] + stream[1]);

const whole: Record<string, Fault> = {
  "reset before headers": () => ({ reset: "reset" }),
  "connection refused": () => ({ reset: "connect-failure" }),
  timeout: () => ({ reset: "timeout" }),
  "reset within the body": ({ whole: text }) => ({
    headers: json,
    chunks: [text.slice(0, 9), text.slice(9)],
    reset: { afterChunks: 1 },
  }),
  "429 with retry-after": () => ({
    status: 429,
    headers: { ...json, "retry-after": "7" },
    body: '{"error":{"message":"busy"}}',
  }),
  "5xx without a body": () => ({ status: 503 }),
  "5xx that is HTML": () => ({
    status: 502,
    headers: { "content-type": "text/html" },
    body: "<html>bad gateway</html>",
  }),
  "200 that is HTML": () => ({ headers: { "content-type": "text/html" }, body: "<html>welcome</html>" }),
  "an empty 200": () => ({ headers: json }),
  "JSON that breaks off": ({ whole: text }) => ({ headers: json, body: text.slice(0, -5) }),
  "bytes that are no UTF-8": () => ({ headers: json, body: Buffer.from('{"a":"\xff\xc0"}', "latin1") }),
  "gzip that nobody asked for": ({ whole: text }) => ({
    headers: { ...json, "content-encoding": "gzip" },
    body: gzipSync(text),
  }),
  "byte by byte": ({ whole: text }) => ({ headers: json, chunks: drip(Buffer.from(text)) }),
  "an end by trailers": ({ whole: text }) => ({ headers: json, body: text, trailers: { "x-end": "1" } }),
  "two content-lengths": ({ whole: text }) => ({
    headers: [
      ["content-type", "application/json"],
      ["content-length", "1"],
      ["content-length", "2"],
    ],
    body: text,
  }),
  "after thirty seconds": ({ whole: text }) => ({ headers: json, body: text, delayMs: 30_000 }),
};

const streams: Record<string, Fault> = {
  "reset within an event": (place) => ({
    headers: sse,
    chunks: [streamed(place).subarray(0, 30)],
    reset: { afterChunks: 1 },
  }),
  "reset within a character": (place) => {
    const bytes = streamed(place);
    return { headers: sse, chunks: [bytes.subarray(0, bytes.indexOf(0xbc))], reset: { afterChunks: 1 } };
  },
  "reset after the end": (place) => ({ headers: sse, chunks: [streamed(place)], reset: { afterChunks: 1 } }),
  "an end without an end event": ({ stream }) => ({ headers: sse, body: stream![0] }),
  "an error event": ({ stream }) => ({
    headers: sse,
    body: `${stream![0]}event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"}}\n\n`,
  }),
  "what is no event": () => ({ headers: sse, body: "<html>welcome</html>" }),
  "an event without end": ({ stream }) => ({
    headers: sse,
    chunks: [stream![0], ...Array.from({ length: 40 }, () => "x".repeat(1 << 16))],
  }),
  "byte by byte": (place) => ({ headers: sse, chunks: drip(streamed(place)) }),
  "a wrong content type": (place) => ({ headers: { "content-type": "text/plain" }, body: streamed(place) }),
  "an end by trailers": (place) => ({ headers: sse, body: streamed(place), trailers: { "x-end": "1" } }),
};

/** Status, how the answer ended, and what the last thing in it is. */
function outcome(place: Place, request: TestRequest, reply: TestReply): string {
  let current = reply;
  const chain = chainOf([place.plugin], { upstream: () => current, logLevel: "critical" });
  const { client, record } = chain.exchange(request);
  expect(record, "the exchange ends").toBeDefined();
  expect(record!.details).not.toContain("wasm_fail");
  const end = client.reset ? "cut" : client.complete ? "ends" : "open";
  const kind = client.text.includes('"error"')
    ? ", error"
    : client.text.includes('"isError":true')
      ? ", tool failed"
      : "";
  const last = client.text.includes("[DONE]") ? ", [DONE]" : "";
  current = { headers: json, body: place.whole };
  expect(chain.exchange(place.request).client.status, "the same VM serves the next").toBe(200);
  expect(chain.chain.liveStreams()).toBe(0);
  chain.close();
  return `${client.status} ${end}${kind}${last}`;
}

describe.each(places)("$name", (place) => {
  test("whole answers", () => {
    const found = Object.entries(whole).map(([fault, reply]) => [
      fault,
      outcome(place, place.request, reply(place)),
    ]);
    expect(Object.fromEntries(found)).toMatchSnapshot();
  });

  test.skipIf(place.stream === undefined)("streams", () => {
    const request = { ...place.request, body: chatRequest("Grüße", { stream: true }) };
    const found = Object.entries(streams).map(([fault, reply]) => [
      fault,
      outcome(place, request, reply(place)),
    ]);
    expect(Object.fromEntries(found)).toMatchSnapshot();
  });
});

describe.each(places)("$name", ({ plugin, request, whole: answer }) => {
  const options = { upstream: () => ({ headers: json, body: answer }), logLevel: "error" as const };
  const status = (chain: ReturnType<typeof chainOf>) => chain.exchange(request).client.status;

  test("clients that leave, send nothing, or more than is admitted", () => {
    const chain = chainOf([plugin], options);
    for (const abortAfter of [0, 1]) {
      expect(chain.exchange({ ...request, abortAfter }).record?.details).not.toContain("wasm_fail");
    }
    expect(chain.exchange({ ...request, body: "" }).record?.details).not.toContain("wasm_fail");
    expect(chain.exchange({ ...request, method: "GET", body: undefined }).record?.details).not.toContain(
      "wasm_fail",
    );
    const large = Array.from({ length: 110 }, () => Buffer.alloc(1 << 20, " "));
    const { client, record } = chain.exchange({ ...request, body: undefined, chunks: large });
    expect(record?.details).not.toContain("wasm_fail");
    expect([200, 400, 413]).toContain(client.status);
    expect(status(chain)).toBe(200);
    expect(chain.chain.liveStreams()).toBe(0);
    chain.close();
  });

  const [name, valid] = plugin;
  const broken = [
    "",
    "{}",
    "null",
    "[]",
    "{",
    '"text"',
    "7",
    `{"_rules_":null}`,
    `{"_rules_":[null,7,{"_match_domain_":7}]}`,
  ];
  const nulls = Object.keys(valid).map((key) => JSON.stringify({ ...valid, [key]: null }));
  const wrong = Object.keys(valid).map((key) => JSON.stringify({ ...valid, [key]: [{ "": [[]] }] }));

  test("configurations that cannot be read are refused with a word, and the one before serves on", async () => {
    const chain = chainOf([plugin], options);
    const module = builtModule(name);
    const running = chain.open("HTTP/1.1", true);
    running.http.requestHeaders(requestHeaders({ method: "POST", authority: "x.test" }), false);
    for (const configuration of [...broken, ...nulls, ...wrong]) {
      const before = chain.logs.length;
      const isRefused = await chain.chain.reconfigure([specOf({ name, module, configuration })]).then(
        () => false,
        () => true,
      );
      const said = chain.logs.slice(before).map(({ message: text }) => text);
      expect(said.filter((text) => /abort|unreachable|out of bounds/.test(text))).toEqual([]);
      if (isRefused) expect(said.join(), configuration).not.toBe("");
      else await chain.chain.reconfigure([specOf({ name, module, configuration: valid })]);
      expect(status(chain)).toBe(200);
    }
    running.http.requestReset();
    expect(chain.chain.liveStreams()).toBe(0);
    chain.close();
  });

  test("ten thousand rules, and two configurations of one image, do not meet", () => {
    const _rules_ = Array.from({ length: ruleCount }, (_, at) => ({
      ...valid,
      _rules_: undefined,
      _match_domain_: [`h${at}.test`],
    }));
    const many = chainOf(
      [
        [
          name,
          { ...valid, _rules_: [...(("_rules_" in valid ? valid._rules_ : []) as object[]), ..._rules_] },
        ],
      ],
      options,
    );
    expect(status(many)).toBe(200);
    many.close();
    const twice = chainOf([plugin, plugin], options);
    expect(twice.exchange(request).record?.details).not.toContain("wasm_fail");
    twice.close();
  });

  test("a clock that jumps back or a day ahead, and ticks that were skipped, change nothing", () => {
    const clock = new VirtualClock();
    const chain = chainOf([plugin], { ...options, clock });
    for (const jump of [-3_600_000, 86_400_000, -40 * 365 * 86_400_000]) {
      clock.setWallClock(Number(clock.now() / 1_000_000n) + jump);
      expect(status(chain)).toBe(200);
      chain.advance(600_000);
      expect(status(chain)).toBe(200);
    }
    chain.close();
  });
});
