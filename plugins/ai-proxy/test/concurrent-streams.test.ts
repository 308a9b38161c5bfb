// Streams that run at the same time in one VM. Go's plugin keeps the id and the usage of a Claude stream in its
// provider, which all requests share; nothing of a stream may get into another.

import { expect, test } from "vitest";
import type { TestChain, TestStream } from "../../../host-test/testing/chain.ts";
import { clientDialects, question, type ClientDialect } from "./client-requests.ts";
import { calls, configuredProviders, type ConfiguredProvider } from "./configured-providers.ts";
import { providerAnswers, type ProviderAnswer } from "./provider-answers.ts";
import { events, proxy } from "./proxy.ts";

interface Running {
  name: string;
  stream: TestStream;
  chunks: Buffer[];
}

/** One VM with all entries, told apart by host name. */
function chainOf(configured: ConfiguredProvider[]): TestChain {
  return proxy(
    {
      providers: configured.map(({ entry }, at) => ({ ...entry, id: `p${at}` })),
      _rules_: configured.map((_, at) => ({ _match_domain_: [`p${at}.test`], activeProviderId: `p${at}` })),
    },
    { ...calls, logLevel: "error" },
  );
}

/** Opens a stream whose answer is sent by hand. */
function open(chain: TestChain, host: string, client: ClientDialect, contentType: string): TestStream {
  const stream = chain.open("HTTP/1.1", true);
  const { path, body } = question(client, "stream");
  stream.http.requestHeaders(
    [
      [":method", "POST"],
      [":path", path!],
      [":authority", host],
      [":scheme", "http"],
      ["content-type", "application/json"],
    ],
    false,
  );
  stream.http.requestData(Buffer.from(body!), true);
  chain.settle();
  stream.http.upstreamSelected("10.0.0.1:80", "10.0.0.2:40000");
  stream.http.responseHeaders(
    [
      [":status", "200"],
      ["content-type", contentType],
    ],
    false,
  );
  return stream;
}

/** Sends what is left of all answers, a piece of one and a piece of another. */
function interleave(chain: TestChain, running: Running[]): void {
  let turn = 1;
  for (let open = running.slice(); open.length > 0;) {
    turn = (turn * 48_271) % 2_147_483_647;
    const one = open[turn % open.length]!;
    const chunk = one.chunks.shift();
    one.stream.http.responseData(chunk ?? Buffer.alloc(0), chunk === undefined);
    chain.settle();
    if (chunk === undefined) open = open.filter((other) => other !== one);
  }
}

/** A document of an answer whose ids, texts and token counts are those of number `n` only. */
function numbered(document: string, n: number): string {
  const mark = (value: any, name = ""): any => {
    if (Array.isArray(value)) return value.map((item) => mark(item, name));
    if (typeof value === "object" && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mark(inner, key)]));
    if (
      typeof value === "string" &&
      value !== "" &&
      /^(text|content|answer|text_output|thinking)$/i.test(name)
    )
      return `${value}~${n}~`;
    if (typeof value === "string" && /(^|_|[a-z])id$/i.test(name)) return `${value}-${n}-`;
    if (typeof value === "number" && /token/i.test(name)) return value + n * 1000;
    return value;
  };
  try {
    return JSON.stringify(mark(JSON.parse(document)));
  } catch {
    return document;
  }
}

function piecesOf(answer: ProviderAnswer, n: number): Buffer[] {
  const bytes = answer.framed(answer.documents.map((document) => numbered(document, n)));
  const pieces = [];
  for (let from = 0; from < bytes.length; from += 90) pieces.push(bytes.subarray(from, from + 90));
  return pieces;
}

/** Ids that the gateway makes are random. */
const nameless = (text: string) => text.replace(/\b(chatcmpl-|msg_|resp_|rs_|fc_|call_)[0-9a-f]{6,}/g, "$1");

test("concurrent Claude streams of one VM do not mix ids and usage, as the Go plugin's do", () => {
  const claude = configuredProviders.find(({ type }) => type === "claude")!;
  const chain = chainOf([claude]);
  const running: Running[] = Array.from({ length: 40 }, (_, n) => {
    const said = [
      ["message_start", { message: { id: `msg-${n}`, content: [], usage: { input_tokens: 100 + n } } }],
      ["content_block_start", { index: 0, content_block: { type: "text", text: "" } }],
      ["content_block_delta", { index: 0, delta: { type: "text_delta", text: `I am ` } }],
      ["content_block_delta", { index: 0, delta: { type: "text_delta", text: `${n}` } }],
      ["content_block_stop", { index: 0 }],
      ["message_delta", { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 1000 + n } }],
      ["message_stop", {}],
    ] as const;
    const chunks = said.map(([type, rest]) =>
      Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, ...rest })}\n\n`),
    );
    return { name: `${n}`, chunks, stream: open(chain, "p0.test", "openai", "text/event-stream") };
  });
  interleave(chain, running);
  running.forEach(({ stream }, n) => {
    const chunks = events(stream.client.text);
    expect(new Set(chunks.map(({ id }) => id))).toEqual(new Set([`msg-${n}`]));
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
    expect(text).toBe(`I am ${n}`);
    const counts = chunks.map(({ usage }) => usage).filter(Boolean);
    expect(counts).toEqual([
      { prompt_tokens: 100 + n, completion_tokens: 1000 + n, total_tokens: 1100 + 2 * n },
    ]);
  });
  chain.close();
});

test("streams of all providers to clients of all dialects, at the same time, are what each is alone", () => {
  const chain = chainOf(configuredProviders);
  const start = (): Running[] =>
    configuredProviders.flatMap(({ title, format }, at) => {
      const streamed = providerAnswers.filter(
        (answer) => answer.format === format && answer.documents.length > 2,
      );
      return clientDialects.map((client, number) => {
        const n = at * clientDialects.length + number + 1;
        const answer = streamed[number % streamed.length] ?? providerAnswers[0]!;
        const stream = open(chain, `p${at}.test`, client, answer.contentType);
        return { name: `${title}, ${client}`, stream, chunks: piecesOf(answer, n) };
      });
    });
  const alone = start();
  for (const one of alone) interleave(chain, [one]);
  const together = start();
  interleave(chain, together);

  let marked = 0;
  together.forEach(({ name, stream }, at) => {
    const { client } = stream;
    expect(client.complete, name).toBe(true);
    expect(nameless(client.text), name).toBe(nameless(alone[at]!.stream.client.text));
    const numbers = new Set([...client.text.matchAll(/~(\d+)~/g)].map(([, number]) => Number(number)));
    expect(
      [...numbers].filter((number) => number !== at + 1),
      name,
    ).toEqual([]);
    marked += numbers.size;
  });
  expect(marked).toBeGreaterThan(together.length / 2);
  // deepl is asked by a model's name, which a Gemini client has in its path.
  expect(chain.problems().filter((line) => !line.includes("deepl model should be"))).toEqual([]);
  chain.close();
});
