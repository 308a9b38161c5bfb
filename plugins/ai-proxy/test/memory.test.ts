// Linear memory never shrinks, so what matters is where it stops growing. One page is 64 KiB.

import { describe, expect, test } from "vitest";
import type { TestChain, TestReply, TestRequest } from "../../../host-test/testing/chain.ts";
import { figure } from "../../../host-test/testing/figure.ts";
import { drip } from "../../../host-test/testing/recordings.ts";
import { guestBuild } from "../../../scripts/guest-build.mjs";
import { clientDialects, question } from "./client-requests.ts";
import { calls, configuredProviders } from "./configured-providers.ts";
import { providerAnswers } from "./provider-answers.ts";
import { chat, chatPath, eventStream, json, message, proxy } from "./proxy.ts";

const isLong = Boolean(process.env.LONG);
const apiTokens = ["sk-provider"];

/** One VM with a provider per host name, and the pages it has after its latest callback. */
function measured(upstream: () => TestReply): { chain: TestChain; pages: () => number } {
  let pages = 0;
  const types = ["yi", "claude", "moonshot"];
  const providers = types.map((type) => ({ id: type, type, apiTokens, modelMapping: { "gpt-*": "mapped" } }));
  const _rules_ = types.map((type) => ({ _match_domain_: [`${type}.test`], activeProviderId: type }));
  const observer = { callback: ({ memoryPages }: { memoryPages: number }) => (pages = memoryPages) };
  const chain = proxy({ providers, _rules_ }, { upstream, observer, logLevel: "error" });
  return { chain, pages: () => pages };
}

/** The same numbers on every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** From 0.1 to 100 KB, small ones as often as large ones. */
function sizeOf(random: (below: number) => number): number {
  return Math.round(100 * 10 ** (random(3000) / 1000));
}

const text = 'Grüße \\"an\\" alle. '.repeat(8000);

function whole(isClaude: boolean, size: number): object {
  const content = text.slice(0, size);
  if (isClaude)
    return {
      id: "m",
      type: "message",
      role: "assistant",
      content: [{ type: "text", text: content }],
      stop_reason: "end_turn",
      usage: { input_tokens: 1, output_tokens: 1 },
    };
  return { id: "c", choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }] };
}

function stream(isClaude: boolean, size: number): string[] {
  const pieces: string[] = [];
  const event = (name: string, value: object) =>
    pieces.push(
      isClaude
        ? `event: ${name}\ndata: ${JSON.stringify({ type: name, ...value })}\n\n`
        : `data: ${JSON.stringify(value)}\n\n`,
    );
  if (isClaude) {
    event("message_start", { message: { id: "m", content: [], usage: { input_tokens: 1 } } });
    event("content_block_start", { index: 0, content_block: { type: "text", text: "" } });
  }
  for (let at = 0; at < size; at += 700) {
    const part = text.slice(at, at + 500);
    event(
      "content_block_delta",
      isClaude
        ? { index: 0, delta: { type: "text_delta", text: part } }
        : { id: "c", choices: [{ index: 0, delta: { content: part } }] },
    );
  }
  if (isClaude) {
    event("message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1 } });
    event("message_stop", {});
  } else {
    event("", { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
    pieces.push("data: [DONE]\n\n");
  }
  return pieces;
}

describe.runIf(guestBuild === "release")("linear memory", () => {
  test("stays at 32 pages or less, and flat, over many requests of every kind", () => {
    const total = isLong ? 100_000 : 12_000;
    const random = generator(7);
    let reply: TestReply = {};
    const { chain, pages } = measured(() => reply);
    const seen: [number, number][] = [];
    for (let count = 1; count <= total; count++) {
      const type = ["yi", "claude", "moonshot"][random(3)]!;
      const isClaude = type === "claude";
      const [isStream, kind] = [random(2) === 0, random(10)];
      if (kind === 0) reply = json({ error: { message: text.slice(0, 200), type: "x" } }, { status: 429 });
      else if (kind === 1)
        reply = { ...eventStream(stream(isClaude, sizeOf(random))), reset: { afterChunks: 2 } };
      else
        reply = isStream
          ? eventStream(stream(isClaude, sizeOf(random)))
          : json(whole(isClaude, sizeOf(random)));
      const options = {
        stream: isStream,
        model: "gpt-x",
        messages: [{ role: "user", content: text.slice(0, sizeOf(random)) }],
      };
      let request: TestRequest = random(2) === 0 ? chat(options) : message(options);
      if (kind === 2) request = chat(String(request.body).slice(0, -random(50) - 1));
      if (kind === 3) request = { path: "/v1/models" };
      if (kind === 4) request = { ...request, abortAfter: 1 };
      chain.exchange({ ...request, authority: `${type}.test` });
      if (Number.isInteger(Math.log10(count)) || count === total) seen.push([count, pages()]);
    }
    const last = seen.slice(-2).map(([count, after]) => `${after} pages after ${count.toLocaleString("en")}`);
    figure("memory ai-proxy", last.join(", "), total);
    expect(chain.problems().filter((line) => !line.includes("refused with"))).toEqual([]);
    expect(Math.max(...seen.map(([, after]) => after))).toBeLessThanOrEqual(32);
    const settled = seen.filter(([count]) => count >= 10_000).map(([, after]) => after);
    expect(new Set(settled).size).toBe(1);
  }, 1_200_000);

  // A dozen entries take six pages more than one. Memory grows by doubling, so that with the longest requests of the
  // test above they would be at 48; here the longest has 50 KB.
  const groups = Array.from({ length: 5 }, (_, group) =>
    configuredProviders.filter((_, at) => at % 5 === group),
  );
  test.each(groups.map((group) => [group.map(({ type }) => type).join(", "), group] as const))(
    "stays so with clients of all dialects, for %s",
    { timeout: 1_200_000 },
    (_, group) => {
      const total = isLong ? 20_000 : 1_800;
      const random = generator(11);
      let reply: TestReply = {};
      let pages = 0;
      const providers = group.map(({ entry }, at) => ({ ...entry, id: `p${at}` }));
      const _rules_ = providers.map(({ id }) => ({ _match_domain_: [`${id}.test`], activeProviderId: id }));
      const observer = { callback: ({ memoryPages }: { memoryPages: number }) => (pages = memoryPages) };
      const chain = proxy(
        { providers, _rules_ },
        { ...calls, upstream: () => reply, observer, logLevel: "critical" },
      );
      const seen: number[] = [];
      for (let count = 1; count <= total; count++) {
        const at = random(group.length);
        const answers = providerAnswers.filter(({ format }) => format === group[at]!.format);
        const { contentType, documents, framed } = answers[random(answers.length)]!;
        const chunks = drip(framed(documents), 700);
        reply = { headers: { "content-type": contentType }, chunks };
        // An error status, a broken connection, a client that goes away.
        const kind = random(10);
        if (kind === 0) reply.status = 429;
        if (kind === 1) reply.reset = { afterChunks: random(chunks.length + 1) };
        const client = clientDialects[random(clientDialects.length)]!;
        const way = random(2) === 0 ? "whole" : "stream";
        const request = question(client, way, text.slice(0, sizeOf(random) / 2));
        chain.exchange({ ...request, authority: `p${at}.test`, ...(kind === 2 && { abortAfter: 0 }) });
        if (count % (total / 6) === 0) seen.push(pages);
      }
      console.log(`pages after each sixth of ${total} requests: ${seen.join(", ")}`);
      expect(Math.max(...seen)).toBeLessThanOrEqual(32);
      expect(new Set(seen.slice(-3)).size).toBe(1);
      chain.close();
    },
  );

  test("for rules grows with their number, not with its square, whatever they share", () => {
    const pagesOf = (count: number) => {
      let pages = 0;
      const providers = Array.from({ length: count }, (_, at) => ({
        ...{ id: `p${at}`, type: "yi", apiTokens },
        modelMapping: { [`model-${at}`]: "x" },
      }));
      const _rules_ = providers.map(({ id }) => ({ _match_domain_: [`${id}.test`], activeProviderId: id }));
      const observer = { callback: ({ memoryPages }: { memoryPages: number }) => (pages = memoryPages) };
      proxy({ providers, _rules_ }, { observer, logLevel: "error" }).close();
      return pages;
    };
    const few = pagesOf(30);
    // Memory grows by doubling.
    expect(pagesOf(120)).toBeLessThanOrEqual(4 * few);
  });

  /** A body of so many MiB: its last window is as full as any. */
  function upload(mebibytes: number, start: string, end: string): Buffer[] {
    const piece = Buffer.alloc(1 << 20, "x");
    const pieces = Array.from({ length: mebibytes - 1 }, () => piece);
    const rest = piece.subarray(start.length + end.length);
    return [Buffer.from(start), ...pieces, rest, Buffer.from(end)];
  }

  test.each([
    ["that is not edited", '{"messages":[{"content":"', '"}],"model":"other"}', '"}],"model":"other"}'],
    ["whose model comes first", '{"model":"gpt-4o","messages":[{"content":"', '"}]}', '"}]}'],
    ["whose model comes last", '{"messages":[{"content":"', '"}],"model":"gpt-4o"}', '"}],"model":"mapped"}'],
    [
      "that is a stream and gets stream_options",
      '{"messages":[{"content":"',
      '"}],"model":"gpt-4o","stream":true}',
      '"}],"model":"mapped","stream_options":{"include_usage":true},"stream":true}',
    ],
  ])("an upload of 100 MB %s takes no more than one of 1 MB, eight pages", (_, start, end, sent) => {
    const { chain, pages } = measured(() => ({ body: "ok" }));
    const request = chat("", { body: undefined, authority: "yi.test" });
    for (let i = 0; i < 100; i++) chain.exchange({ ...request, chunks: [start, "x".repeat(1000), end] });
    const small = pages();
    chain.exchange({ ...request, chunks: upload(1, start, end) });
    const before = pages();
    const { upstream, client } = chain.exchange({
      ...request,
      path: chatPath,
      chunks: upload(96, start, end),
    });
    figure(
      "memory ai-proxy",
      `${small}, ${before} and ${pages()} pages after uploads of 1 KB, 1 MB and 100 MB`,
    );
    expect(client.status).toBe(200);
    expect(upstream!.body.length).toBeGreaterThan(100_000_000);
    expect(upstream!.body.subarray(-sent.length).toString()).toBe(sent);
    expect(upstream!.body.includes('"gpt-4o"')).toBe(false);
    expect(before).toBeLessThanOrEqual(8);
    expect(pages()).toBe(before);
  });
});
