// A VM cannot catch a refusal of more memory: it fails, and with it all streams of the worker. So messages that are too
// large for it are refused before. Envoy gives a VM 1 GiB: whatever the plugins admit must fit in there. A host may give
// less, here 64 MiB; then a plugin answers what it has no room for, and serves on.

import { expect, test } from "vitest";
import { guestBuild } from "../../../scripts/guest-build.mjs";
import { figure } from "../../testing/figure.ts";
import type { TestReply } from "../../testing/chain.ts";
import { chainOf, chatPath, chatRequest, limiting, proxying, toolCall, tools } from "./built.ts";

const MiB = 1 << 20;
const isLong = Boolean(process.env.LONG);

interface Message {
  title: string;
  plugin: [string, object];
  path: string;
  authority: string;
  /** Which way the large body goes. */
  direction: "request" | "answer";
  request(size: number): string;
  answer(size: number): string;
}

const chat = { path: chatPath, request: (size: number) => chatRequest("x".repeat(size)), answer: () => "{}" };
const claudeAnswer = (size: number) =>
  JSON.stringify({
    id: "m",
    type: "message",
    role: "assistant",
    content: [{ type: "text", text: "x".repeat(size) }],
    stop_reason: "end_turn",
    usage: { input_tokens: 1, output_tokens: 1 },
  });
const mcp = { plugin: ["rest-to-mcp", tools] as [string, object], path: "/mcp", authority: "mcp.test" };

const messages: Message[] = [
  {
    title: "chat request, edited",
    plugin: ["ai-proxy", proxying],
    authority: "openai.test",
    direction: "request",
    ...chat,
  },
  {
    title: "chat request, translated",
    plugin: ["ai-proxy", proxying],
    authority: "claude.test",
    direction: "request",
    ...chat,
  },
  {
    ...{
      title: "chat answer, translated",
      plugin: ["ai-proxy", proxying],
      authority: "claude.test",
      path: chatPath,
    },
    ...{ direction: "answer", request: () => chatRequest("x"), answer: claudeAnswer },
  },
  {
    title: "chat request, counted",
    plugin: ["model-ratelimit", limiting],
    authority: "any.test",
    direction: "request",
    ...chat,
  },
  {
    ...{
      title: "chat answer, counted",
      plugin: ["model-ratelimit", limiting],
      authority: "any.test",
      path: chatPath,
    },
    ...{
      direction: "answer",
      request: () => chatRequest("x"),
      answer: (size) => JSON.stringify({ a: "x".repeat(size) }),
    },
  },
  {
    ...mcp,
    title: "tool call",
    direction: "request",
    request: (size) => toolCall("x".repeat(size)),
    answer: () => "{}",
  },
  {
    ...{ ...mcp, title: "tool result", direction: "answer" },
    ...{ request: () => toolCall("x"), answer: (size: number) => JSON.stringify({ a: "x".repeat(size) }) },
  },
];

/** Sends one message of each size; what became of them, and of the next request of the VM. */
function sent(message: Message, memoryMiB: number, size: number) {
  let reply: TestReply = {};
  const chain = chainOf([message.plugin], {
    memoryLimitBytes: memoryMiB * MiB,
    bufferLimit: 512 * MiB,
    logLevel: "critical",
    upstream: () => reply,
  });
  const exchange = (bytes: number) => {
    reply = { headers: { "content-type": "application/json" }, body: message.answer(bytes) };
    return chain.exchange({
      method: "POST",
      path: message.path,
      authority: message.authority,
      headers: { "content-type": "application/json", "mcp-protocol-version": "2025-06-18" },
      body: message.request(bytes),
    });
  };
  const { client, upstream, record } = exchange(size);
  const seen = message.direction === "request" ? upstream?.body : client.body;
  const hasTrapped = record === undefined || record.details.includes("wasm_fail");
  chain.advance(10_000);
  const next = exchange(10).client.status;
  const usual = exchange(10).client.status;
  const memory = chain.chain.memoryPages() / 16;
  chain.close();
  const hasPassed = (seen?.length ?? 0) >= size;
  return { status: client.status, hasPassed, hasTrapped, next, usual, memory };
}

const sizes = isLong ? [1, 8, 31, 40, 90] : [1, 8];

test.skipIf(guestBuild === "stress").each(messages)(
  "$title: what the plugin admits fits into the 1 GiB that Envoy gives a VM",
  { timeout: 600_000 },
  (message) => {
    let most = 0;
    for (const size of sizes) {
      const { status, hasTrapped, next, usual, memory } = sent(message, 1024, size * MiB);
      expect([size, hasTrapped]).toEqual([size, false]);
      expect([200, 400, 413, 500]).toContain(status);
      expect(next).toBe(usual);
      most = Math.max(most, memory);
    }
    figure(
      "growth refused",
      `${message.title} of up to ${sizes.at(-1)} MiB: ${most.toFixed(0)} MiB`,
      sizes.length,
    );
  },
);

const limited = isLong ? [1, 4, 8, 10, 12, 14, 16, 20, 24, 31, 40, 60, 90] : [8, 14, 40];

test.skipIf(guestBuild === "stress").each(messages)(
  "$title: with 64 MiB up to 8 MiB pass, what does not fit is refused, and the VM serves on",
  { timeout: 600_000 },
  (message) => {
    let passed = 0;
    for (const size of limited) {
      const { status, hasPassed, hasTrapped, next, usual } = sent(message, 64, size * MiB - 1000);
      expect([size, hasTrapped]).toEqual([size, false]);
      expect(next).toBe(usual);
      expect(next).not.toBe(503);
      if (hasPassed) passed = size;
      else expect([200, 400, 413, 500]).toContain(status);
    }
    expect(passed).toBeGreaterThanOrEqual(8);
    figure("growth refused", `with 64 MiB ${message.title} passes up to ${passed} MiB`, limited.length);
  },
);
