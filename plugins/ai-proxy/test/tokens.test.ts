import { describe, expect, test } from "vitest";
import { chat, provider } from "./proxy.ts";

const tokens = ["token-one", "token-two", "token-three"];

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

describe("which token a request goes out with", () => {
  const chain = provider({ type: "openai", apiTokens: tokens });
  const used = (path: string, consumer?: string) =>
    chain
      .exchange({ path, headers: consumer === undefined ? {} : { "x-mse-consumer": consumer } })
      .upstream!.header("authorization")!
      .slice(7);

  test("any of them, and all of them in time", () => {
    const seen = new Set(Array.from({ length: 200 }, () => used("/v1/models")));
    expect([...seen].sort()).toEqual([...tokens].sort());
  });

  const stateful = [
    "/v1/responses",
    "/v1/files",
    "/v1/files/f",
    "/v1/files/f/content",
    "/v1/batches",
    "/v1/batches/b",
    "/v1/batches/b/cancel",
    "/v1/fine_tuning/jobs",
    "/v1/fine_tuning/jobs/j",
    "/v1/fine_tuning/jobs/j/events",
    "/v1/fine_tuning/jobs/j/checkpoints",
    "/v1/fine_tuning/jobs/j/cancel",
    "/v1/fine_tuning/jobs/j/resume",
  ];
  test.each(stateful)("%s: always the same for a consumer", (path) => {
    expect(fnv1a("consumer-alice")).toBe(0x4479112c);
    for (const consumer of ["consumer-alice", "consumer-bob", "顾客"]) {
      const header = Buffer.from(consumer).toString("latin1");
      const expected = tokens[fnv1a(consumer) % tokens.length];
      for (let i = 0; i < 5; i++) expect(used(path, header)).toBe(expected);
    }
  });

  const free = [
    "/v1/chat/completions",
    "/v1/videos",
    "/v1/fine_tuning/jobs/j/pause",
    "/v1/fine_tuning/checkpoints/c/permissions",
  ];
  test.each(free)("%s: any, whoever asks", (path) => {
    expect(new Set(Array.from({ length: 200 }, () => used(path, "consumer-alice"))).size).toBe(3);
  });

  test("a stateful API without a consumer: any", () => {
    expect(new Set(Array.from({ length: 200 }, () => used("/v1/files"))).size).toBe(3);
    expect(new Set(Array.from({ length: 200 }, () => used("/v1/files", ""))).size).toBe(3);
  });
});

describe("openai without a token of its own takes the client's", () => {
  const sent = (entry: object, headers: Record<string, string>) =>
    provider({ type: "openai", ...entry })
      .exchange(chat({}, { headers }))
      .upstream!.header("authorization");
  test.each([
    ["authHeaderKey", { authHeaderKey: "X-Own" }, { "x-own": "mine", "x-api-key": "b" }, "Bearer mine"],
    [
      "x-api-key",
      {},
      { "x-api-key": "mine", "x-authorization": "b", authorization: "Bearer c" },
      "Bearer mine",
    ],
    ["x-authorization", {}, { "x-authorization": "Bearer mine", authorization: "Bearer c" }, "Bearer mine"],
    ["authorization", {}, { authorization: "Bearer mine" }, "Bearer mine"],
    ["authorization without Bearer", {}, { authorization: "mine" }, "Bearer mine"],
    ["nothing", {}, {}, undefined],
  ])("from %s", (_, entry, headers, expected) => {
    expect(sent(entry, headers as Record<string, string>)).toBe(expected);
  });
});
