import { describe, expect, test } from "vitest";
import { TestChain } from "../../testing/chain.ts";
import { guest } from "./guest.ts";
import {
  addHeader,
  asStream,
  chainOf,
  code,
  continueStream,
  drop,
  getBytes,
  getHeader,
  httpCall,
  remember,
  rememberStream,
  reply,
  returns,
  said,
  say,
  setBytes,
  show,
} from "./snippets.ts";

const responseCallbacks = {
  proxy_on_response_headers: `${show("status", getHeader(2, ":status"))} (call $code @"end" (local.get $2))`,
  proxy_on_response_body: `${show("body", getBytes(1))} (call $code @"end" (local.get $2))`,
};

describe("send_local_response (abi.md §9; headers measured on Envoy 1.40)", () => {
  test("is carried out after the callback and overrides what it returned", () => {
    const chain = chainOf({
      proxy_on_request_headers: `${drop(reply(418, "teapot"))} ${say("callback goes on")} ${returns(0)}`,
      proxy_on_request_body: say("never"),
      ...responseCallbacks,
    });
    const { client, upstream, record } = chain.exchange({ body: "x" });
    expect(upstream).toBeUndefined();
    expect(client.headers).toEqual([
      [":status", "418"],
      ["content-length", "6"],
      ["content-type", "text/plain"],
    ]);
    expect(client).toMatchObject({ text: "teapot", complete: true });
    expect(record).toMatchObject({ responseCode: 418, details: "test_details", responseBytes: 6 });
    expect(said(chain)).toEqual(["callback goes on", "status=418", "end=0", "body=teapot", "end=1"]);
  });

  test("given headers are appended in lower case, the length is computed, a given content-type stays", () => {
    const headers: [string, string][] = [
      ["Content-Type", "x/y"],
      ["a", "b"],
      ["A", "c"],
      ["content-length", "99"],
    ];
    const chain = chainOf({ proxy_on_request_headers: drop(reply(200, "body", headers)) });
    expect(chain.exchange().client.headers).toEqual([
      [":status", "200"],
      ["content-type", "x/y"],
      ["a", "b"],
      ["a", "c"],
      ["content-length", "4"],
    ]);
  });

  test("without a body there is neither length nor type", () => {
    const chain = chainOf({
      proxy_on_request_headers: drop(
        reply(204, "", [
          ["content-type", "x/y"],
          ["a", "b"],
        ]),
      ),
      ...responseCallbacks,
    });
    const { client } = chain.exchange();
    expect(client.headers).toEqual([
      [":status", "204"],
      ["a", "b"],
    ]);
    expect(client.complete).toBe(true);
    expect(said(chain)).toEqual(["status=204", "end=1"]);
  });

  test("malformed headers are dropped, the reply is sent all the same", () => {
    const chain = chainOf({
      proxy_on_request_headers: `(drop (call $proxy_send_local_response (i32.const 403) @"" @"no" @"\\09\\00\\00" (i32.const -1)))`,
    });
    expect(chain.exchange().client).toMatchObject({ status: 403, text: "no" });
  });

  test("the body is bytes", () => {
    const chain = chainOf({ proxy_on_request_headers: drop(reply(200, "\\ff\\00é")) });
    expect(chain.exchange().client.body).toEqual(Buffer.from([0xff, 0, 0xc3, 0xa9]));
  });

  test("a HEAD request gets the headers alone", () => {
    const chain = chainOf({ proxy_on_request_headers: drop(reply(200, "body")) });
    const { client } = chain.exchange({ method: "HEAD" });
    expect(client.header("content-length")).toBe("4");
    expect(client).toMatchObject({ text: "", complete: true });
  });

  test("a gRPC request gets a status in headers, mapped from the HTTP status or as given", () => {
    const headers = { "content-type": "application/grpc+proto" };
    const mapped = chainOf({ proxy_on_request_headers: drop(reply(403, "no é", [["a", "b"]])) });
    const { client } = mapped.exchange({ headers, method: "POST" });
    expect(client.headers).toEqual([
      [":status", "200"],
      ["a", "b"],
      ["content-type", "application/grpc"],
      ["grpc-status", "7"],
      ["grpc-message", "no %C3%A9"],
    ]);
    expect(client.complete).toBe(true);
    const given = chainOf({
      proxy_on_request_headers: `(drop (call $proxy_send_local_response (i32.const 403) @"" @"" @"" (i32.const 5)))`,
    });
    expect(given.exchange({ headers }).client.header("grpc-status")).toBe("5");
  });

  test("runs the response callbacks of every plugin that saw the request, in reverse, the sender included", () => {
    const named = (name: string, on: object = {}) => ({
      name,
      module: guest({
        on: { ...on, proxy_on_response_headers: `${say(name)} ${drop(addHeader(2, `x-${name}`, "1"))}` },
      }),
    });
    const chain = new TestChain({
      plugins: [named("a"), named("b", { proxy_on_request_headers: drop(reply(401)) }), named("c")],
    });
    const { client } = chain.exchange();
    expect(said(chain)).toEqual(["b", "a"]);
    expect(client.headers).toEqual([
      [":status", "401"],
      ["x-b", "1"],
      ["x-a", "1"],
    ]);
  });

  test("response callbacks may change a reply like any response", () => {
    const chain = chainOf({
      proxy_on_request_headers: drop(reply(401, "no")),
      proxy_on_response_headers: `(drop (call $proxy_remove_header_map_value (i32.const 2) @"content-length"))`,
      proxy_on_response_body: drop(setBytes(1, 0, 0x7fffffff, "changed")),
    });
    const { client } = chain.exchange();
    expect(client).toMatchObject({ status: 401, text: "changed" });
    expect(client.header("content-length")).toBeUndefined();
  });

  test.each(["proxy_on_request_body", "proxy_on_request_trailers"])(
    "from %s the upstream request is given up",
    (name) => {
      const chain = chainOf({ [name]: drop(reply(400, "bad")) });
      const { client, upstream } = chain.exchange({ body: "x", trailers: { t: "1" } });
      expect(client).toMatchObject({ status: 400, text: "bad", complete: true });
      expect(upstream).toMatchObject({ reset: true, complete: false });
    },
  );

  test("from a call's callback with the stream effective; then continue_stream does nothing", () => {
    const chain = chainOf(
      {
        proxy_on_request_headers: `${remember} (drop ${httpCall()}) ${returns(4)}`,
        proxy_on_http_call_response: `${asStream} ${code("reply", reply(403, "denied"))} ${code("continue", continueStream(0))}`,
      },
      { also: rememberStream, calls: { peer: () => ({}) } },
    );
    const { client, upstream } = chain.exchange({ body: "x" });
    expect(client).toMatchObject({ status: 403, text: "denied" });
    expect(upstream).toBeUndefined();
    expect(said(chain)).toEqual(["reply=0", "continue=0"]);
  });

  test("on a root context without a stream it answers 0 and does nothing", () => {
    const chain = chainOf(
      {
        proxy_on_request_headers: `(drop ${httpCall()})`,
        proxy_on_http_call_response: code("reply", reply(500)),
      },
      { calls: { peer: () => ({}) } },
    );
    expect(chain.exchange().client.status).toBe(200);
    expect(said(chain)).toEqual(["reply=0"]);
  });

  test("stock: of two replies the first gives status and body, the last the details; Higress refuses the second", () => {
    const on = {
      proxy_on_request_headers: `${code("first", reply(418, "one", [], "d one"))} ${code("second", reply(419, "two", [], "d two"))}`,
    };
    const stock = chainOf(on, { flavour: "envoy" });
    const { client, record } = stock.exchange();
    expect(client).toMatchObject({ status: 418, text: "one" });
    expect(record?.details).toBe("d_two");
    expect(said(stock)).toEqual(["first=0", "second=0"]);
    const higress = chainOf(on);
    expect(higress.exchange().record?.details).toBe("d_one");
    expect(said(higress)).toEqual(["first=0", "second=2"]);
  });
});

describe("replies in the response phase (abi.md §9, measured on Envoy 1.40)", () => {
  test("from the header callback it replaces the response, past all plugins", () => {
    const outer = guest({
      on: { proxy_on_response_headers: say("outer"), proxy_on_response_body: say("outer body") },
    });
    const inner = guest({
      on: {
        proxy_on_response_headers: `${say("inner")} ${drop(reply(502, "bad answer"))}`,
        proxy_on_response_body: say("inner body"),
      },
    });
    const chain = new TestChain({
      plugins: [
        { name: "outer", module: outer },
        { name: "inner", module: inner },
      ],
    });
    const { client } = chain.exchange();
    expect(client.headers).toEqual([
      [":status", "502"],
      ["content-length", "10"],
      ["content-type", "text/plain"],
    ]);
    expect(client).toMatchObject({ text: "bad answer", complete: true });
    expect(said(chain)).toEqual(["inner"]);
  });

  test("from the body callback while the headers are held likewise", () => {
    const chain = chainOf({
      proxy_on_response_headers: returns(1),
      proxy_on_response_body: `${say("body")} ${drop(reply(502, "bad"))}`,
    });
    expect(chain.exchange().client).toMatchObject({ status: 502, text: "bad", complete: true });
    expect(said(chain)).toEqual(["body"]);
  });

  test("once the headers went out it cuts the response", () => {
    const chain = chainOf({ proxy_on_response_body: drop(reply(502, "bad", [], "too late")) });
    const { client, record } = chain.exchange();
    expect(client).toMatchObject({ status: 200, text: "", complete: false, reset: true });
    expect(record).toMatchObject({ responseCode: 200, details: "too_late" });
  });
});

describe("replies of the router (measured on Envoy 1.40)", () => {
  const failure = "upstream connect error or disconnect/reset before headers. reset reason: ";
  test.each([
    [
      "connect-failure",
      503,
      `${failure}remote connection failure`,
      "UF",
      "upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}",
    ],
    [
      "reset",
      503,
      `${failure}connection termination`,
      "UC",
      "upstream_reset_before_response_started{connection_termination}",
    ],
    ["timeout", 504, "upstream request timeout", "UT", "response_timeout"],
  ] as const)("%s before the response passes the plugins", (reset, status, text, flags, details) => {
    const chain = chainOf(responseCallbacks, { upstream: () => ({ reset }) });
    const { client, record } = chain.exchange();
    expect(client).toMatchObject({ status, text, complete: true });
    expect(record).toMatchObject({ details, flags });
    expect(said(chain)).toEqual([`status=${status}`, "end=0", `body=${text}`, "end=1"]);
  });

  test("a connection lost in the response cuts it, or is 502 past the plugins while the headers are held", () => {
    const upstream = () => ({ chunks: ["abc"], reset: { afterChunks: 1 } });
    const details = "upstream_reset_after_response_started{protocol_error}";
    const cut = chainOf({}, { upstream }).exchange();
    expect(cut.client).toMatchObject({ status: 200, text: "abc", complete: false, reset: true });
    expect(cut.record).toMatchObject({ details, flags: "UPE" });
    const held = chainOf(
      { proxy_on_response_headers: `${say("headers")} ${returns(1)}`, proxy_on_response_body: returns(1) },
      { upstream },
    );
    const { client, record } = held.exchange();
    expect(client).toMatchObject({ status: 502, text: `${failure}protocol error`, complete: true });
    expect(record).toMatchObject({ details, flags: "UPE" });
    expect(said(held)).toEqual(["headers"]);
  });
});
