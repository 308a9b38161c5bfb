// Every recorded answer through the provider it came from, to the official client of every dialect, on both
// engines: what the client assembles is what the recording says.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  ask,
  clientDialects,
  outcomeOf,
  type ClientDialect,
  type Outcome,
} from "../../../host-test/testing/official-clients.ts";
import { loadRecordings, recordingsFolder, type Recording } from "../../../host-test/testing/recordings.ts";
import { describeEngines, type Reply } from "../../../host-test/testing/scenario.ts";
import { tableTypes } from "./provider-fixtures.ts";

const folder = recordingsFolder();
if (folder === undefined) console.log("skipped: no recordings beside this checkout");
const recordings = folder === undefined ? [] : loadRecordings(folder).filter(({ expected }) => expected);

/** Entries of the configuration by the prefix of their path. */
const entries: Record<string, object> = {
  azure: { type: "azure", azureServiceUrl: "https://azure.example.com/openai/v1?api-version=preview" },
  bedrock: { type: "bedrock", awsRegion: "eu-central-1" },
  claude: { type: "claude" },
  cohere: { type: "cohere", cohereApiVersion: "v2" },
  deepseek: { type: "deepseek" },
  gemini: { type: "gemini" },
  groq: { type: "groq" },
  grok: { type: "grok" },
  mistral: { type: "mistral" },
  moonshot: { type: "moonshot" },
  openai: { type: "openai" },
  qwen: { type: "qwen" },
  responses: { type: "openai", chatApi: "responses" },
  vertex: { type: "vertex", modelMapping: { "*": "gemini-3-pro" } },
  "vertex-claude": { type: "vertex", modelMapping: { "*": "claude-opus-4-8" } },
  vllm: { type: "vllm", vllmServerHost: "vllm.example.com" },
};

/** Entries by the first folder of a recording; others speak OpenAI's dialect. */
const chatEntries: Record<string, string> = {
  alibaba: "qwen",
  deepseek: "deepseek",
  groq: "groq",
  mistral: "mistral",
  moonshotai: "moonshot",
  xai: "grok",
};

/** The entries whose provider sends such an answer. */
function entriesOf({ kind, provider, expected }: Recording, client: ClientDialect): string[] {
  const stop = expected?.stop;
  switch (kind) {
    case "messages":
      // Put into words of its own again, an explanation of a refusal is text for Anthropic's clients.
      return client === "anthropic" && stop === "refusal" ? ["claude"] : ["claude", "vertex-claude"];
    case "gemini":
      return ["gemini", "vertex"];
    case "converse":
      return ["bedrock"];
    case "cohere":
      return ["cohere"];
    case "responses":
      return [client === "responses" ? "openai" : "responses"];
    case "chat":
      return [speaksItself(chatEntries[provider], client) ? "vllm" : (chatEntries[provider] ?? "openai")];
    default:
      return [];
  }
}

/** Providers that offer the client's own dialect would not send such an answer. */
function speaksItself(entry: string | undefined, client: ClientDialect): boolean {
  if (client === "anthropic") return entry === "deepseek" || entry === "qwen";
  return client === "responses" && (entry === undefined || entry === "groq" || entry === "qwen");
}

function reply(recording: Recording): Reply {
  const headers = { "content-type": recording.contentType };
  if (!recording.streamed) return { status: recording.status, headers, body: recording.answerBytes };
  // Pieces of 700 bytes cut events anywhere.
  const chunks = [];
  for (let at = 0; at < recording.streamBytes.length; at += 700)
    chunks.push(recording.streamBytes.subarray(at, at + 700));
  return { status: recording.status, headers, chunks };
}

/**
 * What the recording says. Where it is silent on usage, the gateway estimates; counts of nothing are no usage for
 * OpenAI's clients, as in Higress.
 */
function expectedOf({ kind, expected }: Recording, seen: Outcome | Error): Outcome {
  const { usage, ...outcome } = outcomeOf(kind, expected!);
  if (seen instanceof Error) return { ...outcome, ...(usage && { usage }) };
  if (usage === undefined) return { ...outcome, ...(seen.usage && { usage: seen.usage }) };
  const isNothing = usage.input + usage.output === 0 && seen.usage === undefined;
  return { ...outcome, ...(!isNothing && { usage }) };
}

const known = new Set(tableTypes());
const schema = readFileSync(new URL("../schema.json", import.meta.url), "utf8");
const configured = Object.entries(entries).filter(
  ([id, entry]) =>
    known.has((entry as { type: string }).type) && (id !== "responses" || schema.includes("chatApi")),
);

const isConfigured = (id: string) => configured.some(([name]) => name === id);

describe.skipIf(recordings.length === 0)("recordings", () => {
  describeEngines("official clients read recorded answers through ai-proxy", (engine) => {
    const gateway = engine.shared({
      plugins: [
        {
          plugin: "ai-proxy",
          configuration: {
            providers: configured.map(([id, entry]) => ({
              id,
              apiTokens: ["provider-key"],
              modelMapping: { "*": "their-model" },
              basePath: `/${id}`,
              ...entry,
            })),
          },
          rules: configured.map(([id]) => ({ ingress: [id], config: { activeProviderId: id } })),
        },
      ],
      upstreams: { "provider.static": {} },
      routes: configured.map(([id]) => ({ name: id, to: "provider.static", path: `/${id}` })),
      logLevel: "error",
    });

    for (const recording of recordings) {
      for (const client of clientDialects) {
        for (const entry of entriesOf(recording, client).filter(isConfigured)) {
          test(`${client}'s client gets ${recording.name} from ${entry}`, async () => {
            gateway.upstream("provider.static").reply(reply(recording));
            const base = `http://127.0.0.1:${gateway.port}/${entry}`;
            const { error } = recording.expected!;
            const seen = await ask(client, base, recording.streamed).catch((thrown: Error) => thrown);
            // A client throws the stream's own error, with the message that was recorded.
            if (error !== undefined) expect(String(seen)).toContain(error);
            else expect(seen).toEqual(expectedOf(recording, seen));
          });
        }
      }
    }
  });
});
