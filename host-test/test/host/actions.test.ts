import { describe, expect, test } from "vitest";
import type { Flavour, Headers } from "../../host/types.ts";
import { requestHeaders, TestChain } from "../../testing/chain.ts";
import { guest } from "./guest.ts";
import {
  asStream,
  chainOf,
  code,
  continueStream,
  drop,
  getHeader,
  httpCall,
  remember,
  rememberStream,
  removeHeader,
  reply,
  returns,
  said,
  say,
} from "./snippets.ts";

const request: Headers = requestHeaders({ method: "POST", authority: "a" });

const modes: Record<string, { flavour: Flavour; marker: string; allow: boolean }> = {
  "stock, not allowed": { flavour: "envoy", marker: "proxy_abi_version_0_2_1", allow: false },
  "stock, allowed": { flavour: "envoy", marker: "proxy_abi_version_0_2_1", allow: true },
  "Higress, 0.2.100": { flavour: "higress", marker: "proxy_abi_version_0_2_100", allow: false },
  "Higress, 0.2.1": { flavour: "higress", marker: "proxy_abi_version_0_2_1", allow: true },
  "Higress, 0.2.0": { flavour: "higress", marker: "proxy_abi_version_0_2_0", allow: true },
};

/** What becomes of headers and body when the header callback returns `value` and the body callback Continue. */
function outcome(mode: string, direction: "request" | "response", value: number): string {
  const { flavour, marker, allow } = modes[mode]!;
  const chain = new TestChain({
    flavour,
    plugins: [
      {
        allowOnHeadersStopIteration: allow,
        module: guest({
          markers: [marker],
          on: {
            [`proxy_on_${direction}_headers`]: returns(value),
            [`proxy_on_${direction}_body`]: `${say("body")} ${direction === "request" ? code("held", `(i32.eqz ${getHeader(0, ":path")})`) : code("held", `(i32.eqz ${getHeader(2, ":status")})`)}`,
          },
        }),
      },
    ],
  });
  const { client, upstream } = chain.exchange({ body: "x" });
  const passed = direction === "request" ? upstream !== undefined : client.status === 200;
  const lines = said(chain);
  if (!passed) return lines.includes("body") ? "stuck" : "waits";
  return lines.includes("held=1") ? "holds until the body continues" : "goes on at once";
}

describe("header actions (abi.md §8, envoy.md §3)", () => {
  const holds = "holds until the body continues";
  test.each([
    ["stock, not allowed", 0, "goes on at once"],
    ["stock, not allowed", 1, "waits"],
    ["stock, allowed", 0, "goes on at once"],
    ["stock, allowed", 1, holds],
    ["stock, allowed", 2, "goes on at once"],
    ["stock, allowed", 3, "waits"],
    ["stock, allowed", 4, "waits"],
    ["stock, allowed", 5, "waits"],
    ["stock, allowed", -1, "waits"],
    ["Higress, 0.2.100", 1, holds],
    ["Higress, 0.2.1", 1, "waits"],
    ["Higress, 0.2.0", 1, "waits"],
    ["Higress, 0.2.100", 4, "waits"],
  ])("%s, value %i: %s", (mode, value, expected) => {
    expect(outcome(mode, "request", value)).toBe(expected);
    expect(outcome(mode, "response", value)).toBe(expected);
  });

  test("value 1 on a message without a body waits for continue_stream", () => {
    const chain = chainOf(
      {
        proxy_on_request_headers: `${remember} (drop ${httpCall()}) ${returns(1)}`,
        proxy_on_http_call_response: `${asStream} (drop ${continueStream(0)})`,
      },
      { also: rememberStream, calls: { peer: () => ({ delayMs: 10 }) } },
    );
    const stream = chain.open();
    stream.http.requestHeaders(request, true);
    chain.clock.advance(9);
    expect(stream.upstream).toBeUndefined();
    chain.settle();
    expect(stream.upstream?.complete).toBe(true);
  });

  test("value 1 is no wait: a body callback that continues releases the headers while a call is open", () => {
    const chain = chainOf(
      {
        proxy_on_request_headers: `(drop ${httpCall()}) ${returns(1)}`,
        proxy_on_http_call_response: say("reply"),
      },
      { calls: { peer: () => ({ delayMs: 10 }) } },
    );
    const stream = chain.open();
    stream.http.requestHeaders(request, false);
    expect(stream.upstream).toBeUndefined();
    stream.http.requestData(Buffer.from("x"), false);
    expect(stream.upstream?.text).toBe("x");
    expect(said(chain)).toEqual([]);
  });
});

describe("trailer actions (abi.md §8)", () => {
  test.each([1, 2, 99])(
    "value %i holds the trailers until continue_stream, and with them nothing else",
    (value) => {
      const chain = chainOf(
        {
          proxy_on_request_headers: remember,
          proxy_on_request_trailers: `(drop ${httpCall()}) ${returns(value)}`,
          proxy_on_http_call_response: `${asStream} (drop ${continueStream(0)})`,
        },
        { also: rememberStream, calls: { peer: () => ({ delayMs: 10 }) } },
      );
      const stream = chain.open();
      stream.http.requestHeaders(request, false);
      stream.http.requestData(Buffer.from("x"), false);
      stream.http.requestTrailers([["t", "1"]]);
      expect(stream.upstream).toMatchObject({ text: "x", complete: false });
      chain.settle();
      expect(stream.upstream).toMatchObject({ trailers: [["t", "1"]], complete: true });
    },
  );
});

describe("continue_stream (abi.md §9; inside a callback measured on Envoy 1.40)", () => {
  test("inside the header callback headers go on at once although the callback then stops; a body waits", () => {
    const on = {
      proxy_on_request_headers: `(drop ${continueStream(0)}) ${returns(4)}`,
      proxy_on_request_body: say("never"),
    };
    expect(chainOf(on).exchange().client.status).toBe(200);
    const { client, upstream } = chainOf(on).exchange({ body: "x" });
    expect(upstream).toMatchObject({ text: "", complete: false });
    expect(client.status).toBe(0);
  });

  test("for a direction that is not stopped it does nothing", () => {
    const chain = chainOf({
      proxy_on_request_headers: `(drop ${continueStream(1)})`,
      proxy_on_request_body: `(drop ${continueStream(0)})`,
      proxy_on_response_body: `(drop ${continueStream(0)}) (drop ${continueStream(1)})`,
    });
    const { client, upstream } = chain.exchange({ chunks: ["a", "b"] });
    expect([upstream?.text, client.text]).toEqual(["ab", "ok"]);
  });

  test("types: 0 to 2 are accepted, 3 is unimplemented, others are bad", () => {
    const chain = chainOf({
      proxy_on_response_headers: [1, 2, 3, 4, -1]
        .map((type) => code(`${type}`, continueStream(type)))
        .join(" "),
    });
    chain.exchange();
    expect(said(chain)).toEqual(["1=0", "2=0", "3=12", "4=2", "-1=2"]);
  });

  test("0.1.0 has calls of its own, and headers callbacks without the end flag", () => {
    const chain = chainOf(
      {
        proxy_on_request_headers: `${remember} (drop ${httpCall()}) ${returns(4)}`,
        proxy_on_http_call_response: `${asStream} (drop (call $proxy_continue_request))`,
      },
      { also: rememberStream, calls: { peer: () => ({}) }, markers: ["proxy_abi_version_0_1_0"] },
    );
    expect(chain.exchange({ body: "x" }).upstream?.text).toBe("x");
  });
});

describe("close_stream (abi.md §9)", () => {
  test.each([0, 1])("type %i resets the stream once the callback has returned", (type) => {
    const chain = chainOf({
      proxy_on_response_headers: `${code("close", `(call $proxy_close_stream (i32.const ${type}))`)} ${say("still here")}`,
      proxy_on_response_body: say("never"),
      proxy_on_log: say("log"),
    });
    const { client, record } = chain.exchange();
    expect(client).toMatchObject({ status: 0, reset: true });
    expect(record?.responseCode).toBe(0);
    expect(said(chain)).toEqual(["close=0", "still here", "log"]);
  });

  test("before any response its details are wasm_close_stream, and the upstream request is given up", () => {
    const chain = chainOf({ proxy_on_request_body: drop("(call $proxy_close_stream (i32.const 0))") });
    const { upstream, record } = chain.exchange({ body: "x" });
    expect(record?.details).toBe("wasm_close_stream");
    expect(upstream?.reset).toBe(true);
  });

  test("an unknown type is 2", () => {
    const chain = chainOf({
      proxy_on_request_headers: code("close", "(call $proxy_close_stream (i32.const 4))"),
    });
    expect(chain.exchange().client.status).toBe(200);
    expect(said(chain)).toEqual(["close=2"]);
  });
});

describe("set_effective_context (abi.md §9)", () => {
  test("lasts until the callback returns; an unknown id is 2; 0 is the callback's own context", () => {
    const chain = chainOf(
      {
        proxy_on_request_headers: `${remember} (drop ${httpCall()}) (drop ${httpCall()}) ${returns(4)}`,
        proxy_on_http_call_response: `${code("before", getHeader(0, ":path"))}
          ${code("unknown", "(call $proxy_set_effective_context (i32.const 99))")} ${asStream} ${code("inside", getHeader(0, ":path"))}
          ${code("back", "(call $proxy_set_effective_context (i32.const 0))")} ${code("root", getHeader(0, ":path"))} ${asStream}`,
      },
      { also: rememberStream, calls: { peer: () => ({}) } },
    );
    chain.exchange();
    const once = ["before=2", "unknown=2", "inside=0", "back=0", "root=2"];
    expect(said(chain)).toEqual([...once, ...once]);
  });

  test("a stream that has ended is unknown, and its call's answer still comes", () => {
    const chain = chainOf(
      {
        proxy_on_request_headers: `${remember} (drop ${httpCall()}) ${returns(4)}`,
        proxy_on_http_call_response: `${code("stream", "(call $proxy_set_effective_context (global.get $stream))")} ${code("reply", reply(200))} ${code("continue", continueStream(0))}`,
      },
      { also: rememberStream, calls: { peer: () => ({ delayMs: 10 }) } },
    );
    const stream = chain.open();
    stream.http.requestHeaders(request, true);
    stream.http.requestReset();
    chain.settle();
    expect(said(chain)).toEqual(["stream=2", "reply=0", "continue=0"]);
    expect(stream.client.status).toBe(0);
  });
});

test("a plugin that holds response headers may change them when the body is complete", () => {
  const chain = chainOf(
    {
      proxy_on_response_headers: returns(1),
      proxy_on_response_body: `(if (i32.eqz (local.get $2)) (then ${returns(1)})) ${drop(removeHeader(2, "content-length"))}`,
    },
    { upstream: () => ({ headers: { "content-length": "2" }, chunks: ["o", "k"] }) },
  );
  const { client } = chain.exchange();
  expect(client.header("content-length")).toBeUndefined();
  expect(client.chunks.map(String)).toEqual(["ok"]);
});
