// Answers of every provider's own format: golden ones of shared/llm, those of own-answers.ts, and recordings where
// they lie beside the checkout.

import {
  frameStream,
  loadRecordings,
  recordingsFolder,
  type Recording,
} from "../../../host-test/testing/recordings.ts";
import { converseMessages } from "./bedrock-frames.ts";
import { goldenFiles } from "./client-requests.ts";
import { answer, event } from "./dashscope.ts";
import { ownAnswers } from "./own-answers.ts";
import type { ProviderFixture } from "./provider-fixtures.ts";

/** A dialect's name, or the name of one of `ownAnswers`. */
export type Format = string;

/** An answer as its JSON documents: one of a whole answer, one per event of a stream. */
export interface ProviderAnswer {
  format: Format;
  name: string;
  contentType: string;
  documents: string[];
  /** The answer's bytes with these documents in it. */
  framed(documents: string[]): Buffer;
}

/** What a provider with such an entry answers in. */
export function formatOf({ type, entry, dialect }: ProviderFixture): Format {
  const { chatApi, cohereApiVersion, qwenEnableCompatible } = entry as Record<string, unknown>;
  if (chatApi === "responses") return "responses";
  if (type === "gemini" || type === "vertex") return "gemini";
  if (type === "bedrock") return "converse";
  if (type === "cohere") return cohereApiVersion === "v2" ? "cohere v2" : "openai";
  if (qwenEnableCompatible === false) return "dashscope";
  const own = ownAnswers.find(
    ({ entry: other }) =>
      other.type === type &&
      ["botType", "minimaxApiType", "hunyuanAuthId"].every(
        (key) => other[key] === (entry as Record<string, unknown>)[key],
      ),
  );
  if (own !== undefined) return own.name;
  return dialect === "anthropic" ? "anthropic" : "openai";
}

const whole = (format: Format, name: string, text: string): ProviderAnswer => ({
  format,
  name,
  contentType: "application/json",
  documents: [text],
  framed: ([document]) => Buffer.from(document!),
});

/** A stream whose lines of data are its documents; all other lines stay. */
function stream(format: Format, name: string, text: string): ProviderAnswer {
  const data = /^(data: ?)(.*)$/gm;
  const documents = [...text.matchAll(data)].map((found) => found[2]!.replace(/\r$/, ""));
  return {
    format,
    name,
    contentType: "text/event-stream",
    documents,
    framed(changed) {
      const rest = changed.slice();
      // A document that a change has taken away takes its line along.
      return Buffer.from(text.replace(data, (_, prefix: string) => prefix + (rest.shift() ?? "")));
    },
  };
}

const golden = (["openai", "anthropic", "responses", "gemini"] as const).flatMap((dialect) =>
  goldenFiles(dialect, /^(answer|stream)-/).map(({ file, text }) =>
    file.endsWith(".sse") ? stream(dialect, file, text) : whole(dialect, file, text),
  ),
);

const own = ownAnswers.flatMap(({ name, whole: body, stream: events, errors = [], streamErrors = [] }) => [
  whole(name, `${name}, whole`, JSON.stringify(body)),
  ...(events === undefined ? [] : [stream(name, `${name}, stream`, events)]),
  ...errors.map(([error]) => whole(name, `${name}, error`, JSON.stringify(error))),
  ...streamErrors.map(([error]) =>
    stream(name, `${name}, error in a stream`, `${events ?? ""}data: ${JSON.stringify(error)}\n\n`),
  ),
]);

const call = { id: "c1", type: "function", function: { name: "weather", arguments: '{"city":"Ulm"}' } };
const pieces = [{ content: "Gr" }, { content: "üße", reasoning_content: "hm" }, { tool_calls: [call] }];
const dashscope = [
  whole("dashscope", "dashscope, whole", JSON.stringify(answer({ content: "Grüße", tool_calls: [call] }))),
  stream(
    "dashscope",
    "dashscope, stream",
    pieces
      .map((piece, at) => event(answer({ content: "", ...piece }, at === 2 ? "tool_calls" : "null")))
      .join(""),
  ),
  stream(
    "dashscope",
    "dashscope, error in a stream",
    event({ code: "Throttling", message: "Slow down", request_id: "r" }, "error", 429),
  ),
];

const converse: ProviderAnswer[] = [
  whole(
    "converse",
    "converse, whole",
    JSON.stringify({
      output: {
        message: {
          role: "assistant",
          content: [
            { reasoningContent: { reasoningText: { text: "hm", signature: "c2VhbA==" } } },
            { text: "Grüße" },
            { toolUse: { toolUseId: "t1", name: "weather", input: { city: "Ulm" } } },
          ],
        },
      },
      stopReason: "tool_use",
      usage: { inputTokens: 9, outputTokens: 3, totalTokens: 12 },
    }),
  ),
  {
    format: "converse",
    name: "converse, stream",
    contentType: "application/vnd.amazon.eventstream",
    documents: [
      '{"messageStart":{"role":"assistant"}}',
      '{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"hm"}}}}',
      '{"contentBlockStop":{"contentBlockIndex":0}}',
      '{"contentBlockDelta":{"contentBlockIndex":1,"delta":{"text":"Grüße"}}}',
      '{"contentBlockStop":{"contentBlockIndex":1}}',
      '{"contentBlockStart":{"contentBlockIndex":2,"start":{"toolUse":{"toolUseId":"t1","name":"weather"}}}}',
      '{"contentBlockDelta":{"contentBlockIndex":2,"delta":{"toolUse":{"input":"{}"}}}}',
      '{"contentBlockStop":{"contentBlockIndex":2}}',
      '{"messageStop":{"stopReason":"tool_use"}}',
      '{"metadata":{"usage":{"inputTokens":9,"outputTokens":3,"totalTokens":12}}}',
    ],
    framed: converseMessages,
  },
];

const formats: Partial<Record<Recording["kind"], Format>> = {
  chat: "openai",
  messages: "anthropic",
  responses: "responses",
  gemini: "gemini",
  converse: "converse",
  cohere: "cohere v2",
};

/** Of long streams the first events, and the end. */
function recorded(recording: Recording): ProviderAnswer | undefined {
  const format = formats[recording.kind];
  if (format === undefined) return undefined;
  const name = recording.name;
  if (!recording.streamed) return whole(format, name, Buffer.from(recording.answerBytes).toString());
  const { events, framing } = recording;
  const documents = events.length > 30 ? [...events.slice(0, 24), ...events.slice(-6)] : [...events];
  if (documents.join("").length > 60_000) return undefined;
  const isConverse = recording.kind === "converse";
  return {
    format,
    name,
    contentType: recording.contentType,
    documents,
    framed: (changed) =>
      isConverse
        ? converseMessages(changed)
        : Buffer.from(framing === "raw" ? recording.streamBytes : frameStream(changed, framing)),
  };
}

const folder = recordingsFolder();
const recordings = folder === undefined ? [] : loadRecordings(folder);

export const providerAnswers: ProviderAnswer[] = [
  ...golden,
  ...own,
  ...dashscope,
  ...converse,
  ...recordings.map(recorded).filter((answer) => answer !== undefined),
];
