// The matrix of client dialects, providers and cases: what lies in `matrix/`, and the exchange of one cell.
//
//   targets.json   the distinct dialects of providers, each with an entry that speaks it
//   types.json     which target a type is where its entry is no target's own
//   cases.json     what each answer says, in no dialect's words, and what each request must have
//   gaps.json      why a target lacks a case
//   exceptions.json   which answers say something else than their case, and why
//   requests/<client>/<case>.json            what a client of that dialect sends
//   requests/<client>/<case>.<target>.json   what the target must get
//   requests/<client>/everything.json        requests that use every field of the dialect
//   answers/<target>/<case>.json, .sse       what the target answers; `.events.json`: frames of AWS's event stream
//   answers/<target>/<case>.<client>.json, .sse   what the client must get

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { format } from "prettier";
import { expect } from "vitest";
import type { Exchange, TestReply, TestRequest } from "../../../host-test/testing/chain.ts";
import {
  clientDialects,
  type ClientDialect,
  type Outcome,
} from "../../../host-test/testing/official-clients.ts";
import { frameStream } from "../../../host-test/testing/recordings.ts";
import { provider } from "./proxy.ts";
import { account, cluster } from "./vertex.ts";

export interface Entry {
  type: string;
  [key: string]: unknown;
}

export interface Target {
  /** Configuration entry besides credential and mapping. */
  entry: Entry;
  /** The model that the provider is asked for. */
  model: string;
  /** The folders with its answers: those to a client's dialect, `*` for all others. None: bodies pass as they are. */
  answers?: Partial<Record<ClientDialect | "*", string>>;
  /** Status of its errors, 429 where it has statuses. */
  errorStatus?: number;
  /** Content type of its streams, `text/event-stream` by default. */
  streamType?: string;
  /** False: its answers tell no usage. */
  hasUsage?: boolean;
}

export interface Case {
  /** What its answer says; none where requests alone have the case. */
  answer?: Outcome | { error: string };
  /** Texts that its request must have, each with the name that says so where the target has no place for it. */
  request?: Record<string, string>;
}

const folder = new URL("matrix/", import.meta.url);
const pathOf = (path: string) => fileURLToPath(new URL(path, folder));
export const has = (path: string) => existsSync(pathOf(path));
export const read = (path: string) => readFileSync(pathOf(path), "utf8");
export const readJson = (path: string) => JSON.parse(read(path));
export const list = (path: string) => readdirSync(pathOf(path));

export const clients = clientDialects;
export const targets: Record<string, Target> = readJson("targets.json");
/** Where an entry without keys of its own is another target than those of `targets`, by client; `*`: all others. */
export const types: Record<string, Partial<Record<ClientDialect | "*", string>>> = readJson("types.json");
export const cases: Record<string, Case> = readJson("cases.json");
export const exceptions: Record<string, Record<string, string>> = readJson("exceptions.json");
export const gaps: Record<string, Record<string, string>> = readJson("gaps.json");

/** Files of a folder with one input each: those of other cells have a further name between the dots. */
export function inputs(path: string): string[] {
  return list(path).filter((file) => /^[a-z-]+\.(json|sse|events\.json)$/.test(file));
}

/** Google's token endpoint. */
const calls = {
  [cluster]: () => ({ body: JSON.stringify({ access_token: "sk-provider", expires_in: 3599 }) }),
};

export interface Cell {
  ask(client: ClientDialect, body: string, streamed: boolean, answer: TestReply): Exchange;
}

/** A chain with this entry. */
export function open(entry: Entry, model: string): Cell {
  let reply: TestReply = {};
  const credential =
    "vertexRegion" in entry ? { vertexAuthKey: JSON.stringify(account) } : { apiTokens: ["sk-provider"] };
  const configuration = { modelMapping: { "*": model }, ...credential, ...entry };
  const chain = provider(configuration, { upstream: () => reply, calls });
  // DeepL's models are its plans, and no names that could be mapped.
  const asked = entry.type === "deepl" ? model : "any";
  return {
    ask(client, body, streamed, answer) {
      reply = answer;
      return chain.exchange(asking(client, body.replace('"any"', `"${asked}"`), streamed, asked));
    },
  };
}

const paths: Record<Exclude<ClientDialect, "gemini">, string> = {
  openai: "/v1/chat/completions",
  responses: "/v1/responses",
  anthropic: "/v1/messages",
};

/** Gemini's clients name model and stream in the path. */
function asking(client: ClientDialect, body: string, streamed: boolean, model: string): TestRequest {
  const method = streamed ? "streamGenerateContent?alt=sse" : "generateContent";
  const path = client === "gemini" ? `/v1beta/models/${model}:${method}` : paths[client];
  const headers = { "content-type": "application/json", authorization: "Bearer sk-client" };
  return { method: "POST", path, authority: "gateway.example.com", headers, body };
}

/** The folder with a target's answers to a client; undefined where bodies pass as they are. */
export function answersOf({ answers }: Target, client: ClientDialect): string | undefined {
  return answers?.[client] ?? answers?.["*"];
}

/** An answer of a target, from its file. */
export function answerOf(target: Target, path: string): TestReply {
  if (path.endsWith(".events.json")) {
    const events = readJson(path).map((event: object) => JSON.stringify(event));
    return {
      headers: { "content-type": "application/vnd.amazon.eventstream" },
      body: frameStream(events, "eventstream"),
    };
  }
  const type = path.endsWith(".sse") ? (target.streamType ?? "text/event-stream") : "application/json";
  const status = path.endsWith("error.json") ? (target.errorStatus ?? 429) : 200;
  return { status, headers: { "content-type": type }, body: read(path) };
}

/** The client's request for the answer in this file. */
export function questionFor(client: ClientDialect, file: string): { body: string; streamed: boolean } {
  const streamed = !/^[a-z-]+\.json$/.test(file);
  return { body: read(`requests/${client}/${streamed ? "stream" : "text"}.json`), streamed };
}

/** Fails unless the file has this value; `vitest -u` writes it anew, and the difference is for you to judge. */
export async function expectValue(path: string, value: unknown): Promise<void> {
  if (has(path) && isSame(readJson(path), value)) return;
  await expectText(path, await format(JSON.stringify(value), { parser: "json", printWidth: 110 }));
}

/** As `expectValue`, for text. */
export async function expectText(path: string, text: string): Promise<void> {
  const isNew = !has(path);
  // Without -u a file that is missing must fail, not appear.
  if (isNew) writeFileSync(pathOf(path), "");
  await expect(text)
    .toMatchFileSnapshot(pathOf(path))
    .catch((difference: unknown) => {
      if (isNew) rmSync(pathOf(path));
      throw difference;
    });
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
