// Hours of a worker: mixed exchanges through the chain of model-ratelimit and ai-proxy and through rest-to-mcp, with
// 1,024 streams alive at a time. Streams end in every way there is; afterwards nothing is left, and memory has not grown
// since the first tenth. Each run takes a slice; LONG=1 makes a million exchanges. SOAK_SEED=n repeats a run.

import { expect, test } from "vitest";
import { guestBuild } from "../../../scripts/guest-build.mjs";
import { percentile } from "../../bench/measure.ts";
import { figure } from "../../testing/figure.ts";
import type { TestChain, TestStream } from "../../testing/chain.ts";
import { chainOf, chatPath, chatRequest, limiting, proxying, toolCall, tools } from "./built.ts";

const isLong = Boolean(process.env.LONG);
const total = Number(process.env.SOAK_RUNS ?? (isLong ? 1_000_000 : guestBuild === "release" ? 6_000 : 300));
const seed = Number(process.env.SOAK_SEED ?? 20261123);
const alive = 1_024;

/** The same numbers on every run of a seed. */
function generator(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const words = 'Grüße an alle, und \\"noch\\" etwas. '.repeat(400);

interface Traffic {
  open(random: (below: number) => number): {
    headers: [string, string][];
    body: string;
    answer: Uint8Array[];
    type: string;
  };
}

const events = (list: [name: string, data: object | string][]) =>
  list.map(([name, data]) =>
    Buffer.from(
      `${name === "" ? "" : `event: ${name}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`,
    ),
  );

function claudeStream(text: string): Uint8Array[] {
  const delta = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } };
  return events([
    [
      "message_start",
      { type: "message_start", message: { id: "m", content: [], usage: { input_tokens: 1 } } },
    ],
    [
      "content_block_start",
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    ],
    ["content_block_delta", delta],
    ["content_block_delta", delta],
    [
      "message_delta",
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 9 } },
    ],
    ["message_stop", { type: "message_stop" }],
  ]);
}

function openaiStream(text: string): Uint8Array[] {
  const chunk = (more: object) => ({ id: "c", object: "chat.completion.chunk", ...more });
  return events([
    ["", chunk({ choices: [{ index: 0, delta: { content: text } }] })],
    ["", chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })],
    ["", chunk({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 9, total_tokens: 10 } })],
    ["", "[DONE]"],
  ]);
}

const chats: Traffic = {
  open(random) {
    const isClaude = random(2) === 0;
    const stream = random(2) === 0;
    // From ten bytes to ten kilobytes, short ones as often as long ones.
    const text = words.slice(0, Math.round(10 ** (1 + random(300) / 100)));
    const whole = isClaude
      ? {
          type: "message",
          role: "assistant",
          content: [{ type: "text", text }],
          usage: { input_tokens: 1, output_tokens: 2 },
        }
      : {
          choices: [{ index: 0, message: { role: "assistant", content: text } }],
          usage: { total_tokens: 9 },
        };
    return {
      headers: [
        [":path", chatPath],
        [":authority", isClaude ? "claude.test" : "openai.test"],
        ["x-mse-consumer", `consumer-${random(50)}`],
      ],
      body: chatRequest(text, { stream }),
      answer: stream
        ? isClaude
          ? claudeStream(text)
          : openaiStream(text)
        : [Buffer.from(JSON.stringify(whole))],
      type: stream ? "text/event-stream" : "application/json",
    };
  },
};

const calls: Traffic = {
  open(random) {
    const text = words.slice(0, Math.round(10 ** (1 + random(300) / 100)));
    return {
      headers: [
        [":path", "/mcp"],
        [":authority", "mcp.test"],
        ["mcp-protocol-version", "2025-06-18"],
      ],
      body: toolCall(text),
      answer: [Buffer.from(JSON.stringify({ saved: text }))],
      type: "application/json",
    };
  },
};

/** A stream, and what is still to happen to it. */
function steps(chain: TestChain, traffic: Traffic, random: (below: number) => number): (() => void)[] {
  const { headers, body, answer, type } = traffic.open(random);
  let stream: TestStream;
  const bytes = Buffer.from(body);
  const half = random(bytes.length);
  const way = random(20);
  const list = [
    () => {
      stream = chain.open("HTTP/2", true);
      stream.http.requestHeaders(
        [[":method", "POST"], [":scheme", "http"], ["content-type", "application/json"], ...headers],
        false,
      );
    },
    () => stream.http.requestData(bytes.subarray(0, half), false),
    // Clients that leave, connections that break, errors, ends by trailers.
    () => (way === 0 ? stream.http.requestReset() : stream.http.requestData(bytes.subarray(half), true)),
  ];
  if (way === 0) return list;
  list.push(() => {
    if (stream.upstream === undefined) return;
    if (way === 1) stream.http.responseReset("reset");
    else
      stream.http.responseHeaders(
        [
          [":status", way === 2 ? "429" : "200"],
          ["content-type", type],
        ],
        false,
      );
  });
  if (way === 1) return list;
  for (const [at, piece] of answer.entries()) {
    const isLast = at === answer.length - 1;
    if (way === 3 && at > 0) {
      list.push(() => stream.http.responseReset("reset"));
      return list;
    }
    if (way === 4 && at > 0) {
      list.push(() => stream.http.requestReset());
      return list;
    }
    list.push(() => {
      if (stream.upstream !== undefined) stream.http.responseData(piece, isLast && way !== 5);
    });
  }
  if (way === 5)
    list.push(() => stream.upstream !== undefined && stream.http.responseTrailers([["x-end", "1"]]));
  return list;
}

test.each<[string, [string, object][], Traffic]>([
  [
    "model-ratelimit + ai-proxy",
    [
      ["model-ratelimit", limiting],
      ["ai-proxy", proxying],
    ],
    chats,
  ],
  ["rest-to-mcp", [["rest-to-mcp", tools]], calls],
])(
  "%s: memory is flat, and nothing is left of any exchange",
  { timeout: 14_400_000 },
  (name, plugins, traffic) => {
    const random = generator(seed);
    const times: number[] = [];
    const observer = {
      callback: ({ micros }: { micros: number }) => {
        // A sample of each run of callbacks, of bounded size.
        if (times.length < 200_000) times.push(micros);
        else times[random(200_000)] = micros;
      },
    };
    const chain = chainOf(plugins, { logLevel: "critical", observer });
    const running: (() => void)[][] = [];
    let [opened, early] = [0, 0];
    while (opened < total || running.length > 0) {
      while (opened < total && running.length < alive) {
        running.push(steps(chain, traffic, random));
        opened++;
        if (opened === Math.max(total / 10, 2 * alive)) early = chain.chain.memoryPages();
      }
      const at = random(running.length);
      running[at]!.shift()!();
      if (running[at]!.length === 0) {
        running[at] = running.at(-1)!;
        running.pop();
      }
      if (random(512) === 0) chain.advance(10);
    }
    chain.advance(100_000);
    const late = chain.chain.memoryPages();
    const p999 = percentile(times, 0.999);
    expect(chain.chain.liveStreams()).toBe(0);
    expect(chain.problems()).toEqual([]);
    if (guestBuild === "release") expect(late).toBe(early);
    figure(
      "soak",
      `${name}: ${total.toLocaleString("en")} exchanges, ${alive} at a time, ${early} pages after a tenth, ${late} at the end, ` +
        `p99.9 of a callback ${p999.toFixed(0)} µs`,
      total,
    );
    chain.close();
  },
);
