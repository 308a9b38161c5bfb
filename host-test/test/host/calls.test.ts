import { requestHeaders } from "../../testing/chain.ts";
import { describe, expect, test } from "vitest";
import type { CallReply } from "../../testing/chain.ts";
import {
  asStream,
  callHeaders,
  chainOf,
  code,
  continueStream,
  drop,
  getBytes,
  getHeader,
  httpCall,
  number,
  out,
  pairs,
  remember,
  rememberStream,
  returns,
  said,
  say,
  setBytes,
  show,
} from "./snippets.ts";

const token = `(call $code @"token" (i32.load ${number}))`;
const status = `${show("message", `(call $proxy_get_status ${number} ${out})`)} (call $code @"status" (i32.load ${number}))`;
const counts = `(call $code @"headers" (local.get $2)) (call $code @"body" (local.get $3)) (call $code @"trailers" (local.get $4))`;

describe("proxy_http_call (abi.md §10; codes measured on Envoy 1.40)", () => {
  test.each([
    ["an unknown cluster", httpCall("nobody"), 2],
    ["no :method", httpCall("peer", { headers: callHeaders.slice(1) }), 2],
    ["no :path", httpCall("peer", { headers: callHeaders.filter(([name]) => name !== ":path") }), 2],
    ["no :authority", httpCall("peer", { headers: callHeaders.slice(0, 2) }), 2],
    ["an empty :path", httpCall("peer", { headers: [callHeaders[0]!, [":path", ""], callHeaders[2]!] }), 0],
    ["a negative timeout", httpCall("peer", { timeoutMs: -1 }), 2],
    ["no timeout", httpCall("peer", { timeoutMs: 0 }), 0],
    ["a cluster without hosts", httpCall("empty"), 10],
    [
      "malformed headers",
      `(call $proxy_http_call @"peer" @"\\09\\00\\00\\00" @"" @"" (i32.const 1) ${number})`,
      2,
    ],
    [
      "a bad pointer",
      `(call $proxy_http_call @"peer" (i32.const -9) (i32.const 99) @"" @"" (i32.const 1) ${number})`,
      6,
    ],
    [
      "nowhere to write the token",
      `(call $proxy_http_call @"peer" @"${pairs(callHeaders)}" @"" @"" (i32.const 1) (i32.const -4))`,
      6,
    ],
  ])("%s", (_name, call, expected) => {
    const chain = chainOf(
      { proxy_on_request_headers: code("call", call) },
      { calls: { peer: () => ({}), empty: () => "no-host" } },
    );
    expect(chain.exchange().client.status).toBe(200);
    expect(said(chain)).toEqual([`call=${expected}`]);
    expect(chain.calls).toHaveLength(expected === 0 || expected === 10 ? 1 : 0);
  });

  test("what goes out: lower-case names, scheme, length, Envoy's own headers, body and trailers", () => {
    const headers: [string, string][] = [["X-A", "1"], ...callHeaders, ["content-length", "99"]];
    const chain = chainOf(
      {
        proxy_on_request_headers: `(drop (call $proxy_http_call @"peer" @"${pairs(headers)}" @"abc" @"${pairs([["T", "1"]])}" (i32.const 250) ${number}))`,
      },
      { calls: { peer: () => ({}) } },
    );
    chain.exchange();
    expect(chain.calls[0]).toMatchObject({ cluster: "peer", timeoutMs: 250, trailers: [["t", "1"]] });
    expect(Buffer.from(chain.calls[0]!.body).toString()).toBe("abc");
    expect(Object.fromEntries(chain.calls[0]!.headers)).toEqual({
      ":method": "GET",
      ":path": "/call",
      ":authority": "peer",
      ":scheme": "http",
      "x-a": "1",
      "content-length": "3",
      "x-envoy-internal": "true",
      "x-envoy-expected-rq-timeout-ms": "250",
    });
  });

  test("tokens of HTTP calls are multiples of 4, a failed one uses its number up and leaves 0", () => {
    const chain = chainOf(
      {
        proxy_on_request_headers: [httpCall(), httpCall("empty"), httpCall()]
          .map((call) => `${drop(call)} ${token}`)
          .join(" "),
      },
      { calls: { peer: () => ({}), empty: () => "no-host" } },
    );
    chain.exchange();
    expect(said(chain)).toEqual(["token=4", "token=0", "token=12"]);
  });

  test("the answer arrives on the root with counts, maps 6 and 7 and buffer 4, valid inside the callback alone", () => {
    const inside = `${show("status", getHeader(6, ":status"))} ${show("trailer", getHeader(7, "t"))} ${show("bytes", getBytes(4))} ${code("set", setBytes(4, 0, 1, "x"))}`;
    const chain = chainOf(
      {
        proxy_on_request_headers: `${drop(httpCall())} ${code("early", getBytes(4))}`,
        proxy_on_http_call_response: `(call $code @"root" (local.get $0)) (call $code @"token" (local.get $1)) ${counts} ${inside}`,
        proxy_on_response_headers: code("late", getBytes(4)),
      },
      { calls: { peer: () => ({ status: 201, headers: { a: "1" }, body: "hello", trailers: { t: "2" } }) } },
    );
    chain.exchange();
    expect(said(chain)).toEqual([
      ...["early=1", "root=1", "token=4", "headers=2", "body=5", "trailers=1"],
      ...["status=201", "trailer=2", "bytes=hello", "set=2", "late=1"],
    ]);
  });

  test.each<[string, CallReply, string[]]>([
    ["refused", { reset: "connect-failure" }, ["headers=3", "body=98", "trailers=0", ":status=503"]],
    ["reset before headers", { reset: "reset" }, ["headers=3", "body=95", "trailers=0", ":status=503"]],
    ["timed out", "never", ["headers=3", "body=24", "trailers=0", ":status=504"]],
    ["slower than its timeout", { delayMs: 1001 }, ["headers=3", "body=24", "trailers=0", ":status=504"]],
    [
      "reset after headers",
      { reset: { afterChunks: 1 } },
      ["headers=0", "body=0", "trailers=0", ":status!2"],
    ],
  ])("%s", (_name, answer, expected) => {
    const chain = chainOf(
      {
        proxy_on_request_headers: drop(httpCall()),
        proxy_on_http_call_response: `${counts} ${show(":status", getHeader(6, ":status"))}`,
      },
      { calls: { peer: () => answer } },
    );
    chain.exchange();
    chain.advance(2000);
    expect(said(chain)).toEqual(expected);
  });

  test("get_status is 11 and `reset` after a reset, and the 11 stays in later answers", () => {
    const answers: CallReply[] = [{}, { reset: { afterChunks: 0 } }, {}];
    const chain = chainOf(
      { proxy_on_request_headers: drop(httpCall()), proxy_on_http_call_response: status },
      { calls: { peer: () => answers.shift()! } },
    );
    for (let i = 0; i < 3; i++) chain.exchange();
    expect(said(chain)).toEqual([
      "message=",
      "status=0",
      "message=reset",
      "status=11",
      "message=",
      "status=11",
    ]);
  });

  test("calls work while configuring, and an answer never comes while a callback of the VM runs", () => {
    const chain = chainOf(
      {
        proxy_on_configure: `${drop(httpCall())} ${say("configured")}`,
        proxy_on_request_headers: `${drop(httpCall())} ${say("headers")}`,
        proxy_on_http_call_response: `${say("answer")} (if (i32.eq (local.get $1) (i32.const 8)) (then ${drop(httpCall())} ${say("another sent")}))`,
      },
      { calls: { peer: () => ({}) } },
    );
    chain.settle();
    chain.exchange();
    expect(said(chain)).toEqual(["configured", "answer", "headers", "answer", "another sent", "answer"]);
  });

  test("several calls of one stream are told apart by token, in the order they are answered", () => {
    const delays = [30, 10, 20];
    const chain = chainOf(
      {
        proxy_on_request_headers: `${remember} ${[0, 1, 2].map(() => drop(httpCall())).join(" ")} ${returns(4)}`,
        proxy_on_http_call_response: `(call $code @"token" (local.get $1)) (if (i32.eq (local.get $1) (i32.const 4)) (then ${asStream} ${drop(continueStream(0))}))`,
      },
      { also: rememberStream, calls: { peer: () => ({ delayMs: delays.shift()! }) } },
    );
    expect(chain.exchange().client.status).toBe(200);
    expect(said(chain)).toEqual(["token=8", "token=12", "token=4"]);
  });

  test("closing the chain gives open calls up", () => {
    const chain = chainOf(
      {
        proxy_on_request_headers: `${drop(httpCall())} ${returns(4)}`,
        proxy_on_http_call_response: say("never"),
      },
      { calls: { peer: () => ({ delayMs: 10 }) } },
    );
    const stream = chain.open();
    stream.http.requestHeaders(requestHeaders({ method: "GET", authority: "a" }), true);
    chain.close();
    chain.advance(100);
    expect(said(chain)).toEqual([]);
    expect(stream.client.reset).toBe(true);
    expect(chain.chain.liveStreams()).toBe(0);
  });
});
