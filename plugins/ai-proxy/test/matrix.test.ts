// Every client dialect in front of every provider: one input and one expected output for each case. What a file says is
// checked a second time, by readers that have nothing to do with the plugin, so that files written anew by
// `vitest run plugins/ai-proxy/test/matrix -u` stay honest.

import { describe, expect, test } from "vitest";
import { outcomeOf, type ClientDialect, type Outcome } from "../../../host-test/testing/official-clients.ts";
import {
  assembleChatAnswer,
  assembleChatStream,
  assembleGeminiAnswer,
  assembleGeminiStream,
  assembleMessagesAnswer,
  assembleMessagesStream,
  assembleResponsesAnswer,
  assembleResponsesStream,
} from "../../../host-test/testing/recordings.ts";
import {
  answerOf,
  answersOf,
  cases,
  clients,
  expectText,
  expectValue,
  exceptions,
  gaps,
  inputs,
  list,
  open,
  questionFor,
  read,
  targets,
  type Cell,
  type Target,
} from "./matrix.ts";
import { events } from "./proxy.ts";

/** Headers that are the gateway's own, or said by the path. */
const unimportant = /^:|^x-envoy-|^content-length$|^x-tc-timestamp$/;

interface SentRequest {
  path: string;
  headers: Record<string, string>;
  /** What the plugin says it dropped. */
  dropped?: string[];
  body: object;
}

/** What a target gets, without secrets and what changes with the clock. */
function sent(target: Target, cell: Cell, client: ClientDialect, file: string): SentRequest {
  const streamed = file === "stream.json";
  const folder = answersOf(target, client);
  const answer = folder === undefined ? {} : answerOf(target, `answers/${folder}/text.json`);
  const { upstream, client: got } = cell.ask(client, read(`requests/${client}/${file}`), streamed, answer);
  const headers = upstream!.headers
    .filter(([name]) => !unimportant.test(name))
    .map(([name, value]) => [name, value.replace("sk-provider", "<token>").replace(/^(TC3-\S+) .*/, "$1 …")]);
  const dropped = got.header("x-ai-proxy-dropped")?.split(",") ?? [];
  return {
    path: upstream!.header(":path")!,
    headers: Object.fromEntries(headers),
    ...(dropped.length > 0 && { dropped }),
    body: JSON.parse(upstream!.text),
  };
}

/** In the path, in a member of the body, or for DashScope in a header. */
function asksForStream({ path, headers, body }: SentRequest): boolean {
  if (/stream/i.test(path) || headers["x-dashscope-sse"] === "enable") return true;
  return /"(?:[sS]tream":true|response_mode":"streaming")/.test(JSON.stringify(body));
}

describe.each(Object.entries(targets))("requests to %s", (name, target) => {
  const cell = open(target.entry, target.model);

  describe.each(clients)("of a client of %s", (client) => {
    const files = inputs(`requests/${client}`).filter((file) => file !== "everything.json");

    test.each(files.filter((file) => !(gaps[name] ?? {})[file.slice(0, -5)]))("%s", async (file) => {
      const path = `requests/${client}/${file.replace(".json", `.${name}.json`)}`;
      const request = sent(target, cell, client, file);
      await expectValue(path, request);
      const { dropped = [], body } = request;
      const text = JSON.stringify(body);
      const wanted = cases[file.slice(0, -5)]!.request!;
      const input = read(`requests/${client}/${file}`);
      for (const [essential, excuse] of Object.entries(wanted)) {
        if (!input.includes(essential) || text.includes(JSON.stringify(essential).slice(1, -1))) continue;
        expect(dropped.join(), `${essential} is missing`).toMatch(new RegExp(excuse || "never"));
      }
      // What is sent where OpenAI's dialect is spoken is in that dialect.
      if (request.path.includes("/chat/completions")) expect(body).toHaveProperty("messages");
      if (file === "stream.json")
        expect(asksForStream(request), "the provider is asked for a stream").toBe(true);
    });
  });
});

/** Reads an answer as the client does. */
function outcome(client: ClientDialect, text: string, streamed: boolean): Outcome {
  switch (client) {
    case "openai":
      return outcomeOf(
        "chat",
        streamed ? assembleChatStream(events(text)) : assembleChatAnswer(JSON.parse(text)),
      );
    case "anthropic":
      return outcomeOf(
        "messages",
        streamed ? assembleMessagesStream(events(text)) : assembleMessagesAnswer(JSON.parse(text)),
      );
    case "responses":
      return outcomeOf(
        "responses",
        streamed ? assembleResponsesStream(events(text)) : assembleResponsesAnswer(JSON.parse(text)),
      );
    case "gemini":
      return outcomeOf(
        "gemini",
        streamed ? assembleGeminiStream(events(text)) : assembleGeminiAnswer(JSON.parse(text)),
      );
  }
}

const errorTypes = { anthropic: "rate_limit_error", gemini: "RESOURCE_EXHAUSTED", openai: "", responses: "" };

/** What is different about this answer on purpose. */
function exceptionOf(target: string, kind: string, client: ClientDialect): string | undefined {
  const own = exceptions[target] ?? {};
  return own[`${kind}.${client}`] ?? own[`${kind}.*`] ?? own[`*.${client}`];
}

describe.each(list("answers"))("answers of %s", (name) => {
  const target = targets[name]!;
  const { ask } = open(target.entry, target.model);

  // Clients of a dialect that the provider has too get its answers in that.
  const translated = clients.filter((client) => answersOf(target, client) === name);
  describe.each(translated)("to a client of %s", (client) => {
    test.each(inputs(`answers/${name}`))("%s", async (file) => {
      const { body, streamed } = questionFor(client, file);
      const { client: got } = ask(client, body, streamed, answerOf(target, `answers/${name}/${file}`));
      const [kind] = file.split(".") as [string];
      const expected = `answers/${name}/${kind}.${client}.${streamed ? "sse" : "json"}`;
      const said = cases[kind]!.answer!;
      const exception = exceptionOf(name, kind, client);
      if ("error" in said) {
        await expectValue(expected, { status: got.status, body: JSON.parse(got.text) });
        const hasStatus = target.errorStatus === undefined;
        expect(got.status).toBe(hasStatus ? 429 : 500);
        expect(got.text).toContain(said.error);
        if (hasStatus && exception === undefined) expect(got.text).toContain(errorTypes[client]);
        return;
      }
      if (streamed) await expectText(expected, got.text);
      else await expectValue(expected, JSON.parse(got.text));
      const { usage, ...rest } = outcome(client, got.text, streamed);
      const { usage: known, ...wanted } = said;
      if (exception !== undefined) return expect(rest).not.toEqual(wanted);
      expect(rest).toEqual(wanted);
      if (target.hasUsage !== false) expect(usage).toEqual(known);
    });
  });
});
