// Client dialect × provider × case: what the guest library converts in its own tests must reach both ends of the
// plugin. The cases are the library's golden fixtures, one input and one expected output each.

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { TestChain } from "../../../host-test/testing/chain.ts";
import { entryOf, fixtures, takesMessages, type ProviderFixture } from "./provider-fixtures.ts";
import { chat, eventStream, message, provider } from "./proxy.ts";

type Dialect = "openai" | "anthropic";

const folder = new URL("../../../shared/llm/test/fixtures/", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, folder), "utf8");

/** Cases of a kind that a provider of this dialect sends or gets: `answer-text.json`, … */
function cases(kind: "request" | "answer" | "stream", dialect: Dialect): string[] {
  return readdirSync(new URL(dialect, folder))
    .filter((file) => file.startsWith(`${kind}-`) && file.split(".").length === 2)
    .sort();
}

/** The same case in the other dialect. */
function converted(dialect: Dialect, file: string): string {
  const target = dialect === "openai" ? "anthropic" : "openai";
  return read(`${dialect}/${file.replace(".", `.${target}.`)}`);
}

/** Providers of one kind behave alike, so each case runs on the first fixture of every type. */
const providers = fixtures.filter(
  (fixture, index) =>
    fixture.dialect !== "any" &&
    fixture.dialect !== "own" &&
    fixtures.findIndex(({ type }) => type === fixture.type) === index,
);

function open(fixture: ProviderFixture): { chain: TestChain; reply(file: string, body: string): void } {
  let answer = {};
  const chain = provider(entryOf(fixture, { modelMapping: {} }), { upstream: () => answer });
  return {
    chain,
    reply(file, body) {
      const isStream = file.endsWith(".sse");
      answer = isStream ? eventStream([body]) : { headers: { "content-type": "application/json" }, body };
    },
  };
}

/** The model that an answer names: the client asks for that one, so that a converted answer names it too. */
function modelOf(body: string, fallback: string): string {
  return /"model":\s*"([^"]+)"/.exec(body)?.[1] ?? fallback;
}

/** Anthropic's answers have no time of their own, and the library does not estimate what the provider left out. */
function untimed(text: string): string {
  return text
    .replaceAll(/"created": ?\d+/g, '"created":0')
    .replaceAll(
      /"input_tokens":\d+,"output_tokens":\d+,"estimated":true/g,
      '"input_tokens":0,"output_tokens":0',
    )
    .replaceAll(/^data: .*"choices":\[\].*"estimated":true.*\n\n/gm, "");
}

function expectSame(file: string, received: string, golden: string): void {
  if (file.endsWith(".sse")) expect(untimed(received)).toBe(untimed(golden));
  else expect(JSON.parse(untimed(received))).toEqual(JSON.parse(untimed(golden)));
}

describe.each(providers)("$type", (fixture) => {
  const own: Dialect = fixture.dialect === "anthropic" ? "anthropic" : "openai";
  const { chain, reply } = open(fixture);
  const files = [...cases("answer", own), ...cases("stream", own)];

  test.each(files)("%s reaches a client of the same dialect as it is", (file) => {
    const body = read(`${own}/${file}`);
    reply(file, body);
    const stream = file.endsWith(".sse");
    const request = own === "openai" ? chat({ stream }) : message({ stream });
    expect(chain.exchange(request).client.text).toBe(body);
  });

  test.each(files)("%s reaches a client of the other dialect in its words", (file) => {
    const body = read(`${own}/${file}`);
    // A provider that knows both dialects answers in the client's.
    const isNative = own === "openai" && takesMessages(fixture);
    reply(file, isNative ? converted(own, file) : body);
    const stream = file.endsWith(".sse");
    const options = {
      stream,
      model: modelOf(body, own === "openai" ? "" : "any"),
      stream_options: { include_usage: true },
    };
    const { client } = chain.exchange(own === "openai" ? message(options) : chat(options));
    const golden = converted(own, file);
    // Go's streams of claude call it `reasoning`; many clients read only the other name.
    const expected =
      own === "anthropic" && stream
        ? golden.replaceAll(/"reasoning_content":("[^"]*")/g, '"reasoning":$1,"reasoning_content":$1')
        : golden;
    expectSame(file, client.text, isNative ? converted(own, file) : expected);
  });
});

describe("requests", () => {
  test.each(cases("request", "openai"))(
    "%s of an OpenAI client reaches claude in Anthropic's words",
    (file) => {
      const { upstream } = provider({ type: "claude", apiTokens: ["sk-provider"] }).exchange(
        chat(read(`openai/${file}`)),
      );
      const { output_config, ...body } = JSON.parse(upstream!.text);
      expect(body).toEqual(JSON.parse(converted("openai", file)));
      expect(output_config?.format.type ?? "json_schema").toBe("json_schema");
    },
  );

  test.each(cases("request", "anthropic"))(
    "%s of an Anthropic client reaches openai in OpenAI's words",
    (file) => {
      const request = chat(read(`anthropic/${file}`), { path: "/v1/messages" });
      const { upstream } = provider({ type: "openai", apiTokens: ["sk-provider"] }).exchange(request);
      const golden = JSON.parse(converted("anthropic", file), (name, value) =>
        // Refused by OpenAI, taken by others of its dialect.
        name === "cache_control" ? undefined : value,
      ) as Record<string, unknown>;
      // OpenAI's newer models refuse `max_tokens`; other servers of its dialect know nothing else.
      const { max_tokens: max_completion_tokens, ...rest } = golden;
      expect(JSON.parse(upstream!.text)).toEqual({ ...rest, max_completion_tokens });
    },
  );

  test("a server behind openaiCustomUrl gets the output limit as max_tokens", () => {
    const entry = { type: "openai", apiTokens: ["k"], openaiCustomUrl: "https://models.example.com/v1" };
    const { upstream } = provider(entry).exchange(message({ max_tokens: 7 }));
    expect(JSON.parse(upstream!.text)).toMatchObject({ max_tokens: 7 });
  });
});
