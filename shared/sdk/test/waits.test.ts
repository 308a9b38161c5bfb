// Waiting for a call: silence until the answer, and nothing that passes unheard.

import { describe, expect, test } from "vitest";
import type { Headers } from "../../../host-test/host/types.ts";
import { heard, said, scripted } from "./probe-chain.ts";

const slow = { calls: { "check.dns": () => ({ status: 200, delayMs: 20 }) } };
const post: Headers = [
  [":method", "POST"],
  [":path", "/"],
  [":authority", "test.local"],
  [":scheme", "http"],
];
const body = { chunks: ["one", "two", "three"] };

describe("wait", () => {
  test("in the head: nothing is heard until the answer, then the body in order", () => {
    const chain = scripted(
      { requestHead: ["call check.dns", "wait"], reply: ["set-request x-checked 1", "resume"] },
      slow,
    );
    const { upstream } = chain.exchange(body);
    expect(upstream!.header("x-checked")).toBe("1");
    expect(heard(chain).slice(0, 2)).toEqual(["requestHead end=false", "reply status=200 reset=false"]);
    expect(upstream!.text).toBe("onetwothree");
  });

  test.each([
    ["GET", {}],
    ["POST", body],
    ["POST with trailers", { ...body, trailers: { "x-end": "1" } }],
  ])("in the head of a %s: the answer resumes it", (_name, request) => {
    const chain = scripted({ requestHead: ["call check.dns", "wait"], reply: ["resume"] }, slow);
    expect(chain.exchange(request).client.status).toBe(200);
  });

  test("in the head of the response", () => {
    const chain = scripted({ responseHead: ["call check.dns", "wait"], reply: ["resume-response"] }, slow);
    const { client } = chain.exchange();
    expect(client.text).toBe("ok");
    expect(heard(chain).slice(1)).toEqual([
      "responseHead end=false",
      "reply status=200 reset=false",
      "responseBody end=true",
    ]);
  });

  test("at the end of the body: the whole body can be changed by the answer", () => {
    const chain = scripted(
      {
        requestHead: ["hold"],
        requestBody: [["hold"], ["hold"], ["hold"], ["call check.dns", "wait"]],
        reply: ["resume"],
      },
      slow,
    );
    expect(chain.exchange(body).upstream!.text).toBe("onetwothree");
  });

  const early = {
    requestHead: ["hold"],
    requestBody: [
      ["call check.dns", "wait"],
      ["read", "next"],
    ],
    reply: ["resume"],
  };

  test("in the middle of the body: what came meanwhile is heard on resuming, before it goes on", () => {
    const chain = scripted(early, slow);
    const stream = chain.open();
    stream.http.requestHeaders(post, false);
    stream.http.requestData(Buffer.from("one"), false);
    stream.http.requestData(Buffer.from("two"), false);
    expect(heard(chain)).toEqual(["requestHead end=false", "requestBody end=false"]);
    chain.settle();
    expect(heard(chain)).toEqual([
      "requestHead end=false",
      "requestBody end=false",
      "reply status=200 reset=false",
      "requestBody end=false",
    ]);
    expect(said(chain)).toEqual(["body onetwo"]);
    expect(stream.upstream!.text).toBe("onetwo");
    stream.http.requestData(Buffer.from("three"), true);
    chain.settle();
    expect(heard(chain)).toContain("requestBody end=true");
    expect(stream.upstream!.text).toBe("onetwothree");
  });

  test.each([
    ["the end", undefined],
    ["trailers", { "x-end": "1" }],
  ])("in the middle of the body: %s that came meanwhile is heard once", (_name, trailers) => {
    const chain = scripted(early, slow);
    const stream = chain.open();
    stream.http.requestHeaders(post, false);
    stream.http.requestData(Buffer.from("one"), false);
    stream.http.requestData(Buffer.from("two"), trailers === undefined);
    if (trailers !== undefined) stream.http.requestTrailers(Object.entries(trailers));
    chain.settle();
    expect(heard(chain).slice(2, 5)).toEqual([
      "reply status=200 reset=false",
      "requestBody end=true",
      trailers === undefined ? "responseHead end=false" : "requestTrailers",
    ]);
    expect(stream.upstream!.text).toBe("onetwo");
    expect(stream.client.complete).toBe(true);
  });

  test("what is refused on resuming never leaves", () => {
    const chain = scripted({ ...early, requestBody: [["call check.dns", "wait"], ["answer 403 bad"]] }, slow);
    const stream = chain.open();
    stream.http.requestHeaders(post, false);
    stream.http.requestData(Buffer.from("one"), false);
    stream.http.requestData(Buffer.from("two"), true);
    chain.settle();
    expect(stream.client.status).toBe(403);
    expect(stream.upstream).toBeUndefined();
  });

  test("a second wait on resuming is a wait like the first", () => {
    const chain = scripted(
      { ...early, requestBody: [["call check.dns", "wait"], ["call check.dns", "wait"], ["read"]] },
      slow,
    );
    const stream = chain.open();
    stream.http.requestHeaders(post, false);
    stream.http.requestData(Buffer.from("one"), false);
    stream.http.requestData(Buffer.from("two"), true);
    chain.settle();
    expect(heard(chain).slice(1, 5)).toEqual([
      "requestBody end=false",
      "reply status=200 reset=false",
      "requestBody end=true",
      "reply status=200 reset=false",
    ]);
    expect(stream.upstream!.text).toBe("onetwo");
  });

  test("during the trailers: the message ends with the answer", () => {
    const chain = scripted(
      {
        requestTrailers: ["call check.dns", "wait"],
        responseTrailers: ["call check.dns", "wait"],
        reply: [["resume"], ["resume-response"]],
      },
      { ...slow, upstream: () => ({ chunks: ["a"], trailers: { "x-end": "2" } }) },
    );
    const { client, upstream } = chain.exchange({ ...body, trailers: { "x-end": "1" } });
    expect(upstream!.trailers).toEqual([["x-end", "1"]]);
    expect(client.trailers).toEqual([["x-end", "2"]]);
  });

  test("the end of a body that waits because of trailers: the trailers are heard after it", () => {
    const chain = scripted(
      { requestHead: ["hold"], requestBody: [["hold"], ["call check.dns", "wait"]], reply: ["resume"] },
      slow,
    );
    const { upstream } = chain.exchange({ chunks: ["one"], trailers: { "x-end": "1" } });
    expect(heard(chain).slice(2, 5)).toEqual([
      "requestBody end=true",
      "reply status=200 reset=false",
      "requestTrailers",
    ]);
    expect(upstream!.trailers).toEqual([["x-end", "1"]]);
  });

  test("resuming inside the callback that says wait is no wait", () => {
    const chain = scripted({
      requestHead: ["resume", "wait"],
      requestBody: ["resume", "wait"],
      responseHead: ["resume-response", "wait"],
      responseBody: ["resume-response", "wait"],
    });
    const { client, upstream } = chain.exchange(body);
    expect(upstream!.text).toBe("onetwothree");
    expect(client.text).toBe("ok");
  });

  test("resuming what is not stopped does nothing", () => {
    const chain = scripted(
      { requestHead: ["call check.dns"], reply: ["resume", "resume", "resume-response"] },
      slow,
    );
    const { client, upstream } = chain.exchange(body);
    expect(upstream!.text).toBe("onetwothree");
    expect(client.text).toBe("ok");
  });

  test("a body that nobody reads waits all the same", () => {
    const chain = scripted(
      { requestHead: ["hold"], requestBody: ["ignore-request", "call check.dns", "wait"], reply: ["resume"] },
      slow,
    );
    const stream = chain.open();
    stream.http.requestHeaders(post, false);
    stream.http.requestData(Buffer.from("one"), false);
    stream.http.requestData(Buffer.from("two"), true);
    expect(stream.upstream).toBeUndefined();
    chain.settle();
    expect(stream.upstream!.text).toBe("onetwo");
  });

  test("trailers that come while the head waits do not cost a body that is then held", () => {
    const steps = { requestHead: ["call check.dns", "wait"], requestBody: ["hold"], reply: ["resume"] };
    const chain = scripted(steps, slow);
    const stream = chain.open();
    stream.http.requestHeaders(post, false);
    stream.http.requestData(Buffer.from("one"), false);
    stream.http.requestTrailers([["x-end", "1"]]);
    chain.settle();
    expect(stream.upstream!.text).toBe("one");
    expect(stream.upstream!.trailers).toEqual([["x-end", "1"]]);
    expect(heard(chain).filter((line) => line.startsWith("request"))).toEqual([
      "requestHead end=false",
      "requestBody end=false",
      "requestBody end=true",
      "requestTrailers",
    ]);
  });
});
