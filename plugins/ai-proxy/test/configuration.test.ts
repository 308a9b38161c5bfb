import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { chat, provider, proxy, refusal } from "./proxy.ts";

const schema = JSON.parse(readFileSync(new URL("../schema.json", import.meta.url), "utf8"));
const types: string[] = schema.$defs.provider.properties.type.enum;

const token = { apiTokens: ["sk-provider-token"] };

describe("which provider is active", () => {
  const list = [
    { id: "first", type: "deepseek", ...token },
    { id: "second", type: "groq", ...token },
  ];
  const hostFor = (configuration: object, request = chat()) =>
    proxy(configuration).exchange(request).upstream?.header(":authority");

  test("`provider` alone is active", () => expect(hostFor({ provider: list[0]! })).toBe("api.deepseek.com"));
  test("`activeProviderId` chooses from `providers`", () =>
    expect(hostFor({ providers: list, activeProviderId: "second" })).toBe("api.groq.com"));
  test("`provider` wins over `activeProviderId`", () =>
    expect(hostFor({ provider: list[0], providers: list, activeProviderId: "second" })).toBe(
      "api.deepseek.com",
    ));
  test("a `provider` that is no object is passed over", () =>
    expect(hostFor({ provider: "x", providers: list, activeProviderId: "second" })).toBe("api.groq.com"));
  test("a lone object stands for a list of one", () =>
    expect(hostFor({ providers: list[1], activeProviderId: "second" })).toBe("api.groq.com"));

  test.each([
    ["an unknown id", { providers: list, activeProviderId: "third" }],
    ["no id", { providers: list }],
    ["an empty configuration", {}],
  ])("with %s requests pass untouched", (_, configuration) => {
    const { upstream } = proxy(configuration).exchange(
      chat({}, { headers: { authorization: "Bearer client", "accept-encoding": "br" } }),
    );
    expect(upstream!.header(":authority")).toBe("gateway.example.com");
    expect(upstream!.header("authorization")).toBe("Bearer client");
    expect(upstream!.header("accept-encoding")).toBe("br");
  });

  test("an unknown id is named in a warning", () => {
    const chain = proxy({ providers: list, activeProviderId: "third" });
    expect(chain.problems("warn").join()).toContain("no provider has the id third");
  });

  test("a rule chooses from the global list", () => {
    const configuration = {
      providers: list,
      activeProviderId: "first",
      _rules_: [{ _match_route_: ["route"], activeProviderId: "second" }],
    };
    expect(hostFor(configuration)).toBe("api.groq.com");
  });

  test("a rule without a provider of its own switches the plugin off", () => {
    const configuration = { provider: list[0], _rules_: [{ _match_route_: ["route"], other: 1 }] };
    expect(hostFor(configuration)).toBe("gateway.example.com");
  });

  test("a rule's own list replaces the global one", () => {
    const own = {
      _match_route_: ["route"],
      providers: [{ id: "own", type: "yi", ...token }],
      activeProviderId: "first",
    };
    expect(hostFor({ providers: list, _rules_: [own] })).toBe("gateway.example.com");
    expect(hostFor({ providers: list, _rules_: [{ ...own, activeProviderId: "own" }] })).toBe(
      "api.lingyiwanwu.com",
    );
  });

  test("entries that are not active are not checked", async () => {
    expect(
      await refusal({ providers: [list[0], { id: "broken", type: "nonsense" }], activeProviderId: "first" }),
    ).toBe("");
  });
});

describe("what is refused, and in which words", () => {
  test.each([
    ["protocol", { type: "deepseek", protocol: "grpc" }, "invalid protocol in config"],
    ["context without URL", { type: "deepseek", context: {} }, "missing fileUrl in context config"],
    ["context that is null", { type: "deepseek", context: null }, "missing fileUrl in context config"],
    [
      "context with a bad URL",
      { type: "deepseek", context: { fileUrl: "files.example.com:80/notes" } },
      "invalid fileUrl in context config",
    ],
    [
      "context without service",
      { type: "deepseek", context: { fileUrl: "http://a/b" } },
      "missing serviceName in context config",
    ],
    [
      "context without port",
      { type: "deepseek", context: { fileUrl: "http://a/b", serviceName: "a.dns" } },
      "missing servicePort in context config",
    ],
    [
      "failover without model",
      { type: "deepseek", failover: { enabled: true } },
      "missing healthCheckModel in failover config",
    ],
    ["no type", {}, "missing type in provider config"],
    ["a type nobody knows", { type: "nonsense" }, "unknown provider type: nonsense"],
    ["azure without URL", { type: "azure", ...token }, "missing azureServiceUrl in provider config"],
    [
      "azure with a bad URL",
      { type: "azure", ...token, azureServiceUrl: "nonsense" },
      "invalid azureServiceUrl:",
    ],
    [
      "azure without version",
      { type: "azure", ...token, azureServiceUrl: "https://a.example.com/" },
      "missing api-version query parameter in azureServiceUrl: https://a.example.com/",
    ],
    ["ollama without host", { type: "ollama" }, "missing ollamaServerHost in provider config"],
    [
      "ollama without port",
      { type: "ollama", ollamaServerHost: "a" },
      "missing ollamaServerPort in provider config",
    ],
    [
      "moonshot with file and context",
      {
        type: "moonshot",
        ...token,
        moonshotFileId: "f",
        context: { fileUrl: "http://a/b", serviceName: "a.dns", servicePort: 80 },
      },
      "moonshotFileId and context cannot be configured at the same time",
    ],
    [
      "a bad pattern",
      { type: "deepseek", ...token, modelMapping: { "~(": "x" } },
      "provider.modelMapping.~(: bad regular expression: missing )",
    ],
    [
      "a timeout below zero",
      { type: "deepseek", ...token, timeout: -1 },
      "provider.timeout: expected an integer from",
    ],
  ])("%s", async (_, entry, message) => {
    expect(await refusal({ provider: entry })).toContain(message);
  });

  test("the message names the entry by its path", async () => {
    expect(
      await refusal({
        providers: [
          { id: "a", type: "deepseek", ...token },
          { id: "b", type: "x" },
        ],
        activeProviderId: "b",
      }),
    ).toContain("providers[1]: unknown provider type: x");
  });

  const tokenless = ["openai", "generic", "vllm", "ollama", "hunyuan", "spark", "deepl", "vertex", "bedrock"];
  test.each(types.filter((type) => !tokenless.includes(type)))("%s without a token", async (type) => {
    const url = type === "azure" ? { azureServiceUrl: "https://a.example.com/?api-version=1" } : {};
    expect(await refusal({ provider: { type, ...url } })).toContain("no apiToken found in provider config");
  });
});

describe("values are read as leniently as the Go plugin reads them", () => {
  test("a lone token, a number in a string, a flag in a string", () => {
    const chain = provider({
      type: "deepseek",
      apiTokens: "sk-lone-token",
      firstByteTimeout: "1500",
      mergeConsecutiveMessages: "True",
    });
    const messages = [
      { role: "user", content: "a" },
      { role: "user", content: "b" },
    ];
    const { upstream } = chain.exchange(chat({ messages, stream: true }));
    expect(upstream!.header("authorization")).toBe("Bearer sk-lone-token");
    expect(upstream!.header("x-envoy-upstream-rq-first-byte-timeout-ms")).toBe("1500");
    expect(JSON.parse(upstream!.text).messages).toEqual([{ role: "user", content: "a\n\nb" }]);
  });

  test("a port as a string", () => {
    const chain = provider({ type: "ollama", ollamaServerHost: "llm.internal", ollamaServerPort: "11434" });
    expect(chain.exchange(chat()).upstream!.header(":authority")).toBe("llm.internal:11434");
  });

  test("null is as good as nothing", async () => {
    expect(
      await refusal({
        provider: {
          type: "deepseek",
          ...token,
          modelMapping: null,
          capabilities: null,
          customSettings: null,
          basePath: null,
        },
      }),
    ).toBe("");
  });

  test("a key that nobody knows is named in a warning", () => {
    const chain = provider({ type: "deepseek", ...token, modelMaping: {} });
    expect(chain.problems("warn").join()).toContain("provider.modelMaping");
  });
});
