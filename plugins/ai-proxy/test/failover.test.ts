// `failover`: tokens that fail are taken out of use, for all VMs, until a health check finds them well again.

import { describe, expect, test } from "vitest";
import type { CallReply, TestChain, TestChainOptions } from "../../../host-test/testing/chain.ts";
import { VirtualClock } from "../../../host-test/host/virtual-clock.ts";
import type { UpstreamRequest } from "../../../host-test/host/types.ts";
import { LocalData } from "../../../host-test/services/local-data.ts";
import { chat, chatPath, message, provider, proxy } from "./proxy.ts";

const cluster = "outbound|80||upstream.static";
const failover = { enabled: true, healthCheckModel: "check-model", failureThreshold: 2, successThreshold: 2 };
const entry = { id: "p", type: "yi", apiTokens: ["sk-one", "sk-two"], failover };

/** Shared data under a test's eyes. `vmId` and prefix are left out of its keys. */
class Shared extends LocalData {
  /** Called before a write, so that a test can be faster than the plugin. */
  beforeSet: (key: string) => void = () => {};
  #vmId = "";

  set(vmId: string, key: string, value: Uint8Array, cas: number) {
    this.#vmId = vmId;
    this.beforeSet(key);
    return super.set(vmId, key, value, cas);
  }

  read(key: string, prefix = "yi-p-"): any {
    const text = Buffer.from(this.get(this.#vmId, prefix + key)?.value ?? "").toString();
    return text === "" ? undefined : JSON.parse(text);
  }

  write(key: string, value: unknown): void {
    super.set(this.#vmId, `yi-p-${key}`, Buffer.from(JSON.stringify(value)), 0);
  }
}

/** Tokens whose requests fail, by status. */
type Sick = Map<string, number>;

const tokenOf = (headers: [string, string][]) =>
  headers.find(([name]) => name === "authorization")?.[1].replace("Bearer ", "") ?? "";

function options(sick: Sick, more: Partial<TestChainOptions> = {}): Partial<TestChainOptions> {
  return {
    upstream: ({ headers }) => ({ status: sick.get(tokenOf(headers)) ?? 200, body: "{}" }),
    calls: { [cluster]: ({ headers }) => ({ status: sick.get(tokenOf(headers)) ?? 200, body: "{}" }) },
    ...more,
  };
}

function use(chain: TestChain, count = 1): string[] {
  return Array.from({ length: count }, () => tokenOf(chain.exchange(chat()).upstream!.headers));
}

describe("a token that fails", () => {
  test("is out of use after as many failures in a row as configured", () => {
    const sharedData = new Shared();
    const sick: Sick = new Map([["sk-one", 401]]);
    const chain = provider(entry, options(sick, { sharedData }));
    const tokens = use(chain, 60);
    expect(tokens.filter((token) => token === "sk-one")).toHaveLength(2);
    expect(sharedData.read("apiTokens")).toEqual(["sk-two"]);
    expect(sharedData.read("unavailableApiTokens")).toEqual(["sk-one"]);
    expect(sharedData.read("apiTokenRequestFailureCount")).toEqual({});
    expect(sharedData.read("requestHostAndPath")).toEqual({
      host: "gateway.example.com",
      path: "/v1/chat/completions",
      cluster,
    });
  });

  test("stays when a success comes in between", () => {
    const sharedData = new Shared();
    const sick: Sick = new Map();
    const chain = provider({ ...entry, apiTokens: "sk-one" }, options(sick, { sharedData }));
    for (let i = 0; i < 10; i++) {
      sick.set("sk-one", 500);
      use(chain);
      expect(sharedData.read("apiTokenRequestFailureCount")).toEqual({ "sk-one": 1 });
      sick.clear();
      use(chain);
      expect(sharedData.read("apiTokenRequestFailureCount")).toEqual({});
    }
    expect(sharedData.read("apiTokens")).toEqual(["sk-one"]);
  });

  test.each<[string[] | undefined, number, boolean]>([
    [undefined, 429, true],
    [undefined, 503, true],
    [undefined, 304, true],
    [["429"], 401, false],
    [["429"], 429, true],
    [["^5"], 504, true],
  ])("failoverOnStatus %j and status %i: %s", (failoverOnStatus, status, counts) => {
    const sharedData = new Shared();
    const sick: Sick = new Map([["sk-one", status]]);
    const one = { ...entry, apiTokens: "sk-one", failover: { ...failover, failoverOnStatus } };
    use(provider(one, options(sick, { sharedData })), 2);
    expect(sharedData.read("unavailableApiTokens") ?? []).toEqual(counts ? ["sk-one"] : []);
  });

  test("is not blamed for the gateway's own answers", () => {
    const sharedData = new Shared();
    const chain = provider(entry, { sharedData, upstream: () => ({ reset: "connect-failure" }) });
    for (let i = 0; i < 10; i++) expect(chain.exchange(chat()).client.status).toBe(503);
    expect(sharedData.read("apiTokenRequestFailureCount")).toBeUndefined();
  });

  test("is used again when all are out of use", () => {
    const sick: Sick = new Map([
      ["sk-one", 429],
      ["sk-two", 429],
    ]);
    const chain = provider(entry, options(sick));
    use(chain, 20);
    expect(new Set(use(chain, 60))).toEqual(new Set(["sk-one", "sk-two"]));
  });

  test("is chosen at random even where a consumer sticks to one", () => {
    const chain = provider({ ...entry, type: "openai" }, options(new Map()));
    const seen = Array.from({ length: 60 }, () =>
      tokenOf(
        chain.exchange(chat({}, { path: "/v1/batches", headers: { "x-mse-consumer": "a" } })).upstream!
          .headers,
      ),
    );
    expect(new Set(seen).size).toBe(2);
  });
});

describe("a health check", () => {
  const sickOne = () => new Map([["sk-one", 401]]);

  /** A chain whose first token is out of use. */
  function failed(configuration: object = entry, more: Partial<TestChainOptions> = {}, sick = sickOne()) {
    const sharedData = new Shared();
    const chain = provider(configuration, options(sick, { sharedData, ...more }));
    for (let i = 0; i < 60; i++) chain.exchange(chat());
    return { chain, sharedData, sick };
  }

  const header = (call: UpstreamRequest | undefined, name: string) =>
    call?.headers.find(([key]) => key === name)?.[1];

  test("brings a token back after as many successes as configured", () => {
    const { chain, sharedData, sick } = failed();
    chain.advance(5100);
    expect(chain.calls.length).toBeGreaterThan(0);
    expect(sharedData.read("unavailableApiTokens")).toEqual(["sk-one"]);
    sick.clear();
    chain.advance(5000);
    expect(sharedData.read("apiTokenRequestSuccessCount")).toEqual({ "sk-one": 1 });
    expect(sharedData.read("apiTokens")).toEqual(["sk-two"]);
    chain.advance(5000);
    expect(sharedData.read("apiTokenRequestSuccessCount")).toEqual({});
    expect(sharedData.read("apiTokens")).toEqual(["sk-two", "sk-one"]);
    expect(sharedData.read("unavailableApiTokens")).toEqual([]);
    const calls = chain.calls.length;
    chain.advance(20_000);
    expect(chain.calls).toHaveLength(calls);
  });

  test("a failed one does not take back earlier successes", () => {
    const { chain, sharedData, sick } = failed();
    for (const status of [200, 500, 200]) {
      if (status === 200) sick.clear();
      else sick.set("sk-one", status);
      chain.advance(5000);
    }
    expect(sharedData.read("apiTokens")).toEqual(["sk-two", "sk-one"]);
  });

  test("is a chat request as the provider takes it, with the token under test", () => {
    const { chain } = failed({ ...entry, modelMapping: { "*": "mapped" }, providerBasePath: "/base" });
    chain.advance(5100);
    const call = chain.calls[0];
    expect(header(call, ":method")).toBe("POST");
    expect(header(call, ":authority")).toBe("api.lingyiwanwu.com");
    expect(header(call, ":path")).toBe("/base/v1/chat/completions");
    expect(header(call, "authorization")).toBe("Bearer sk-one");
    expect(header(call, "content-type")).toBe("application/json");
    expect(call!.timeoutMs).toBe(5000);
    expect(JSON.parse(Buffer.from(call!.body).toString())).toEqual({
      model: "mapped",
      messages: [{ role: "user", content: "who are you?" }],
    });
  });

  test.each([
    ["yi", chatPath],
    ["claude", "/v1/messages"],
    ["qwen", "/compatible-mode/v1/chat/completions"],
    ["generic", `${chatPath}?api-version=1&key=canary`],
    ["mistral", `${chatPath}?api-version=1&key=canary`],
  ])("has nothing of a client's query where the plugin makes the path: %s", (type, path) => {
    const options = { upstream: () => ({ status: 429 }), calls: () => ({}) };
    const chain = provider({ ...entry, type }, options);
    for (let i = 0; i < 10; i++) chain.exchange(chat({}, { path: `${chatPath}?api-version=1&key=canary` }));
    chain.advance(5100);
    for (const call of chain.calls) {
      expect(header(call, ":path")).toBe(path);
      expect(JSON.stringify(call.headers).includes("canary")).toBe(path.includes("canary"));
    }
    expect(chain.calls).not.toEqual([]);
  });

  test("speaks the provider's dialect, with protocol original too", () => {
    for (const protocol of ["openai", "original"]) {
      const claude = { ...entry, type: "claude", protocol };
      const sharedData = new Shared();
      const chain = provider(claude, { sharedData, upstream: () => ({ status: 529 }), calls: () => ({}) });
      for (let i = 0; i < 10; i++) chain.exchange(message());
      chain.advance(5100);
      const tokens = chain.calls.map((call) => header(call, "x-api-key"));
      expect(tokens.toSorted()).toEqual(["sk-one", "sk-two"]);
      for (const call of chain.calls) {
        expect(header(call, ":path")).toBe("/v1/messages");
        expect(header(call, "anthropic-version")).toBe("2023-06-01");
        expect(JSON.parse(Buffer.from(call.body).toString())).toMatchObject({
          model: "check-model",
          max_tokens: 4096,
          messages: [{ role: "user", content: "who are you?" }],
        });
      }
    }
  });

  test("asks for chat whatever API the failed requests were for, and fetches no context file", () => {
    const context = { fileUrl: "http://a/b", serviceName: "files.dns", servicePort: 80 };
    const chain = provider({ ...entry, context }, { upstream: () => ({ status: 429 }), calls: () => ({}) });
    for (let i = 0; i < 10; i++) chain.exchange(chat({}, { path: "/v1/embeddings" }));
    for (let i = 0; i < 20; i++) chain.exchange({ ...chat(), path: "/elsewhere" });
    chain.advance(100);
    expect(chain.calls.map((call) => header(call, ":path"))).toEqual(Array(2).fill("/v1/chat/completions"));
  });

  test.each<[string, CallReply | undefined]>([
    ["no answer in time", "never"],
    ["no host", "no-host"],
    ["a broken connection", { reset: "reset" }],
    ["a reply cut after its head", { reset: { afterChunks: 0 } }],
    ["no such cluster", undefined],
  ])("%s leaves the token out, and the next check comes", (_, reply) => {
    const calls: TestChainOptions["calls"] = reply === undefined ? {} : { [cluster]: () => reply };
    const { chain, sharedData } = failed(entry, { calls });
    for (let i = 0; i < 6; i++) chain.advance(5000);
    expect(sharedData.read("unavailableApiTokens")).toEqual(["sk-one"]);
    expect(chain.problems()).toEqual([]);
    if (reply !== undefined) expect(chain.calls.length).toBeGreaterThan(2);
  });

  test("of a token is not started while another one runs", () => {
    const slow = {
      ...entry,
      failover: { ...failover, healthCheckInterval: 1000, healthCheckTimeout: 10_000 },
    };
    const { chain } = failed(slow, { calls: () => "never" });
    chain.clock.advance(5000);
    expect(chain.calls).toHaveLength(1);
  });

  test("no token is in a log line, and none is sent that the entry does not have", () => {
    const { chain, sharedData } = failed();
    sharedData.write("unavailableApiTokens", ["sk-one", "sk-foreign"]);
    sharedData.write("apiTokens", ["sk-two", "sk-foreign"]);
    chain.advance(20_000);
    const sent = [...chain.calls.map((call) => tokenOf(call.headers)), ...use(chain, 40)];
    expect(new Set(sent)).toEqual(new Set(["sk-one", "sk-two"]));
    expect(chain.logs.filter((line) => line.message.includes("sk-"))).toEqual([]);
  });
});

describe("several VMs", () => {
  function fleet(count: number, sick: Sick) {
    const sharedData = new Shared();
    const clock = new VirtualClock();
    const chains = Array.from({ length: count }, () => provider(entry, options(sick, { sharedData, clock })));
    const calls = () => chains.map((chain) => chain.calls.length);
    const advance = (ms: number) => {
      clock.advance(ms);
      for (const chain of chains) chain.settle();
    };
    return { chains, sharedData, calls, advance };
  }

  test("know of each other's failures, and one of them checks", () => {
    const sick: Sick = new Map([["sk-one", 401]]);
    const { chains, sharedData, calls, advance } = fleet(3, sick);
    for (let i = 0; i < 60; i++) use(chains[i % 3]!);
    expect(sharedData.read("unavailableApiTokens")).toEqual(["sk-one"]);
    for (let i = 0; i < 4; i++) advance(5000);
    expect(calls().filter((count) => count > 0)).toHaveLength(1);
    sick.clear();
    for (let i = 0; i < 2; i++) advance(5000);
    for (const chain of chains) expect(new Set(use(chain, 40)).size).toBe(2);
  });

  test("another one checks when the leader is gone for a minute", () => {
    const sick: Sick = new Map([["sk-one", 401]]);
    const { chains, sharedData, calls, advance } = fleet(2, sick);
    for (let i = 0; i < 40; i++) use(chains[i % 2]!);
    advance(5000);
    const leader = calls().findIndex((count) => count > 0);
    const { vmID, timestamp } = sharedData.read("vmLease");
    expect(vmID).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.isInteger(timestamp)).toBe(true);
    chains[leader]!.close();
    advance(50_000);
    expect(calls()[1 - leader]).toBe(0);
    for (let i = 0; i < 5; i++) advance(5000);
    expect(calls()[1 - leader]).toBeGreaterThan(0);
    expect(sharedData.read("vmLease").vmID).not.toBe(vmID);
  });

  test("a write of another VM in between is not lost", () => {
    const sharedData = new Shared();
    const one = { ...entry, apiTokens: ["sk-one"] };
    const chain = provider(one, options(new Map([["sk-one", 401]]), { sharedData }));
    let others = 3;
    sharedData.beforeSet = (key) => {
      if (!key.endsWith("RequestFailureCount") || others === 0) return;
      sharedData.write("apiTokenRequestFailureCount", { "sk-other": 10 - --others });
    };
    use(chain);
    expect(sharedData.read("apiTokenRequestFailureCount")).toEqual({ "sk-other": 10, "sk-one": 1 });
  });

  test("who is never fast enough gives up after ten times, and serves on", () => {
    const sharedData = new Shared();
    const chain = provider(entry, options(new Map([["sk-one", 401]]), { sharedData }));
    let writes = 0;
    sharedData.beforeSet = (key) => {
      if (!key.endsWith("apiTokens") && !key.endsWith("Count")) return;
      sharedData.write(key.replace("yi-p-", ""), key.endsWith("Count") ? { x: ++writes } : ["sk-one"]);
    };
    for (let i = 0; i < 20; i++) chain.exchange(chat());
    expect(writes % 10).toBe(0);
    expect(chain.problems("warn").join()).toContain("could not be written");
    expect(chain.problems()).toEqual([]);
  });

  test.each(["", "null", "[]", '{"a":', '"text"', "[1,null,{}]"])(
    "shared data that is no list: %s",
    (value) => {
      const sharedData = new Shared();
      const sick: Sick = new Map([["sk-one", 401]]);
      const chain = provider(entry, options(sick, { sharedData }));
      use(chain);
      for (const key of ["apiTokens", "unavailableApiTokens", "apiTokenRequestFailureCount", "vmLease"])
        sharedData.set("", `yi-p-${key}`, Buffer.from(value), 0);
      expect(new Set(use(chain, 40))).toEqual(new Set(["sk-one", "sk-two"]));
      chain.advance(10_000);
      expect(chain.problems()).toEqual([]);
    },
  );

  test("23: a configuration load forgets what was known, with failover switched off too", () => {
    const sharedData = new Shared();
    use(provider(entry, options(new Map([["sk-one", 401]]), { sharedData })), 40);
    expect(sharedData.read("unavailableApiTokens")).toEqual(["sk-one"]);
    provider(entry, { sharedData });
    expect(sharedData.read("unavailableApiTokens")).toBeUndefined();
    expect(sharedData.read("apiTokens")).toEqual(["sk-one", "sk-two"]);
    provider({ ...entry, failover: {} }, { sharedData });
    expect(sharedData.read("apiTokens")).toBeUndefined();
  });

  test("a rule's provider has its tokens watched as well", () => {
    const sharedData = new Shared();
    const chain = proxy(
      { providers: [entry], _rules_: [{ _match_route_: ["route"], activeProviderId: "p" }] },
      options(new Map([["sk-one", 401]]), { sharedData }),
    );
    use(chain, 40);
    expect(sharedData.read("unavailableApiTokens")).toEqual(["sk-one"]);
    chain.advance(5100);
    expect(chain.calls.length).toBeGreaterThan(0);
  });
});
