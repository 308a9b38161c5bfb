// Whatever clients and providers send, the VM lives: golden requests, answers and streams with bytes changed at
// random, cut at random. A trap fails every stream of a worker, so after each the next request must still be served.

import fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { TestReply } from "../../../host-test/testing/chain.ts";
import { partitions } from "../../../host-test/testing/recordings.ts";
import { change, changed } from "./changed-bytes.ts";
import { chat, provider } from "./proxy.ts";

const folder = new URL("../../../shared/llm/test/fixtures/", import.meta.url);
const dialects = ["openai", "anthropic"] as const;

const bodies = dialects.flatMap((dialect) =>
  readdirSync(new URL(dialect, folder)).map((file) => ({
    file,
    bytes: readFileSync(new URL(`${dialect}/${file}`, folder)),
  })),
);
const requests = bodies.filter(({ file }) => file.startsWith("request-"));
const answers = bodies.filter(({ file }) => !file.startsWith("request-"));

const hostile = fc.record({
  request: fc.constantFrom(...requests),
  requestChanges: fc.array(change, { maxLength: 4 }),
  answer: fc.constantFrom(...answers),
  answerChanges: fc.array(change, { maxLength: 4 }),
  isMessage: fc.boolean(),
  status: fc.constantFrom(200, 200, 200, 400, 529),
  seed: fc.nat(),
});

const everything = {
  promoteThinkingOnEmpty: true,
  mergeConsecutiveMessages: true,
  contextCleanupCommands: ["clear"],
  customSettings: [{ name: "a.b.0", mode: "raw", value: 1 }],
  modelMapping: { "~(.*)": "x-$1", "*": "y" },
};

test.each([
  { type: "yi" },
  { type: "claude" },
  { type: "claude", ...everything },
  { type: "openrouter", ...everything },
  { type: "moonshot", ...everything },
])("no request and no answer makes $type fail", { timeout: 1_200_000 }, (entry) => {
  let reply: TestReply = {};
  const chain = provider(
    { apiTokens: ["sk-provider"], ...entry },
    { upstream: () => reply, logLevel: "error" },
  );
  fc.assert(
    fc.property(hostile, ({ request, requestChanges, answer, answerChanges, isMessage, status, seed }) => {
      const [received] = partitions(changed(answer.bytes, answerChanges), 1, seed);
      const [sent] = partitions(changed(request.bytes, requestChanges), 1, seed + 1);
      const type = answer.file.endsWith(".sse") ? "text/event-stream" : "application/json";
      reply = { status, headers: { "content-type": type }, chunks: received! };
      const path = isMessage ? "/v1/messages" : "/v1/chat/completions";
      const { client, record } = chain.exchange(chat("", { body: undefined, chunks: sent!, path }));
      expect([200, 400, 500, 529]).toContain(client.status);
      expect(client.complete).toBe(true);
      expect(record!.details).not.toContain("wasm_fail");
    }),
    { numRuns: process.env.LONG ? 20_000 : 400 },
  );
  reply = {};
  expect(chain.exchange({ path: "/v1/models" }).upstream).toBeDefined();
  chain.close();
});
