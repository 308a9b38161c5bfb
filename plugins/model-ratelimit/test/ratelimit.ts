// The compiled plugin in a filter chain in memory, and what its tests say most often.

import { readFileSync } from "node:fs";
import { builtModules, repositoryFolders } from "../../../host-test/gateway/resources/plugin-url.ts";
import { LocalData } from "../../../host-test/services/local-data.ts";
import {
  specOf,
  TestChain,
  type ClientSees,
  type TestChainOptions,
  type TestReply,
  type TestRequest,
} from "../../../host-test/testing/chain.ts";

/** Shared data that tells how much it holds. */
export class MeasuredData extends LocalData {
  bytes = 0;
  #sizes = new Map<string, number>();

  get keys(): number {
    return this.#sizes.size;
  }

  override set(...[vmId, key, value, cas]: Parameters<LocalData["set"]>): ReturnType<LocalData["set"]> {
    const outcome = super.set(vmId, key, value, cas);
    if (outcome === "ok") {
      this.bytes += value.length - (this.#sizes.get(key) ?? 0);
      this.#sizes.set(key, value.length);
    }
    return outcome;
  }
}

export const higress = readFileSync(builtModules("model-ratelimit", repositoryFolders).higress!);

/** A chain with the plugin alone. Throws `ConfigurationRejected`. */
export function ratelimit(
  configuration: object | string,
  options: Partial<TestChainOptions> = {},
): TestChain {
  return new TestChain({
    plugins: [{ name: "model-ratelimit", module: higress, configuration }],
    ...options,
  });
}

/** The errors that the plugin logs while it refuses a configuration, or "" when it takes it. */
export async function refusal(configuration: object | string): Promise<string> {
  const chain = ratelimit({ rule_name: "r", global_threshold: { token_per_second: 1 } });
  try {
    await chain.chain.reconfigure([specOf({ name: "model-ratelimit", module: higress, configuration })]);
    return "";
  } catch {
    return chain.problems().join("\n");
  } finally {
    chain.close();
  }
}

/** A rule whose limits are for the values of one header. */
export function byHeader(limits: Record<string, number>, unit = "query_per_minute"): object {
  return {
    rule_name: "routes",
    rule_items: [
      {
        limit_by_header: "x-key",
        limit_keys: Object.entries(limits).map(([key, amount]) => ({ key, [unit]: amount })),
      },
    ],
  };
}

/** A chat answer of OpenAI that has used so many tokens. */
export function used(prompt: number, completion: number): TestReply {
  const usage = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
  return {
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ id: "1", object: "chat.completion", choices: [], usage }),
  };
}

export const quota = { kind: "quota", admin_consumer: "admin" };
export const chatPath = "/v1/chat/completions";

/** Sets the balance of `ann`, by the plugin's own call. */
export function fill(chain: TestChain, amount: number): ClientSees {
  return chain.exchange({
    method: "POST",
    path: `${chatPath}/quota/refresh`,
    headers: { "x-mse-consumer": "admin" },
    body: `consumer=ann&quota=${amount}`,
  }).client;
}

/** What is left of the balance of `ann`. */
export function left(chain: TestChain): number {
  const { text } = chain.exchange({
    path: `${chatPath}/quota?consumer=ann`,
    headers: { "x-mse-consumer": "admin" },
  }).client;
  return JSON.parse(text).quota;
}

/** A chat request of `ann`. */
export function chat(request: Partial<TestRequest> = {}): TestRequest {
  return { method: "POST", path: chatPath, body: "{}", ...request, headers: { "x-mse-consumer": "ann" } };
}

/** What answers cost, whatever pieces they come in. */
export class Meter {
  #reply: TestReply = {};
  #chain = ratelimit(quota, { upstream: () => this.#reply, logLevel: "error" });

  cost(reply: TestReply, request: Partial<TestRequest> = {}): number {
    this.#reply = reply;
    fill(this.#chain, 1_000_000_000);
    this.#chain.exchange(chat(request));
    return 1_000_000_000 - left(this.#chain);
  }

  close(): void {
    this.#chain.close();
  }
}
