// What each row of the provider table is expected to make of a request: fixtures/providers/<type>.json, an object
// or, for a type that is configured in several ways, a list of them. docs/adding-a-provider.md says what is in one.

import { existsSync, readFileSync } from "node:fs";
import type { TestRequest } from "../../../host-test/testing/chain.ts";

export interface ProviderFixture {
  type: string;
  /** What distinguishes it from others of its type. */
  title: string;
  /** Keys of the configuration besides type, token and mapping. */
  entry: object;
  host: string;
  /** What the provider speaks; `own`: a dialect that has tests of its own; `any`: bodies are the client's business. */
  dialect: "openai" | "anthropic" | "own" | "any";
  /** The model that clients ask for. */
  model: string;
  /** The header that carries the token, `name: value`; "" for none. */
  credential: string;
  /** Further headers that the provider must get. */
  headers: Record<string, string>;
  /** The client's paths, and those they become. */
  paths: Record<string, string>;
  /** What becomes of a body for an API that is not offered, and the client's path of such a one. */
  others: "refused" | "passed";
  unoffered: string;
}

const plugin = new URL("../", import.meta.url);

/** The types of `providers/table.ts`, in its order. */
export function tableTypes(): string[] {
  const table = readFileSync(new URL("providers/table.ts", plugin), "utf8");
  return [...table.matchAll(/^ {4}case "([^"]+)":$/gm)].map(([, type]) => type!);
}

/** The path of a type's fixture, from the root of the repository. */
export function fixturePath(type: string): string {
  return `plugins/ai-proxy/test/fixtures/providers/${type}.json`;
}

/** Undefined when there is no such file. */
export function readFixtures(type: string): ProviderFixture[] | undefined {
  const file = new URL(`test/fixtures/providers/${type}.json`, plugin);
  if (!existsSync(file)) return undefined;
  const given: Partial<ProviderFixture>[] = [JSON.parse(readFileSync(file, "utf8"))].flat();
  return given.map(({ entry = {}, host = "", paths = {}, headers = {}, ...rest }) => ({
    dialect: "openai",
    model: "gpt-4o",
    credential: "authorization: Bearer sk-provider",
    others: "refused",
    unoffered: "/v1/conversations",
    ...rest,
    type,
    title: [type, ...Object.keys(entry)].join(" "),
    entry,
    host,
    paths,
    headers,
  }));
}

export const fixtures: ProviderFixture[] = tableTypes().flatMap((type) => readFixtures(type) ?? []);

/** The client's path of chat: every provider has it. */
export const chatPath = "/v1/chat/completions";

/** The provider takes Anthropic's messages as they are. */
export function takesMessages({ paths, dialect }: ProviderFixture): boolean {
  return dialect === "any" || Object.keys(paths).some((path) => path.startsWith("/v1/messages"));
}

/** The request for the model that the fixture asks for. */
export function asking({ model }: ProviderFixture, request: TestRequest): TestRequest {
  const body = request.body?.toString().replace(/"model": ?"[^"]*"/, `"model": "${model}"`);
  return { ...request, body };
}

/** The configuration entry of a fixture. */
export function entryOf({ type, entry }: ProviderFixture, more: object = {}): object {
  return { type, apiTokens: ["sk-provider"], modelMapping: { "gpt-4o": "their-model" }, ...entry, ...more };
}
