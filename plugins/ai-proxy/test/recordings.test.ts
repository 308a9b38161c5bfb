// Every recorded answer through the provider it came from, to the official client of every dialect, on both
// engines: what the client assembles is what the recording says.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ask, clientDialects, outcomeOf, type Outcome } from "../../../host-test/testing/official-clients.ts";
import { loadRecordings, recordingsFolder, type Recording } from "../../../host-test/testing/recordings.ts";
import { describeEngines, type Reply } from "../../../host-test/testing/scenario.ts";
import { tableTypes } from "./provider-fixtures.ts";
import { entriesOf, recordedEntries } from "./recorded-providers.ts";

const folder = recordingsFolder();
if (folder === undefined) console.log("skipped: no recordings beside this checkout");
const recordings = folder === undefined ? [] : loadRecordings(folder).filter(({ expected }) => expected);

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
const configured = Object.entries(recordedEntries).filter(
  ([id, { type }]) => known.has(type) && (id !== "responses" || schema.includes("chatApi")),
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
