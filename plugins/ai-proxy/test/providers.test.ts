// Every row of the provider table against its fixture.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { between } from "../../../scripts/docs.mjs";
import {
  asking,
  chatPath,
  entryOf,
  fixturePath,
  fixtures,
  readFixtures,
  tableTypes,
} from "./provider-fixtures.ts";
import type { ProviderFixture } from "./provider-fixtures.ts";
import { answering, chat, eventStream, json, provider } from "./proxy.ts";

describe("the provider table", () => {
  test.each(tableTypes())("%s has a fixture", (type) => {
    const found = readFixtures(type);
    if (found === undefined)
      throw new Error(`no fixture: create ${fixturePath(type)} (docs/adding-a-provider.md)`);
    for (const { host, paths } of found) {
      expect(host).not.toBe("");
      expect(paths).toHaveProperty([chatPath]);
    }
  });

  test("has only types that schema.json names, and so does lint", () => {
    const schema = JSON.parse(readFileSync(new URL("../schema.json", import.meta.url), "utf8"));
    expect(schema.$defs.provider.properties.type.enum).toEqual(expect.arrayContaining(tableTypes()));
  });

  test("knows every word that docs/adding-a-provider.md has for rows, and the document knows every one it has", () => {
    const text = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");
    const documented = [...text("../../../docs/adding-a-provider.md").matchAll(/\.(\w+)\(/g)].map(
      ([, word]) => word!,
    );
    const known = [...text("../providers/provider.ts").matchAll(/^ {2}(\w+)\(.*\): Provider \{$/gm)].map(
      ([, word]) => word!,
    );
    const composed = ["offersAsOpenAi", "leavesPathAndBody"];
    expect([...new Set(documented)].toSorted()).toEqual(
      known.filter((word) => !composed.includes(word)).toSorted(),
    );
  });

  test("is the one in the README", async () => {
    const readme = fileURLToPath(new URL("../README.md", import.meta.url));
    const current = between(readFileSync(readme, "utf8"), "providers", readmeTable());
    await expect(current).toMatchFileSnapshot(readme);
  });
});

describe.each(fixtures)("$title", (fixture) => {
  const { credential, dialect, headers, host, others, unoffered } = fixture;
  const entry = entryOf(fixture);
  const passesBody = dialect === "any";

  test("a chat request gets the provider's host, path, credential and model, and stays itself otherwise", () => {
    const text =
      '{ "model": "gpt-4o",\n "messages": [{"role": "user", "content": "Hi", "x": [1e400]}], "stream": false, "own": {"a": 1} }';
    const { upstream } = provider(entry).exchange(asking(fixture, chat(text)));
    const path = fixture.paths[chatPath]!;
    expect(upstream!.header(":authority")).toBe(host);
    expect(upstream!.header(":path")).toBe(path);
    const isMoved = host !== "gateway.example.com";
    expect(upstream!.header("x-envoy-original-host")).toBe(isMoved ? "gateway.example.com" : undefined);
    expect(upstream!.header("x-envoy-original-path")).toBe(path === chatPath ? undefined : chatPath);
    if (credential !== "") {
      const [name, value] = credential.split(": ") as [string, string];
      expect(upstream!.header(name)).toBe(value);
    }
    for (const [name, value] of Object.entries(headers)) expect(upstream!.header(name)).toBe(value);
    expect(upstream!.header("content-length")).toBeUndefined();
    if (dialect === "own") expect(upstream!.text).toContain("Hi");
    else if (dialect === "anthropic")
      expect(JSON.parse(upstream!.text)).toMatchObject({ model: "their-model", max_tokens: 4096 });
    else expect(upstream!.text).toBe(passesBody ? text : text.replace("gpt-4o", "their-model"));
  });

  test.each(Object.entries(fixture.paths))("%s goes to %s", (from, to) => {
    const body =
      from === chatPath ? asking(fixture, chat()) : { path: from, authority: "gateway.example.com" };
    expect(provider(entry).exchange(body).upstream!.header(":path")).toBe(to);
  });

  test(`a body for an API it does not offer is ${others}`, () => {
    const chain = provider(entry);
    const text = '{"model": "gpt-4o"}';
    const { client, upstream, record } = chain.exchange(chat(text, { path: unoffered }));
    if (others === "passed") {
      expect(upstream!.header(":path")!.startsWith(unoffered)).toBe(true);
      expect(upstream!.text).toBe(text);
      return;
    }
    expect(upstream).toBeUndefined();
    expect(client.status).toBe(500);
    expect(record!.details).toBe("ai-proxy.proc_req_body_failed");
    expect(client.header("content-type")).toBe("text/plain");
    expect(client.text).toContain("failed to process request body: unsupported API name");
    expect(chain.problems().join()).toContain("unsupported API name");
  });

  test("a request without a body for an API it does not offer goes on", () => {
    const request = { path: unoffered, authority: "gateway.example.com" };
    expect(provider(entry).exchange(request).upstream!.header(":authority")).toBe(host);
  });

  test("an error reaches an OpenAI client with its status", () => {
    const error = { error: { message: "No more", type: "rate_limit_error", param: null, code: null } };
    const { client } = provider(entry, answering(json(error, { status: 429 }))).exchange(
      asking(fixture, chat()),
    );
    expect(client.status).toBe(429);
    expect(JSON.parse(client.text)).toEqual(error);
  });

  if (dialect === "anthropic" || dialect === "own") return;

  test("a whole answer reaches an OpenAI client byte for byte", () => {
    const answer = '{"id": "x",  "choices": [{"index":0,"message":{"role":"assistant","content":"é"}}]}';
    const length = {
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(answer)),
    };
    const { client } = provider(entry, answering({ body: answer, headers: length })).exchange(chat());
    expect(client.text).toBe(answer);
    expect(client.status).toBe(200);
  });

  test("a stream reaches an OpenAI client byte for byte, piece for piece", () => {
    const pieces = [
      'data: {"choices":[{"delta":{"content":"a',
      '"}}]}\r\n\r\ndata: {"x"',
      ":1}\n\ndata: [DONE]\n\n",
    ];
    const { client, upstream } = provider(entry, answering(eventStream(pieces))).exchange(
      chat({ stream: true }),
    );
    expect(client.chunks.join("")).toBe(pieces.join(""));
    if (fixture.type !== "moonshot") expect(client.chunks.map(String)).toEqual(pieces);
    if (passesBody) return;
    expect(JSON.parse(upstream!.text).stream_options).toEqual({ include_usage: true });
    expect(upstream!.header("accept")).toBe("text/event-stream");
  });
});

/** The table of the README, from the first fixture of each type. */
function readmeTable(): string {
  const firsts = tableTypes().map((type) => fixtures.find((fixture) => fixture.type === type)!);
  const words = {
    openai: "OpenAI",
    anthropic: "Anthropic",
    own: "its own",
    any: "passes bodies as they are",
  };
  const rows = firsts.map((fixture) => {
    const { credential, dialect, type } = fixture;
    return `| \`${type}\` | ${hostOf(fixture)} | ${words[dialect]} | ${credential === "" ? "" : `\`${credential.replace("sk-provider", "…")}\``} | ${apis(fixture)} |`;
  });
  const heading = ["| Type | Host | Speaks | Credential | APIs |", "| --- | --- | --- | --- | --- |"];
  return [...heading, ...rows.toSorted()].join("\n");
}

/** A host that is part of the configuration is named by its key. */
function hostOf({ entry, host }: ProviderFixture): string {
  const name = host.split(":")[0]!;
  const key = Object.entries(entry).find(([, value]) => String(value).includes(name))?.[0];
  return key === undefined ? `\`${host}\`` : `of \`${key}\``;
}

function apis({ dialect, paths }: ProviderFixture): string {
  if (dialect === "any") return "any";
  const names = Object.keys(paths).map((path) =>
    path.replace(/^.*\/v1\//, "").replace(/(\/\w+-\d.*)?(\?.*)?$/, ""),
  );
  const cell = [...new Set(names)].map((name) => `\`${name}\``);
  return cell.length > 10 ? "all of OpenAI's" : cell.join(", ");
}
