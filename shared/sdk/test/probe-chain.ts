// The compiled probe in a filter chain in memory, and what it wrote.

import { readFile } from "node:fs/promises";
import { specOf, TestChain, type TestChainOptions } from "../../../host-test/testing/chain.ts";
import { compileForTest } from "../../../scripts/compile.mjs";
import { guestBuild } from "../../../scripts/guest-build.mjs";

async function load(name: string, target: "higress" | "envoy"): Promise<Buffer> {
  return readFile(
    await compileForTest({ entry: `shared/sdk/test/${name}.ts`, target, flags: ["--noUnsafe"] }),
  );
}

export const probe = {
  higress: await load("probe-plugin", "higress"),
  envoy: await load("probe-plugin", "envoy"),
};
export const suite = await load("suite-plugin", "higress");

/** Steps by phase; see probe/steps.ts. */
export type Steps = Record<string, string[] | string[][]>;

/** A chain with the probe alone. */
export function probeChain(
  configuration: object | string,
  options: Partial<TestChainOptions> = {},
): TestChain {
  const module = probe[options.flavour ?? "higress"];
  return new TestChain({ plugins: [{ name: "probe", module, configuration }], ...options });
}

/** A chain whose probe does these steps in every exchange. */
export function scripted(steps: Steps, options: Partial<TestChainOptions> = {}): TestChain {
  return probeChain({ steps }, options);
}

/** All messages without the line's head, oldest first. */
export function messages(chain: TestChain): string[] {
  return chain.logs.map(({ message }) => message.replace(/^\[.*?\] \[.*?\] \[.*?\] /, ""));
}

/** The callbacks that the probe heard, without those that end every exchange. */
export function heard(chain: TestChain): string[] {
  return messages(chain)
    .filter((message) => message.startsWith("> ") && message !== "> log" && message !== "> done")
    .map((message) => message.slice(2));
}

/** What it wrote besides callbacks and start. */
export function said(chain: TestChain): string[] {
  return messages(chain).filter(
    (message) => !message.startsWith("> ") && message !== "plugin start successfully",
  );
}

export interface Refusal {
  /** Envoy's message. */
  message: string;
  /** What the plugin logged at error, without the line's head. */
  errors: string[];
}

/** How a configuration is refused. Fails when it is taken. */
export async function refusal(
  configuration: object | string,
  options: Partial<TestChainOptions> = {},
): Promise<Refusal> {
  const chain = probeChain({}, options);
  chain.logs.length = 0;
  const module = probe[options.flavour ?? "higress"];
  const spec = specOf({ name: "refused", module, configuration });
  const refused = await chain.chain.reconfigure([spec]).then(
    () => undefined,
    (error: Error) => error,
  );
  if (refused === undefined) throw new Error(`the configuration was taken: ${JSON.stringify(configuration)}`);
  chain.logs.splice(0, chain.logs.length, ...chain.logs.filter(({ level }) => level === "error"));
  return { message: refused.message, errors: messages(chain) };
}

/** The stressed build collects at every allocation: what is only repetition is done less often there. */
export function times(count: number): number {
  return guestBuild === "release" ? count : Math.max(1, Math.ceil(count / 20));
}
