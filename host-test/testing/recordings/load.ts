// The recorded provider answers under shared/data/recordings: loaded, classified, framed, and read by the
// reference assemblers. They are read in place and are no part of this project.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { JsonObject } from "../../services/simulator/json-value.ts";
import { arrayOf, isObject, numberOf, objectOf, textOf } from "../../services/simulator/json-value.ts";
import { assembleChatAnswer, assembleChatStream } from "./assemble-chat.ts";
import { assembleCohereAnswer, assembleCohereStream } from "./assemble-cohere.ts";
import { assembleConverseAnswer, assembleConverseStream } from "./assemble-converse.ts";
import { assembleGeminiAnswer, assembleGeminiStream } from "./assemble-gemini.ts";
import { assembleMessagesAnswer, assembleMessagesStream } from "./assemble-messages.ts";
import { assembleResponsesAnswer, assembleResponsesStream } from "./assemble-responses.ts";
import type { Expected } from "./expected.ts";
import type { Framing } from "./framing.ts";
import { contentTypeOf, frameStream, readEvent } from "./framing.ts";

/** `error` is a provider's error body; `other` is all that no reference assembler reads. */
export type RecordingKind =
  "chat" | "responses" | "messages" | "gemini" | "converse" | "cohere" | "embedding" | "error" | "other";

interface RecordingBase {
  /** `openai/chat/openai-text.chunks.txt`; streams of a file that holds several end in `#1`, `#2`, … */
  name: string;
  file: string;
  /** First folder: `openai`, `anthropic`, `deepseek`, … */
  provider: string;
  kind: RecordingKind;
  /** HTTP status that it came with. */
  status: number;
  contentType: string;
  /** What a client should assemble from it; absent for the kinds `embedding`, `error` and `other`. */
  expected?: Expected;
}

export interface AnswerRecording extends RecordingBase {
  streamed: false;
  /** The body, byte for byte. */
  answerBytes: Uint8Array;
}

export interface StreamRecording extends RecordingBase {
  streamed: true;
  framing: Framing | "raw";
  /** The JSON text of each event. */
  events: readonly string[];
  /** An event's text is not JSON, as the provider's recording stands. Such a stream has no `expected`. */
  malformed: boolean;
  /** The body as the provider frames it; empty for `websocket`. */
  streamBytes: Uint8Array;
}

export type Recording = AnswerRecording | StreamRecording;

/** Where the recordings lie beside a checkout, or undefined: tests then skip. */
export function recordingsFolder(): string | undefined {
  const folder = fileURLToPath(new URL("../../../../shared/data/recordings", import.meta.url));
  return existsSync(folder) ? folder : undefined;
}

/** All recordings, in order of name. Throws on a file that is not what its name says. */
export function loadRecordings(folder: string): Recording[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .flatMap((path) => loadFile(path, relative(folder, path).split(sep).join("/")));
}

export function isAnswer(recording: Recording): recording is AnswerRecording {
  return !recording.streamed;
}

export function isStream(recording: Recording): recording is StreamRecording {
  return recording.streamed;
}

function loadFile(path: string, file: string): Recording[] {
  const bytes = readFileSync(path);
  const provider = file.slice(0, file.indexOf("/"));
  if (file.endsWith(".json")) return [answerOf(file, provider, bytes)];
  if (file.endsWith(".sse")) {
    const lines = bytes
      .toString()
      .split("\n")
      .filter((line) => line.startsWith("data: {"));
    const events = lines.map((line) => line.slice("data: ".length));
    return [{ ...streamOf(file, file, provider, events), framing: "raw", streamBytes: bytes }];
  }
  if (!file.endsWith(".chunks.txt")) throw new Error(`${file}: expected *.json, *.chunks.txt or *.sse`);
  const streams = split(
    bytes
      .toString()
      .split("\n")
      .filter((line) => line.trim() !== ""),
  );
  return streams.map((events, position) =>
    streamOf(streams.length > 1 ? `${file}#${position + 1}` : file, file, provider, events),
  );
}

// Some files hold the streams of several turns one after the other; each was an HTTP answer of its own.
function split(lines: readonly string[]): string[][] {
  const streams: string[][] = [];
  for (const line of lines) {
    const type = /"type":"(\w+(?:\.\w+)*)"/.exec(line)?.[1];
    if (streams.length === 0 || type === "message_start" || type === "response.created") streams.push([]);
    streams.at(-1)?.push(line);
  }
  return streams;
}

/** An answer in one piece; throws where it is no JSON. */
export function answerOf(file: string, provider: string, answerBytes: Uint8Array): AnswerRecording {
  const answer = objectOf(JSON.parse(Buffer.from(answerBytes).toString()));
  const kind = kindOfAnswer(answer);
  return {
    name: file,
    file,
    provider,
    kind,
    streamed: false,
    status: kind === "error" ? statusOfError(objectOf(answer.error)) : 200,
    contentType: "application/json",
    answerBytes,
    expected: assembleAnswer(kind, answer),
  };
}

/** A stream by the JSON text of its events. */
export function streamOf(name: string, file: string, provider: string, events: string[]): StreamRecording {
  const values = events.map(readEvent);
  const read = values.filter((value) => value !== undefined);
  const malformed = read.length < values.length;
  const kind = kindOfStream(read[0] ?? {});
  const framing = framingOf(kind, file);
  return {
    name,
    file,
    provider,
    kind,
    streamed: true,
    status: 200,
    contentType: contentTypeOf(framing),
    framing,
    events,
    malformed,
    streamBytes: frameStream(events, framing),
    expected: malformed ? undefined : assembleStream(kind, read),
  };
}

function kindOfAnswer(answer: JsonObject): RecordingKind {
  if (isObject(answer.error)) return "error";
  if (Array.isArray(answer.choices)) return "chat";
  if (answer.type === "message") return "messages";
  if (answer.object === "response") return "responses";
  if (Array.isArray(answer.candidates)) return "gemini";
  if (isObject(answer.output)) return "converse";
  if (isObject(answer.message) && textOf(answer.finish_reason) !== "") return "cohere";
  const isVector = objectOf(arrayOf(answer.data)[0]).object === "embedding";
  return isVector || isObject(answer.embeddings) ? "embedding" : "other";
}

function kindOfStream(first: JsonObject): RecordingKind {
  if (Array.isArray(first.choices)) return "chat";
  if (first.type === "message_start") return "messages";
  if (textOf(first.type).startsWith("response.")) return "responses";
  if (Array.isArray(first.candidates)) return "gemini";
  if (first.type === "message-start") return "cohere";
  const isConverse = first.messageStart ?? first.contentBlockStart ?? first.contentBlockDelta;
  return isConverse ? "converse" : "other";
}

function framingOf(kind: RecordingKind, file: string): Framing {
  switch (kind) {
    case "chat":
      return "data";
    case "gemini":
      return "data-crlf";
    case "converse":
      return "eventstream";
    case "other":
      return file.includes("/speech-translation/") ? "websocket" : "event-done";
    default:
      return "event";
  }
}

function statusOfError(error: JsonObject): number {
  return numberOf(error.code) ?? (textOf(error.code) === "insufficient_quota" ? 429 : 400);
}

function assembleAnswer(kind: RecordingKind, answer: JsonObject): Expected | undefined {
  switch (kind) {
    case "chat":
      return assembleChatAnswer(answer);
    case "messages":
      return assembleMessagesAnswer(answer);
    case "responses":
      return assembleResponsesAnswer(answer);
    case "gemini":
      return assembleGeminiAnswer(answer);
    case "converse":
      return assembleConverseAnswer(answer);
    case "cohere":
      return assembleCohereAnswer(answer);
    default:
      return undefined;
  }
}

function assembleStream(kind: RecordingKind, events: readonly JsonObject[]): Expected | undefined {
  switch (kind) {
    case "chat":
      return assembleChatStream(events);
    case "messages":
      return assembleMessagesStream(events);
    case "responses":
      return assembleResponsesStream(events);
    case "gemini":
      return assembleGeminiStream(events);
    case "converse":
      return assembleConverseStream(events);
    case "cohere":
      return assembleCohereStream(events);
    default:
      return undefined;
  }
}
