// What a target cannot express is named in `x-ai-proxy-dropped`. Requests that use every field of a client's dialect go to
// every target; each member is taken out once, and where that changes neither what the target gets nor the names, the
// member gets lost unnamed. `vitest -u` writes the list of names anew.

import { expect, test } from "vitest";
import type { ClientDialect } from "../../../host-test/testing/official-clients.ts";
import {
  answerOf,
  answersOf,
  clients,
  expectValue,
  list,
  open,
  readJson,
  targets,
  type Cell,
  type Target,
} from "./matrix.ts";

type Path = (string | number)[];

/** Members that say nothing to another dialect, by client and their path without positions, each with the reason. */
const meaningless: Record<ClientDialect, Record<string, string>> = readJson("meaningless.json");
/** Words that tell what stands beside them. */
const marks = ["role", "type"];

/** Where a conversation stands. */
const conversation = ["messages", "system", "input", "instructions", "contents", "systemInstruction"];

class Probe {
  /** Members that neither reached the target nor were named, without their positions. */
  readonly unnamed = new Set<string>();
  readonly names = new Set<string>();
  readonly #cell: Cell;
  #wanted: { seen: string; names: string[] } = { seen: "", names: [] };

  readonly #target: Target;
  readonly #client: ClientDialect;

  constructor(target: Target, client: ClientDialect) {
    this.#target = target;
    this.#client = client;
    this.#cell = open(target.entry, target.model);
  }

  /** Looks for every member of this request. */
  look(part: string, request: object): void {
    this.#wanted = this.#ask(request);
    expect(this.#wanted.seen, part).not.toMatch(/^\{"/);
    for (const name of this.#wanted.names) this.names.add(name);
    this.#walk(part, request, request, []);
  }

  #walk(part: string, request: object, value: unknown, path: Path): void {
    if (path.length > 0 && this.#isSettled(part, request, value, path)) return;
    if (isLeaf(value)) return;
    for (const [key, member] of Object.entries(value as object)) {
      this.#walk(part, request, member, [...path, Array.isArray(value) ? Number(key) : key]);
    }
  }

  /** True when nothing is left to be found out about a member. */
  #isSettled(part: string, request: object, value: unknown, path: Path): boolean {
    const key = String(path.at(-1));
    const place = path.filter((step) => typeof step === "string").join(".");
    if (
      marks.includes(key) ||
      place in meaningless[this.#client] ||
      `${place}=${(value as { name?: string } | null)?.name ?? value}` in meaningless[this.#client]
    )
      return true;
    const { seen, names } = this.#wanted;
    // A header has 32 names at most.
    expect(names.length).toBeLessThan(32);
    const isCut = names.some((name) => name.endsWith(" but the last"));
    if (isCut && conversation.includes(String(path[0]))) return true;
    if (typeof value === "string" && value.length > 3 && seen.includes(JSON.stringify(value).slice(1, -1)))
      return true;
    // One name stands for several members, so that it need not go with one of them.
    if (isNamed(names, place, value))
      return Array.isArray(parentOf(request, path)) || this.#isNamedAlone(request, path, place, value);
    const less = this.#ask(without(request, path));
    if (less.seen !== seen) return false;
    // Where more is named without it, it was of use.
    const isIdle = names.length === less.names.length && names.every((name) => less.names.includes(name));
    if (isIdle) this.unnamed.add(`${this.#client} ${place}`);
    return true;
  }

  /** A name may be that of another member with the same key, so those are left out. */
  #isNamedAlone(request: object, path: Path, place: string, value: unknown): boolean {
    const alone = structuredClone(request);
    removeOthers(alone, parentOf(alone, path), String(path.at(-1)));
    const { seen, names } = this.#ask(alone);
    if (isNamed(names, place, value)) return true;
    if (this.#ask(without(alone, path)).seen !== seen) return false;
    this.unnamed.add(`${this.#client} ${place}`);
    return true;
  }

  /** What the target gets, and the names of what it does not. */
  #ask(request: object): { seen: string; names: string[] } {
    const folder = answersOf(this.#target, this.#client)!;
    const streamed = "stream" in request && request.stream === true;
    const file = list(`answers/${folder}`).find((name) => /^stream\.(sse|events\.json)$/.test(name));
    const reply = answerOf(
      this.#target,
      `answers/${folder}/${streamed && file !== undefined ? file : "text.json"}`,
    );
    const { upstream, client } = this.#cell.ask(this.#client, JSON.stringify(request), false, reply);
    // Refused: what was taken out is needed.
    if (upstream === undefined) return { seen: client.text, names: [] };
    const head = upstream.headers.filter(([name]) => !/^(content-length|authorization)$/.test(name));
    return {
      seen: JSON.stringify(head) + upstream.text,
      names: client.header("x-ai-proxy-dropped")?.split(",") ?? [],
    };
  }
}

/** Words that may stand for a member in the header, which are those of OpenAI's dialect mostly. */
const synonyms: Record<string, string> = {
  allowed_tools: "tools",
  document: "file",
  input_file: "file",
  fileData: "file",
  input_image: "image",
  image_url: "image",
  input_audio: "audio",
  inlineData: "file",
  tool_calls: "tool_call",
  function_call: "tool_call",
  budget_tokens: "reasoning_effort",
  thoughtSignature: "signature",
  functionCall: "tool_call",
  tool_use_id: "tool_call_id",
  call_id: "tool_call_id",
  "functionResponse.id": "tool_call_id",
  "functionResponse.name": "tool_call_id",
};

function isNamed(names: string[], place: string, value: unknown): boolean {
  const words = names.map((name) => name.split(/[. ]/).at(-1)!);
  return namesOf(place, value).some((word) => words.includes(word));
}

/** The words that may name a member: its own, its kind's, and those that other dialects have for it. */
function namesOf(place: string, value: unknown): string[] {
  const steps = place.split(".");
  const key = steps.at(-1)!;
  const { type = "", role = "" } = (value ?? {}) as { type?: string; role?: string };
  const inner = isLeaf(value) ? [] : Object.keys(value as object).map((name) => synonyms[name] ?? "");
  const isResult = role === "tool" || role === "function";
  return [
    key,
    type,
    synonyms[key] ?? "",
    synonyms[steps.slice(-2).join(".")] ?? "",
    synonyms[type] ?? "",
    ...inner,
    isResult ? "role=tool" : "",
  ];
}

function isLeaf(value: unknown): boolean {
  return value === null || typeof value !== "object";
}

/** The object or list that holds what stands at this path. */
function parentOf(request: object, path: Path): any {
  return path.slice(0, -1).reduce((place: any, step) => place[step], request);
}

/** Takes every member of this name out of the value but that of `kept`. */
function removeOthers(value: any, kept: object, name: string): void {
  if (isLeaf(value)) return;
  for (const key of Object.keys(value)) {
    if (key === name && value !== kept) delete value[key];
    else removeOthers(value[key], kept, name);
  }
}

/** A copy of the request that lacks one member or item. */
function without(request: object, path: Path): object {
  const copy = structuredClone(request);
  const place = parentOf(copy, path);
  const last = path.at(-1)!;
  if (Array.isArray(place)) place.splice(Number(last), 1);
  else delete place[last];
  return copy;
}

const dropped: Record<string, Partial<Record<ClientDialect, string[]>>> = {};
const unnamed: Record<string, string[]> = {};
const translating = Object.entries(targets).filter(([, target]) => target.answers !== undefined);

test.each(translating)("%s gets what it is sent, or says what not", (name, target) => {
  const names: Partial<Record<ClientDialect, string[]>> = {};
  for (const client of clients) {
    const probe = new Probe(target, client);
    const requests: Record<string, object> = readJson(`requests/${client}/everything.json`);
    for (const [part, request] of Object.entries(requests)) probe.look(part, request);
    for (const member of probe.unnamed) (unnamed[member] ??= []).push(name);
    if (probe.names.size > 0) names[client] = [...probe.names].sort();
  }
  dropped[name] = names;
  expect(names).not.toEqual({});
});

test("the names are those of the table in docs/ai-proxy-matrix.md", async () => {
  await expectValue("dropped.json", dropped);
});

test("nothing gets lost unnamed", () => {
  expect(unnamed).toEqual({});
});
