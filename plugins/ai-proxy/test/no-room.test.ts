// A host may limit a VM's memory, and what the VM is refused it cannot survive. So a body that takes more to translate
// than there is must have been refused before, in the client's dialect, and the next one pass.

import { describe, expect, test } from "vitest";
import type { TestReply } from "../../../host-test/testing/chain.ts";
import { guestBuild } from "../../../scripts/guest-build.mjs";
import { chat, json, message, provider } from "./proxy.ts";

const MiB = 1 << 20;
const entry = { type: "claude", apiTokens: ["sk-provider"], modelMapping: { "*": "claude-sonnet-4-5" } };
const answer = (text: string) =>
  json({
    ...{ id: "m", type: "message", role: "assistant", stop_reason: "end_turn" },
    content: [{ type: "text", text }],
    usage: { input_tokens: 1, output_tokens: 1 },
  });

function limited(reply: () => TestReply = () => answer("Hello"), type: object = entry) {
  const options = { memoryLimitBytes: 64 * MiB, bufferLimit: 512 * MiB, logLevel: "critical" as const };
  return provider(type, { ...options, upstream: reply });
}

const items = (size: number, item: unknown) =>
  new Array(Math.floor(size / JSON.stringify(item).length)).fill(item);
const bodies: [string, (size: number) => object][] = [
  ["one long text", (size) => ({ messages: [{ role: "user", content: "x".repeat(size) }] })],
  ["many messages", (size) => ({ messages: items(size, { role: "user", content: "x" }) })],
  ["many parts", (size) => ({ messages: [{ role: "user", content: items(size, "x") }] })],
  ["many stop texts", (size) => ({ stop: items(size, "x"), messages: [{ role: "user", content: "x" }] })],
];

describe.skipIf(guestBuild === "stress")("with 64 MiB for a VM", () => {
  test.each(bodies)("a request with %s that does not fit is 413, and the next one passes", (_, body) => {
    for (const size of [2, 20]) {
      const chain = limited();
      const { client } = chain.exchange(chat(body(size * MiB)));
      expect([200, 413], `${size} MiB`).toContain(client.status);
      if (size === 20) expect(JSON.parse(client.text).error.message).toContain("memory");
      expect(chain.exchange(chat()).client.status).toBe(200);
      chain.close();
    }
  });

  test("an Anthropic client is told so in its dialect", () => {
    const chain = limited(undefined, { type: "yi", apiTokens: ["sk-provider"] });
    const { client } = chain.exchange(
      message({ messages: [{ role: "user", content: "x".repeat(24 * MiB) }] }),
    );
    expect(client.status).toBe(413);
    expect(JSON.parse(client.text)).toMatchObject({ type: "error", error: { type: "request_too_large" } });
    chain.close();
  });

  test("an answer that does not fit is an error, and the next one passes", () => {
    let size = 31 * MiB;
    const chain = limited(() => answer("x".repeat(size)));
    const { client } = chain.exchange(chat());
    expect(client.status).toBe(500);
    expect(client.text).toContain("memory");
    size = 10;
    expect(chain.exchange(chat()).client.status).toBe(200);
    chain.close();
  });

  test("large requests one after the other take no more memory than the first few", () => {
    const chain = limited();
    const pages: number[] = [];
    for (let i = 0; i < 12; i++) {
      const { client } = chain.exchange(chat({ messages: [{ role: "user", content: "x".repeat(2 * MiB) }] }));
      expect(client.status).toBe(200);
      pages.push(chain.chain.memoryPages());
    }
    expect(pages.at(-1)).toBe(pages[6]);
    chain.close();
  });
});
