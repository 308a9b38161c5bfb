// The matrix has no hole: each type of the provider table is a target or speaks as one, and each cell has its files or a
// reason. No file lies there for nothing.

import { describe, expect, test } from "vitest";
import type { ClientDialect } from "../../../host-test/testing/official-clients.ts";
import {
  answerOf,
  answersOf,
  cases,
  clients,
  exceptions,
  gaps,
  has,
  inputs,
  list,
  open,
  questionFor,
  read,
  readJson,
  targets,
  types,
  type Entry,
} from "./matrix.ts";
import { fixtures, tableTypes } from "./provider-fixtures.ts";

const requestCases = Object.keys(cases).filter((name) => cases[name]!.request);
const answerCases = Object.keys(cases).filter((name) => cases[name]!.answer);
const ownTypes = Object.values(targets).map(({ entry }) => entry.type);
/** Targets that have answers of their own, not those of another. */
const answering = Object.keys(targets).filter((name) => targets[name]!.answers?.["*"] === name);

test("every type of the provider table is a target, or speaks as one", () => {
  expect([...new Set([...ownTypes, ...Object.keys(types)])].sort()).toEqual(tableTypes().sort());
});

test.each(Object.keys(targets))("%s has every case for every client, or a reason", (name) => {
  const reasons = gaps[name] ?? {};
  for (const [kind, reason] of Object.entries(reasons)) {
    expect(Object.keys(cases)).toContain(kind);
    expect(reason).toMatch(/\w{3}/);
  }
  for (const client of clients) {
    for (const kind of requestCases) {
      const file = `requests/${client}/${kind}.${name}.json`;
      expect(has(file), file).toBe(!(kind in reasons));
    }
    if (!answering.includes(name) || answersOf(targets[name]!, client) !== name) continue;
    for (const kind of answerCases) {
      const extension = kind === "stream" ? "sse" : "json";
      const file = `answers/${name}/${kind}.${client}.${extension}`;
      expect(has(file), file).toBe(!(kind in reasons));
    }
  }
});

test("no file is left over", () => {
  for (const client of clients) {
    const known = requestCases.flatMap((kind) => [
      `${kind}.json`,
      ...Object.keys(targets).map((name) => `${kind}.${name}.json`),
    ]);
    const files = list(`requests/${client}`).filter((file) => file !== "everything.json");
    expect(files.filter((file) => !known.includes(file))).toEqual([]);
  }
  expect(list("answers").sort()).toEqual(answering.sort());
  for (const name of answering) {
    const own = inputs(`answers/${name}`);
    const known = own.flatMap((file) => {
      const [kind, ...rest] = file.split(".");
      const extension = rest.join(".") === "json" ? "json" : "sse";
      return [file, ...clients.map((client) => `${kind}.${client}.${extension}`)];
    });
    expect(list(`answers/${name}`).filter((file) => !known.includes(file))).toEqual([]);
    const kinds = own.map((file) => file.split(".")[0]!);
    expect([...new Set(kinds)].sort()).toEqual(answerCases.filter((kind) => !gaps[name]?.[kind]).sort());
  }
  for (const name of [...Object.keys(gaps), ...Object.keys(exceptions)])
    expect(Object.keys(targets)).toContain(name);
});

describe.each(Object.entries(types))("%s", (type, places) => {
  const fixture = fixtures.find((one) => one.type === type)!;
  const entry = { type, ...fixture.entry } as Entry;

  test.each(clients)("is to a client of %s what its target is", (client: ClientDialect) => {
    const name = (places[client] ?? places["*"])!;
    const target = targets[name]!;
    const cell = open(entry, target.model);
    for (const kind of requestCases) {
      const body = read(`requests/${client}/${kind}.json`);
      const { upstream } = cell.ask(client, body, kind === "stream", {});
      const expected = readJson(`requests/${client}/${kind}.${name}.json`);
      expect(JSON.parse(upstream!.text), kind).toEqual(expected.body);
    }
    const folder = answersOf(target, client);
    if (folder === undefined) return;
    const answering = open(entry, targets[folder]!.model);
    for (const file of inputs(`answers/${folder}`)) {
      const { body, streamed } = questionFor(client, file);
      const reply = answerOf(target, `answers/${folder}/${file}`);
      const { client: got } = answering.ask(client, body, streamed, reply);
      const kind = file.split(".")[0];
      const expected = read(`answers/${folder}/${kind}.${client}.${streamed ? "sse" : "json"}`);
      if (streamed) expect(got.text, file).toBe(expected);
      else if (kind === "error") expect(JSON.parse(got.text)).toEqual(JSON.parse(expected).body);
      else expect(JSON.parse(got.text), file).toEqual(JSON.parse(expected));
    }
  });
});
