// What a plugin's answer does to the message, in every phase, over every shape of message.

import { describe, expect, test } from "vitest";
import type { Headers } from "../../../host-test/host/types.ts";
import { heard, messages, said, scripted } from "./probe-chain.ts";

const slow = { calls: { "check.dns": () => ({ status: 200, delayMs: 20 }) } };
const post: Headers = [
  [":method", "POST"],
  [":path", "/"],
  [":authority", "test.local"],
  [":scheme", "http"],
];
const body = { chunks: ["one", "two", "three"] };

describe("a message that is let go", () => {
  test("without a body: only the headers are heard, with the end", () => {
    const chain = scripted({}, { upstream: () => ({ status: 204 }) });
    expect(chain.exchange().client.status).toBe(204);
    expect(heard(chain)).toEqual(["requestHead end=true", "responseHead end=true"]);
  });

  test("HTTP/1: every piece is heard, the end in a callback of its own", () => {
    const chain = scripted({}, { upstream: () => ({ chunks: ["a"] }) });
    const { upstream } = chain.exchange(body);
    expect(heard(chain)).toEqual([
      "requestHead end=false",
      ...["false", "false", "false", "true"].map((end) => `requestBody end=${end}`),
      "responseHead end=false",
      "responseBody end=false",
      "responseBody end=true",
    ]);
    expect(upstream!.text).toBe("onetwothree");
  });

  test("HTTP/2: the end comes with the last piece", () => {
    const chain = scripted({});
    chain.exchange({ ...body, protocol: "HTTP/2" });
    expect(heard(chain).filter((line) => line.startsWith("requestBody"))).toEqual(
      ["false", "false", "true"].map((end) => `requestBody end=${end}`),
    );
  });

  test("the exchange is over once: log, then done", () => {
    const chain = scripted({});
    chain.exchange();
    expect(messages(chain).slice(-2)).toEqual(["> log", "> done"]);
  });
});

describe("hold", () => {
  test("the head stays editable until the body is known, and the upstream is not called before", () => {
    const chain = scripted({
      requestHead: ["hold"],
      requestBody: [["hold"], ["hold"], ["hold"], ["set x-size 11", "next"]],
    });
    const stream = chain.open();
    stream.http.requestHeaders(post, false);
    for (const chunk of body.chunks) stream.http.requestData(Buffer.from(chunk), false);
    expect(stream.upstream).toBeUndefined();
    stream.http.requestData(new Uint8Array(0), true);
    chain.settle();
    expect(stream.upstream!.header("x-size")).toBe("11");
    expect(stream.upstream!.text).toBe("onetwothree");
  });

  test("each callback sees all that is held", () => {
    const chain = scripted({ requestHead: ["hold"], requestBody: ["read", "hold"] });
    chain.exchange(body);
    expect(said(chain)).toEqual(["body one", "body onetwo", "body onetwothree", "body onetwothree"]);
  });

  test("holding at the end lets go, for nothing follows that could release the message", () => {
    const chain = scripted(
      { requestHead: ["hold"], requestBody: ["hold"], responseHead: ["hold"], responseBody: ["hold"] },
      { upstream: () => ({ chunks: ["a", "b"] }) },
    );
    const { client, upstream } = chain.exchange(body);
    expect(upstream!.text).toBe("onetwothree");
    expect(client.text).toBe("ab");
    expect(client.complete).toBe(true);
  });

  test.each(["GET", "HEAD", "POST"])("holding the head of a %s without a body does not hang", (method) => {
    const chain = scripted(
      { requestHead: ["hold"], responseHead: ["hold"] },
      { upstream: () => ({ status: 204 }) },
    );
    expect(chain.exchange({ method }).client.status).toBe(204);
  });

  test("the first body callback that lets go releases the head", () => {
    const chain = scripted({ requestHead: ["hold"], requestBody: ["next"] });
    const stream = chain.open();
    stream.http.requestHeaders(post, false);
    stream.http.requestData(Buffer.from("one"), false);
    expect(stream.upstream!.text).toBe("one");
  });

  test("a head held for a body that nobody reads goes on with its first piece", () => {
    const chain = scripted({
      requestHead: ["ignore-request", "hold"],
      responseHead: ["ignore-response", "hold"],
    });
    const { client, upstream } = chain.exchange(body);
    expect(upstream!.text).toBe("onetwothree");
    expect(client.text).toBe("ok");
    expect(heard(chain)).toEqual(["requestHead end=false", "responseHead end=false"]);
  });

  test("a plugin that knows enough resumes before the end", () => {
    const chain = scripted(
      { requestHead: ["call check.dns", "hold"], requestBody: ["hold"], reply: ["resume"] },
      slow,
    );
    const stream = chain.open();
    stream.http.requestHeaders(post, false);
    stream.http.requestData(Buffer.from("one"), false);
    chain.settle();
    expect(stream.upstream!.text).toBe("one");
  });
});

describe("the end is heard exactly once", () => {
  const ends = (lines: string[], side: string) =>
    lines.filter((line) => line.startsWith(side) && line.endsWith("end=true")).length;

  test.each([
    ["let go", {}],
    [
      "held",
      { requestHead: ["hold"], requestBody: ["hold"], responseHead: ["hold"], responseBody: ["hold"] },
    ],
    ["dropped", { requestBody: ["drop"], responseBody: ["drop"] }],
  ])("with trailers, body %s: before the trailers", (_name, steps) => {
    const chain = scripted(steps, { upstream: () => ({ chunks: ["a", "b"], trailers: { "x-end": "1" } }) });
    const { client, upstream } = chain.exchange({ ...body, trailers: { "x-end": "1" } });
    const lines = heard(chain);
    for (const side of ["request", "response"]) {
      expect(ends(lines, side)).toBe(1);
      expect(lines.indexOf(`${side}Body end=true`)).toBe(lines.indexOf(`${side}Trailers`) - 1);
    }
    expect(upstream!.trailers).toEqual([["x-end", "1"]]);
    expect(client.trailers).toEqual([["x-end", "1"]]);
  });

  test("trailers right after the headers", () => {
    const chain = scripted({ requestHead: ["hold"] });
    chain.exchange({ chunks: [], trailers: { "x-end": "1" } });
    expect(heard(chain).slice(0, 3)).toEqual([
      "requestHead end=false",
      "requestBody end=true",
      "requestTrailers",
    ]);
  });

  test("HTTP/2 without trailers", () => {
    const chain = scripted({ requestBody: ["hold"] });
    chain.exchange({ ...body, protocol: "HTTP/2" });
    expect(ends(heard(chain), "request")).toBe(1);
  });

  test("a held body can be read and changed when the trailers end it", () => {
    const chain = scripted(
      {
        requestHead: ["hold"],
        requestBody: [["hold"], ["hold"], ["hold"], ["read", "replace changed"]],
        responseBody: [["hold"], ["hold"], ["read", "prefix 1 AA"]],
      },
      { upstream: () => ({ chunks: ["a", "b"], trailers: { "x-end": "1" } }) },
    );
    const { client, upstream } = chain.exchange({ ...body, trailers: { "x-end": "1" } });
    expect(said(chain)).toContain("body onetwothree");
    expect(upstream!.text).toBe("changed");
    expect(said(chain)).toContain("body ab");
    expect(client.text).toBe("AAb");
  });

  test("a body that was let go cannot be added to when trailers end it: hosts offer no buffer", () => {
    const chain = scripted({ requestBody: [["next"], ["append !"]] });
    const { upstream } = chain.exchange({ chunks: ["one"], trailers: { "x-end": "1" } });
    expect(said(chain)).toEqual(["appended false"]);
    expect(upstream!.text).toBe("one");
  });

  test("a policy that answers when the trailers end the body keeps the request from the upstream", () => {
    const chain = scripted({
      requestHead: ["hold"],
      requestBody: [["hold"], ["answer 403 no"]],
      requestTrailers: ["say too late"],
    });
    const { client, upstream } = chain.exchange({ chunks: ["bad"], trailers: { "x-end": "1" } });
    expect(client.status).toBe(403);
    expect(upstream).toBeUndefined();
    expect(said(chain)).not.toContain("too late");
  });
});

describe("drop", () => {
  test("swallows a piece and goes on with the next", () => {
    const chain = scripted(
      { responseBody: [["drop"], ["next"], ["drop"], ["next"]] },
      { upstream: () => ({ chunks: ["a", "b", "c"] }) },
    );
    const { client } = chain.exchange();
    expect(client.text).toBe("b");
    expect(client.complete).toBe(true);
  });

  test("at the end ends the message", () => {
    const chain = scripted(
      { requestBody: ["drop"], responseBody: ["drop"] },
      { upstream: () => ({ chunks: ["a", "b"], protocol: "HTTP/2" }) },
    );
    const { client, upstream } = chain.exchange({ ...body, protocol: "HTTP/2" });
    expect(upstream!.text).toBe("");
    expect(upstream!.complete).toBe(true);
    expect(client.text).toBe("");
    expect(client.complete).toBe(true);
  });

  test("keeps a held head held", () => {
    const chain = scripted(
      { responseHead: ["hold"], responseBody: [["drop"], ["set x-late 1", "next"]] },
      { upstream: () => ({ chunks: ["a", "b"] }) },
    );
    const { client } = chain.exchange();
    expect(client.header("x-late")).toBe("1");
    expect(client.text).toBe("b");
  });

  test("swallows what was held before", () => {
    const chain = scripted(
      { responseHead: ["hold"], responseBody: [["hold"], ["drop"], ["next"]] },
      { upstream: () => ({ chunks: ["a", "b", "c"] }) },
    );
    expect(chain.exchange().client.text).toBe("c");
  });
});

describe("bodies that are left alone", () => {
  test.each([
    [{ "content-type": "application/octet-stream" }, "false"],
    [{ "content-type": "application/grpc+proto" }, "false"],
    [{ "content-type": "application/json", "content-encoding": "gzip" }, "false"],
    [{ "content-encoding": "br" }, "false"],
    [{ "content-type": "application/json", "content-encoding": "" }, "true"],
    [{ "content-type": "text/event-stream" }, "true"],
    [{}, "true"],
  ])("%j readable: %s, each direction for itself", (headers, readable) => {
    const chain = scripted(
      { requestHead: ["bodies"], responseHead: ["bodies"] },
      { upstream: () => ({ body: "x", headers: headers as Record<string, string> }) },
    );
    chain.exchange({ body: "x", headers: headers as Record<string, string> });
    expect(said(chain)).toEqual([`bodies ${readable} true`, `bodies ${readable} ${readable}`]);
    expect(heard(chain).filter((line) => line.includes("Body")).length).toBe(readable === "true" ? 4 : 0);
  });

  test.each([
    [{ connection: "Upgrade", upgrade: "WebSocket" }, "false false"],
    [{ connection: "keep-alive, upgrade", upgrade: "websocket" }, "false false"],
    [{ connection: "keep-alive", upgrade: "websocket" }, "true true"],
    [{ connection: "upgrade", upgrade: "h2c" }, "true true"],
  ])("websocket %j: %s", (headers, readable) => {
    const chain = scripted({ requestHead: ["bodies"] });
    chain.exchange({ headers: headers as Record<string, string> });
    expect(said(chain)).toEqual([`bodies ${readable}`]);
  });
});

describe("broken exchanges", () => {
  test.each([
    ["during the head", { abortAfter: 0 }],
    ["during the body", { chunks: ["one", "two"], abortAfter: 1 }],
  ])("a client that goes away %s ends the exchange for the plugin", (_name, request) => {
    const chain = scripted({ requestHead: ["hold"], requestBody: ["hold"] });
    chain.exchange(request);
    expect(messages(chain).slice(-2)).toEqual(["> log", "> done"]);
    expect(heard(chain).filter((line) => line.endsWith("end=true"))).toEqual([]);
  });

  test("an upstream that breaks off ends the exchange for the plugin without an end", () => {
    const chain = scripted({}, { upstream: () => ({ chunks: ["a", "b"], reset: { afterChunks: 1 } }) });
    const { client } = chain.exchange();
    expect(client.reset).toBe(true);
    expect(heard(chain)).toEqual([
      "requestHead end=true",
      "responseHead end=false",
      "responseBody end=false",
    ]);
    expect(messages(chain).slice(-2)).toEqual(["> log", "> done"]);
  });

  test("an exchange that begins with a local reply of another is logged without state", () => {
    const chain = scripted({}, { route: () => undefined });
    const { client } = chain.exchange();
    expect(client.status).toBe(404);
    expect(chain.problems("warn")).toEqual([]);
  });
});

test.each(["higress", "envoy"] as const)(
  "old hosts that add the newest piece late show all of an HTTP/1 body at its end, %s",
  (flavour) => {
    const chain = scripted(
      { requestHead: ["hold"], requestBody: [["hold"], ["hold"], ["hold"], ["read"]] },
      { lateBodyBuffer: true, flavour },
    );
    chain.exchange(body);
    expect(said(chain)).toEqual(["body onetwothree"]);
  },
);
