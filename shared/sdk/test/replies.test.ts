// Local replies, from every phase, and cutting an answer off.

import { describe, expect, test } from "vitest";
import type { TestChainOptions } from "../../../host-test/testing/chain.ts";
import { heard, said, scripted } from "./probe-chain.ts";

const slow = { calls: { "check.dns": () => ({ status: 200, delayMs: 20 }) } };
const body = { chunks: ["one", "two", "three"] };

describe("a local reply", () => {
  const phases: [string, object, Partial<TestChainOptions>, object][] = [
    ["the request head", { requestHead: ["answer 403 no"] }, {}, {}],
    ["the request head of a body", { requestHead: ["answer 403 no"] }, {}, body],
    ["the request body", { requestBody: ["answer 403 no"] }, {}, body],
    [
      "the held request body",
      { requestHead: ["hold"], requestBody: [["hold"], ["answer 403 no"]] },
      {},
      body,
    ],
    [
      "the request trailers",
      { requestHead: ["hold"], requestBody: ["hold"], requestTrailers: ["answer 403 no"] },
      {},
      { ...body, trailers: { "x-end": "1" } },
    ],
    ["the response head", { responseHead: [["answer 403 no"], ["next"]] }, {}, {}],
    ["the held response body", { responseHead: ["hold"], responseBody: ["answer 403 no"] }, {}, {}],
    [
      "the answer of a call",
      { requestHead: ["call check.dns", "wait"], reply: ["answer 403 no", "resume"] },
      slow,
      body,
    ],
    [
      "the answer of a call in the body",
      {
        requestHead: ["hold"],
        requestBody: [["hold"], ["call check.dns", "wait"]],
        reply: ["answer 403 no", "resume"],
      },
      slow,
      body,
    ],
    [
      "the answer of a call in the response head",
      { responseHead: ["call check.dns", "wait"], reply: ["answer 403 no", "resume-response"] },
      slow,
      {},
    ],
  ];

  test.each(phases)("from %s reaches the client", (_name, steps, options, request) => {
    const chain = scripted(steps as Record<string, string[]>, options);
    const { client, record } = chain.exchange(request);
    expect(client.status).toBe(403);
    expect(client.text).toBe("no");
    expect(client.header("content-type")).toBe("text/plain");
    expect(client.complete).toBe(true);
    expect(record!.details).toBe("probe.answer");
  });

  test("from a request callback keeps the request from the upstream, and no request callback follows", () => {
    const chain = scripted({ requestHead: ["hold"], requestBody: [["hold"], ["answer 403 no"]] });
    const { upstream } = chain.exchange(body);
    expect(upstream).toBeUndefined();
    expect(heard(chain).filter((line) => line.startsWith("request"))).toEqual([
      "requestHead end=false",
      "requestBody end=false",
      "requestBody end=false",
    ]);
  });

  test("runs through the plugin's own response callbacks, which may change it", () => {
    const chain = scripted({
      requestHead: ["answer 403 no"],
      responseHead: ["set x-seen 1"],
      responseBody: [["prefix 0 oh "]],
    });
    const { client } = chain.exchange();
    expect(client.header("x-seen")).toBe("1");
    expect(client.text).toBe("oh no");
  });

  test("may wait for a call in the plugin's response callback", () => {
    const chain = scripted(
      {
        requestHead: ["answer 403 no"],
        responseHead: ["call check.dns", "wait"],
        reply: ["resume-response"],
      },
      slow,
    );
    expect(chain.exchange().client.text).toBe("no");
  });

  test("is sent once: of two the first counts, with its details, and a status outside of HTTP is 500", () => {
    const chain = scripted({ requestHead: ["special-reply"] });
    const { client, record } = chain.exchange();
    expect(client.status).toBe(500);
    expect(client.text).toBe("first");
    expect(record!.details).toBe("probe.first");
    expect(said(chain)).toEqual(["list untouched true"]);
  });

  test("without a body has no content type", () => {
    const chain = scripted({ requestHead: ["answer 401 "] });
    const { client } = chain.exchange();
    expect(client.status).toBe(401);
    expect(client.header("content-type")).toBeUndefined();
  });
});

test("cut ends the response without an end", () => {
  const chain = scripted(
    { responseBody: [["next"], ["cut", "wait"]] },
    { upstream: () => ({ chunks: ["a", "b", "c"] }) },
  );
  const { client } = chain.exchange();
  expect(client.reset).toBe(true);
  expect(client.complete).toBe(false);
});
