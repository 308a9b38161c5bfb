import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { requestHeaders, TestChain } from "../../testing/chain.ts";
import { guest } from "./guest.ts";
import {
  addHeader,
  asStream,
  chainOf,
  continueStream,
  drop,
  getBytes,
  httpCall,
  remember,
  rememberStream,
  removeHeader,
  returns,
  said,
  setBytes,
  show,
} from "./snippets.ts";

describe("bodies through several plugins (Envoy's filter manager)", () => {
  const passing = guest({
    on: { proxy_on_request_body: `(if (local.get $1) (then ${show("passing", getBytes(0))}))` },
  });
  const holding = (headers: number) =>
    guest({
      on: {
        proxy_on_request_headers: returns(headers),
        proxy_on_request_body: `(if (i32.eqz (local.get $2)) (then ${returns(1)})) ${show("holding", getBytes(0))} ${drop(removeHeader(0, "content-length"))} ${drop(addHeader(0, "x-held", "1"))} ${drop(setBytes(0, 0, 0, "<"))}`,
      },
    });

  test.each([0, 1])("data goes on from the plugin that held it, header value %i", (value) => {
    const chain = new TestChain({
      plugins: [
        { name: "first", module: passing },
        { name: "middle", module: holding(value) },
        { name: "last", module: passing },
      ],
    });
    const { upstream } = chain.exchange({ chunks: ["ab", "cd"], headers: { "content-length": "4" } });
    expect(chain.logs.map(({ plugin, message }) => `${plugin} ${message}`)).toEqual([
      "first passing=ab",
      "first passing=cd",
      "middle holding=abcd",
      "last passing=<abcd",
    ]);
    expect(upstream?.text).toBe("<abcd");
    expect(upstream?.header("x-held")).toBe(value === 1 ? "1" : undefined);
    expect(upstream?.header("content-length")).toBe(value === 1 ? undefined : "4");
  });

  test("two plugins that hold the body see it whole, one after the other", () => {
    const chain = new TestChain({
      plugins: [
        { name: "a", module: holding(1) },
        { name: "b", module: holding(1) },
      ],
    });
    expect(chain.exchange({ chunks: ["a", "b", "c"] }).upstream?.text).toBe("<<abc");
    expect(said(chain)).toEqual(["holding=abc", "holding=<abc"]);
  });

  test("while a plugin holds everything the next is not called, and gets it in one piece", () => {
    const waiting = guest({
      also: rememberStream,
      on: {
        proxy_on_request_headers: `${remember} (drop ${httpCall()}) ${returns(4)}`,
        proxy_on_request_body: show("waiting", getBytes(0)),
        proxy_on_http_call_response: `${asStream} (drop ${continueStream(0)})`,
      },
    });
    const chain = new TestChain({
      plugins: [
        { name: "waiting", module: waiting },
        { name: "next", module: passing },
      ],
      calls: { peer: () => ({ delayMs: 5 }) },
    });
    const stream = chain.open();
    stream.http.requestHeaders(requestHeaders({ method: "POST", authority: "a" }), false);
    for (const data of ["ab", "cd"]) stream.http.requestData(Buffer.from(data), false);
    expect(said(chain)).toEqual([]);
    chain.settle();
    expect(said(chain)).toEqual(["waiting=abcd", "passing=abcd"]);
    stream.http.requestData(Buffer.from("ef"), true);
    chain.settle();
    expect(stream.upstream?.chunks.map(String)).toEqual(["abcd", "ef"]);
  });

  test("the buffered body can be read and replaced in a call's callback, in both directions", () => {
    const side = (buffer: number, name: string) => ({
      [`proxy_on_${name}_headers`]: `${remember} ${returns(1)}`,
      [`proxy_on_${name}_body`]: `(if (local.get $2) (then (drop ${httpCall()}))) ${returns(1)}`,
      proxy_on_http_call_response: `${asStream} ${show("kept", getBytes(buffer))} ${drop(setBytes(buffer, 0, 0x7fffffff, "replaced"))} (drop ${continueStream(buffer)})`,
    });
    for (const [buffer, name] of [
      [0, "request"],
      [1, "response"],
    ] as const) {
      const chain = chainOf(side(buffer, name), {
        also: rememberStream,
        calls: { peer: () => ({ delayMs: 1 }) },
        upstream: () => ({ chunks: ["an", "swer"] }),
      });
      const { client, upstream } = chain.exchange({ chunks: ["ques", "tion"] });
      expect(said(chain)).toEqual([buffer === 0 ? "kept=question" : "kept=answer"]);
      expect([upstream?.text, client.text]).toEqual(
        buffer === 0 ? ["replaced", "answer"] : ["question", "replaced"],
      );
    }
  });

  test("chunks pass through unheld without waiting for one another", () => {
    const chain = new TestChain({
      plugins: [
        { name: "a", module: passing },
        { name: "b", module: passing },
      ],
    });
    const stream = chain.open("HTTP/1.1", true);
    stream.http.requestHeaders(requestHeaders({ method: "POST", authority: "a" }), false);
    stream.http.requestData(Buffer.from("one"), false);
    expect(stream.upstream?.text).toBe("one");
    stream.http.responseHeaders([[":status", "200"]], false);
    stream.http.responseData(Buffer.from("event"), false);
    expect(stream.client.text).toBe("event");
    stream.http.requestData(Buffer.from("two"), true);
    expect(stream.upstream?.chunks.map(String)).toEqual(["one", "two"]);
  });
});

test("whatever the cut, a chain of passing and holding plugins delivers the same bytes", () => {
  const holder = guest({
    on: {
      proxy_on_request_headers: `(if (i32.eqz (local.get $2)) (then ${returns(1)}))`,
      proxy_on_request_body: `(if (i32.eqz (local.get $2)) (then ${returns(1)}))`,
      proxy_on_response_body: `(if (i32.eqz (local.get $2)) (then ${returns(2)}))`,
    },
  });
  const passer = guest({
    on: { proxy_on_request_body: drop(getBytes(0)), proxy_on_response_body: drop(getBytes(1, 1, 3)) },
    allocator: `(func (export "malloc") (param i32) (result i32) (i32.const 70000))`,
  });
  const chain = new TestChain({
    plugins: [
      { name: "a", module: passer },
      { name: "b", module: holder },
      { name: "c", module: passer },
      { name: "d", module: holder },
    ],
    upstream: ({ chunks }) => ({ chunks, trailers: { t: "1" } }),
  });
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }),
      fc.constantFrom("HTTP/1.1" as const, "HTTP/2" as const),
      fc.boolean(),
      (chunks, protocol, trailers) => {
        const body = Buffer.concat(chunks);
        const { client, upstream } = chain.exchange({
          chunks,
          protocol,
          ...(trailers ? { trailers: { t: "1" } } : {}),
        });
        expect(upstream).toMatchObject({ complete: true, reset: false });
        expect(upstream?.body).toEqual(body);
        expect(client).toMatchObject({ status: 200, complete: true, trailers: [["t", "1"]] });
        expect(client.body).toEqual(body);
        expect(chain.chain.liveStreams()).toBe(0);
      },
    ),
    { numRuns: 500 },
  );
});
