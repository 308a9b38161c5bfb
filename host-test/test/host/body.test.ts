import { requestHeaders } from "../../testing/chain.ts";
import { describe, expect, test } from "vitest";
import {
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
  setProperty,
  show,
} from "./snippets.ts";

const size = `(call $code @"size" (local.get $1))`;
const end = `(call $code @"end" (local.get $2))`;
const chunk = (length: number, fill = "x") => fill.repeat(length);

describe("reading (abi.md §7; edges measured on Envoy 1.40)", () => {
  test("ranges are clipped to what is there; beyond the end is empty, never an error", () => {
    const chain = chainOf({
      proxy_on_request_body: `(if (local.get $1) (then ${show("middle", getBytes(0, 1, 1))} ${show("clipped", getBytes(0, 1, -1))}
        ${show("end", getBytes(0, 3, 5))} ${show("beyond", getBytes(0, 10, 5))} ${show("none", getBytes(0, 0, 0))}))`,
    });
    chain.exchange({ body: "abc" });
    expect(said(chain)).toEqual(["middle=b", "clipped=bc", "end=", "beyond=", "none="]);
  });

  test("a body that is not there reads as empty and refuses changes; other buffers outside their callback", () => {
    const chain = chainOf(
      {
        proxy_on_request_headers: `${[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((type) => code(`get ${type}`, getBytes(type))).join(" ")}
        ${[0, 1, 4, 6, 7].map((type) => code(`set ${type}`, setBytes(type, 0, 0, "x"))).join(" ")}
        ${code("status 0", "(call $proxy_get_buffer_status (i32.const 0) (i32.const 16) (i32.const 20))")}
        ${code("status 4", "(call $proxy_get_buffer_status (i32.const 4) (i32.const 16) (i32.const 20))")}`,
      },
      { flavour: "envoy" },
    );
    chain.exchange();
    expect(said(chain)).toEqual([
      ...[
        "get 0=0",
        "get 1=0",
        "get 2=0",
        "get 3=0",
        "get 4=1",
        "get 5=0",
        "get 6=0",
        "get 7=1",
        "get 8=0",
        "get 9=2",
      ],
      ...["get 10=2", "set 0=2", "set 1=2", "set 4=1", "set 6=2", "set 7=1", "status 0=0", "status 4=1"],
    ]);
  });

  test("the status is the length visible now, with flags 0", () => {
    const chain = chainOf({
      proxy_on_request_body: `(i32.store (i32.const 20) (i32.const 9)) (drop (call $proxy_get_buffer_status (i32.const 0) (i32.const 16) (i32.const 20)))
        (call $code @"length" (i32.load (i32.const 16))) (call $code @"flags" (i32.load (i32.const 20)))`,
    });
    chain.exchange({ chunks: ["abc"], protocol: "HTTP/2" });
    expect(said(chain)).toEqual(["length=3", "flags=0"]);
  });
});

describe("changing (abi.md §7)", () => {
  test.each([
    ["prepend", setBytes(0, 0, 0, "X"), "Xabc", 0],
    ["append", setBytes(0, 0x7fffffff, 0, "X"), "abcX", 0],
    ["append at the exact end", setBytes(0, 3, 0, "X"), "abcX", 0],
    ["replace all", setBytes(0, 0, 0x7fffffff, "X"), "X", 0],
    ["replace a prefix", setBytes(0, 0, 2, "XYZ"), "XYZc", 0],
    ["empty it", setBytes(0, 0, 3, ""), "", 0],
    ["in the middle", setBytes(0, 1, 1, "X"), "abc", 2],
  ])("%s", (_name, change, body, answer) => {
    const chain = chainOf({ proxy_on_request_body: `(if (local.get $1) (then ${code("set", change)}))` });
    expect(chain.exchange({ body: "abc" }).upstream?.text).toBe(body);
    expect(said(chain)).toEqual([`set=${answer}`]);
  });

  test("in the log phase bodies can no longer be changed", () => {
    const chain = chainOf({
      proxy_on_log: `${code("request", setBytes(0, 0, 0, "x"))} ${code("response", setBytes(1, 0, 0, "x"))}`,
    });
    chain.exchange({ body: "abc" });
    expect(said(chain)).toEqual(["request=2", "response=2"]);
  });

  test("a log that comes inside the body callback still sees the body (measured on Envoy 1.40)", () => {
    const chain = chainOf({
      proxy_on_response_headers: returns(1),
      proxy_on_response_body: drop(reply(502)),
      proxy_on_log: show("body", getBytes(1)),
    });
    chain.exchange();
    expect(said(chain)).toEqual(["body=ok"]);
  });

  test("emptying a chunk and continuing holds it back; it can be put in front of the next", () => {
    const chain = chainOf({
      proxy_on_response_body: `(if (local.get $2) (then ${drop(setBytes(1, 0, 0, "late"))}) (else ${drop(setBytes(1, 0, 100, ""))}))`,
    });
    const { client } = chain.exchange();
    expect(client.chunks.map(String)).toEqual(["late"]);
  });
});

describe("which bytes a body callback sees (abi.md §7, envoy.md §4)", () => {
  const seen = (action: number) => ({
    proxy_on_request_body: `${show("body", getBytes(0))} ${size} (if (i32.eqz (local.get $2)) (then ${returns(action)}))`,
  });

  test("after Continue each chunk alone, in its own borders, with an empty last one on HTTP/1.1", () => {
    const chain = chainOf(seen(0));
    const { upstream } = chain.exchange({ chunks: ["ab", "cde"] });
    expect(said(chain)).toEqual(["body=ab", "size=2", "body=cde", "size=3", "body=", "size=0"]);
    expect(upstream?.chunks.map(String)).toEqual(["ab", "cde"]);
    chain.exchange({ chunks: ["ab", "cde"], protocol: "HTTP/2" });
    expect(said(chain)).toEqual(["body=ab", "size=2", "body=cde", "size=3"]);
  });

  test("after 1 all that was kept, the newest chunk included, and it goes out at once in the end", () => {
    const chain = chainOf(seen(1));
    const { upstream } = chain.exchange({ chunks: ["ab", "cde"] });
    expect(said(chain)).toEqual(["body=ab", "size=2", "body=abcde", "size=5", "body=abcde", "size=5"]);
    expect(upstream?.chunks.map(String)).toEqual(["abcde"]);
  });

  test("after 2 only the chunk, while the chain keeps everything and sends it on Continue", () => {
    const chain = chainOf(seen(2));
    const { upstream } = chain.exchange({ chunks: ["ab", "cde"] });
    expect(said(chain)).toEqual(["body=ab", "size=2", "body=cde", "size=3", "body=", "size=0"]);
    expect(upstream?.chunks.map(String)).toEqual(["abcde"]);
  });

  test("after 3 the chunk is gone; above 3 counts as 3", () => {
    for (const action of [3, 4, 99]) {
      expect(
        chainOf(seen(action)).exchange({ chunks: ["ab", "cde"], protocol: "HTTP/2" }).upstream?.text,
      ).toBe("cde");
    }
  });

  test("with trailers no body callback has the end, and the trailer callback's Continue releases the kept body", () => {
    const chain = chainOf({
      proxy_on_request_body: `${size} ${end} ${returns(1)}`,
      proxy_on_request_trailers: show("kept", getBytes(0)),
    });
    const { upstream } = chain.exchange({ chunks: ["ab", "cd"], trailers: { t: "1" } });
    expect(said(chain)).toEqual(["size=2", "end=0", "size=4", "end=0", "kept=abcd"]);
    expect(upstream).toMatchObject({ text: "abcd", trailers: [["t", "1"]], complete: true });
  });

  test("the end in the header callback means no body callback", () => {
    const chain = chainOf({ proxy_on_request_headers: end, proxy_on_request_body: say("never") });
    chain.exchange();
    expect(said(chain)).toEqual(["end=1"]);
  });

  test("a body changed while buffered is what the later callbacks and the upstream see", () => {
    const chain = chainOf({
      proxy_on_request_body: `(if (i32.eqz (local.get $2)) (then ${drop(setBytes(0, 0, 1, "#"))} ${returns(1)})) ${show("last", getBytes(0))}`,
    });
    const { upstream } = chain.exchange({ chunks: ["abc", "def"] });
    // The first chunk is changed before it is kept, then the whole.
    expect(said(chain)).toEqual(["last=#bcdef"]);
    expect(upstream?.text).toBe("#bcdef");
  });

  test("before Envoy 1.33 the newest chunk joined the buffer only after the callback", () => {
    const on = { proxy_on_request_body: `${size} (if (i32.eqz (local.get $2)) (then ${returns(1)}))` };
    const chunks = [8192, 8192, 8192, 670].map((length) => chunk(length));
    const old = chainOf(on, { lateBodyBuffer: true });
    expect(old.exchange({ chunks, protocol: "HTTP/2" }).upstream?.body.length).toBe(25246);
    expect(said(old)).toEqual(["size=8192", "size=8192", "size=16384", "size=24576"]);
    const now = chainOf(on);
    expect(now.exchange({ chunks, protocol: "HTTP/2" }).upstream?.body.length).toBe(25246);
    expect(said(now)).toEqual(["size=8192", "size=16384", "size=24576", "size=25246"]);
  });
});

describe("limits (abi.md §7, §16.4, envoy.md §4)", () => {
  const holding = {
    proxy_on_request_body: `${size} ${returns(1)}`,
    proxy_on_response_headers: show("status", getHeader(2, ":status")),
  };

  test("exactly the limit passes, one byte more is 413 through the response callbacks", () => {
    const chain = chainOf(
      { ...holding, proxy_on_request_body: `${size} (if (i32.eqz (local.get $2)) (then ${returns(1)}))` },
      { bufferLimit: 10 },
    );
    expect(chain.exchange({ chunks: ["abcde", "fghij"] }).client.status).toBe(200);
    said(chain);
    const { client, upstream, record } = chain.exchange({ chunks: ["abcde", "fghij", "k"] });
    expect(client).toMatchObject({ status: 413, text: "Payload Too Large", complete: true });
    expect(upstream?.reset).toBe(true);
    expect(record?.details).toBe("request_payload_too_large");
    // The callback still sees the chunk that is too much.
    expect(said(chain)).toEqual(["size=5", "size=10", "size=11", "status=413"]);
  });

  test("without buffering there is no limit", () => {
    const chain = chainOf({ proxy_on_request_body: size }, { bufferLimit: 10 });
    expect(chain.exchange({ chunks: [chunk(100)] }).upstream?.body.length).toBe(100);
  });

  test("a response beyond the limit is 500 while its headers are held, straight to the client", () => {
    const chain = chainOf(
      {
        proxy_on_response_headers: `${say("headers")} ${returns(1)}`,
        proxy_on_response_body: `${size} ${returns(1)}`,
      },
      { bufferLimit: 10, upstream: () => ({ chunks: ["abcdef", "ghijkl"] }) },
    );
    const { client, record } = chain.exchange();
    expect(client).toMatchObject({ status: 500, text: "Internal Server Error", complete: true });
    expect(record?.details).toBe("response_payload_too_large");
    expect(said(chain)).toEqual(["headers", "size=6"]);
  });

  test("a response beyond the limit after its headers went out is cut", () => {
    const chain = chainOf(
      { proxy_on_response_body: returns(1) },
      { bufferLimit: 10, upstream: () => ({ chunks: [chunk(11)] }) },
    );
    const { client } = chain.exchange();
    expect(client).toMatchObject({ status: 200, text: "", complete: false, reset: true });
  });

  test("action 2 and stop-all ask for flow control instead, and the flow resumes when the body has moved on", () => {
    const ways: Record<string, string>[] = [
      { proxy_on_request_body: `(if (i32.eqz (local.get $2)) (then ${returns(2)}))` },
      {
        proxy_on_request_headers: `${remember} (drop ${httpCall()}) ${returns(4)}`,
        proxy_on_http_call_response: `${asStream} (drop ${continueStream(0)})`,
      },
    ];
    for (const on of ways) {
      const chain = chainOf(on, {
        bufferLimit: 10,
        also: rememberStream,
        calls: { peer: () => ({ delayMs: 10 }) },
      });
      const stream = chain.open();
      stream.http.requestHeaders(requestHeaders({ method: "POST", authority: "a" }), false);
      stream.http.requestData(Buffer.from(chunk(10)), false);
      expect(stream.flow).toEqual([]);
      stream.http.requestData(Buffer.from("x"), false);
      expect(stream.flow).toEqual(["pause request"]);
      stream.http.requestData(Buffer.from("y"), true);
      chain.settle();
      expect(stream.flow).toEqual(["pause request", "resume request"]);
      expect(stream.upstream?.text).toBe(`${chunk(10)}xy`);
      expect(stream.client.status).toBe(200);
    }
  });

  test("set_decoder_buffer_limit and set_encoder_buffer_limit raise the limits of one stream in Higress only", () => {
    const on = {
      proxy_on_request_headers: `(if (i32.eqz ${getHeader(0, "x-raise")}) (then (drop ${setProperty("set_decoder_buffer_limit", "100")}) (drop ${setProperty("set_encoder_buffer_limit", "100")}))) ${returns(1)}`,
      proxy_on_request_body: `(if (i32.eqz (local.get $2)) (then ${returns(1)}))`,
      proxy_on_response_headers: returns(1),
      proxy_on_response_body: `(if (i32.eqz (local.get $2)) (then ${returns(1)}))`,
    };
    const request = { chunks: [chunk(100)], headers: { "x-raise": "1" } };
    const options = { bufferLimit: 20, upstream: () => ({ chunks: [chunk(100)] }) };
    const chain = chainOf(on, options);
    expect(chain.exchange(request).client).toMatchObject({ status: 200, text: chunk(100) });
    expect(chain.exchange({ chunks: [chunk(21)] }).client.status).toBe(413);
    expect(chain.exchange({ chunks: [chunk(101)], headers: request.headers }).client.status).toBe(413);
    expect(chainOf(on, { ...options, flavour: "envoy" }).exchange(request).client.status).toBe(413);
  });
});
