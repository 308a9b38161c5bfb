import { describe, expect, test } from "vitest";
import type { Headers } from "../../host/types.ts";
import { TestChain } from "../../testing/chain.ts";
import { guest } from "./guest.ts";
import {
  addHeader,
  asStream,
  chainOf,
  code,
  continueStream,
  drop,
  escaped,
  getBytes,
  getHeader,
  getPairs,
  httpCall,
  number,
  pairs,
  remember,
  rememberStream,
  removeHeader,
  replaceHeader,
  returns,
  said,
  say,
  setBytes,
  setPairs,
  show,
} from "./snippets.ts";

const own = (headers: Headers | undefined) => headers?.filter(([name]) => !name.startsWith(":"));

describe("reading (abi.md §6)", () => {
  test("a value is the first one, pairs are all in order, names are found in any case", () => {
    const chain = chainOf({
      proxy_on_request_headers: `(call $code @"count" (local.get $1)) ${show("a", getHeader(0, "A"))} ${show("pairs", getPairs(0))} ${show("none", getHeader(0, "b"))}`,
    });
    const headers: Headers = [
      ["a", "1"],
      ["x", ""],
      ["a", "2"],
    ];
    chain.exchange({ headers });
    const all: [string, string][] = [
      [":method", "GET"],
      [":path", "/"],
      [":authority", "test.local"],
      [":scheme", "http"],
      ...headers,
    ];
    const serialized = Buffer.from(pairs(all).replaceAll("\\", ""), "hex").toString();
    expect(said(chain)).toEqual(["count=7", "a=1", `pairs=${serialized}`, "none!1"]);
  });

  test("a header with invalid UTF-8 passes through unchanged, also when the plugin copies it", () => {
    const every = String.fromCharCode(
      ...Array.from({ length: 256 }, (_, i) => i).filter((byte) => ![0, 10, 13].includes(byte)),
    );
    const chain = chainOf({
      proxy_on_request_headers: `(drop ${getHeader(0, "x")}) (drop (call $proxy_add_header_map_value (i32.const 0) @"y" (i32.load (i32.const 16)) (i32.load (i32.const 20))))
        (drop ${getPairs(0)}) (drop (call $proxy_set_header_map_pairs (i32.const 0) (i32.load (i32.const 16)) (i32.load (i32.const 20))))`,
    });
    const { upstream } = chain.exchange({ headers: { x: every } });
    expect(own(upstream?.headers)).toEqual([
      ["x", every],
      ["y", every],
    ]);
  });

  test("the size of a map is the sum of its names and values and needs a map that may change", () => {
    const chain = chainOf({
      proxy_on_request_headers: `${code("call", `(call $proxy_get_header_map_size (i32.const 0) ${number})`)} (call $code @"size" (i32.load ${number}))`,
      proxy_on_request_body: code("later", `(call $proxy_get_header_map_size (i32.const 0) ${number})`),
    });
    chain.exchange({ headers: { abc: "de" }, body: "x" });
    const size = Buffer.byteLength(":methodPOST:path/:authoritytest.local:schemehttpabcde");
    expect(said(chain)).toEqual(["call=0", `size=${size}`, "later=2", "later=2"]);
  });

  test("an unknown map is 2, bad pointers are 6", () => {
    const far = "(i32.const -16)";
    const chain = chainOf({
      proxy_on_request_headers: `${code("map", getHeader(8, "a"))} ${code("add", addHeader(-1, "a", "b"))}
        ${code("key", `(call $proxy_get_header_map_value (i32.const 0) ${far} (i32.const 100) (i32.const 16) (i32.const 20))`)}
        ${code("out", `(call $proxy_get_header_map_value (i32.const 0) @":path" ${far} (i32.const 20))`)}
        ${code("pairs", `(call $proxy_get_header_map_pairs (i32.const 0) (i32.const 16) ${far})`)}
        ${code("set", `(call $proxy_set_header_map_pairs (i32.const 0) ${far} (i32.const 100))`)}
        ${code("value", `(call $proxy_add_header_map_value (i32.const 0) @"a" ${far} (i32.const 100))`)}
        ${code("remove", `(call $proxy_remove_header_map_value (i32.const 0) ${far} (i32.const 100))`)}`,
    });
    chain.exchange();
    const codes = ["map=2", "add=2", "key=6", "out=6", "pairs=6", "set=6", "value=6", "remove=6"];
    expect(said(chain)).toEqual(codes);
  });
});

describe("changing (abi.md §6; order and joining measured on Envoy 1.40)", () => {
  test("add appends, replace removes all and appends one, remove removes all, an absent name is no error", () => {
    const chain = chainOf({
      proxy_on_request_headers: `${drop(addHeader(0, "B", "new"))} ${drop(replaceHeader(0, "a", "new"))} ${drop(removeHeader(0, "c"))}
        ${code("absent", removeHeader(0, "zz"))}`,
    });
    const { upstream } = chain.exchange({
      headers: [
        ["a", "1"],
        ["b", "1"],
        ["c", "1"],
        ["a", "2"],
        ["c", "2"],
        ["d", "1"],
      ],
    });
    expect(own(upstream?.headers)).toEqual([
      ["b", "1"],
      ["d", "1"],
      ["b", "new"],
      ["a", "new"],
    ]);
    expect(said(chain)).toEqual(["absent=0"]);
  });

  test("where Envoy keeps one value of a name, a second joins it with a comma; cookies do not", () => {
    const chain = chainOf(
      {
        proxy_on_request_headers: `${drop(addHeader(0, "content-type", "b/c"))} ${drop(addHeader(0, "cookie", "k=1"))} ${show("accept", getHeader(0, "accept"))}`,
        proxy_on_response_headers: `${drop(addHeader(2, "content-type", "x/y"))} ${drop(addHeader(2, "set-cookie", "c=3"))}`,
      },
      {
        upstream: () => ({
          headers: [
            ["content-type", "q/q"],
            ["set-cookie", "a=1"],
            ["set-cookie", "b=2"],
          ],
        }),
      },
    );
    const { client, upstream } = chain.exchange({
      headers: [
        ["content-type", "t/x"],
        ["accept", "1"],
        ["accept", "2"],
        ["cookie", "c1"],
        ["cookie", "c2"],
        ["authorization", "A"],
        ["authorization", "B"],
      ],
    });
    expect(own(upstream?.headers)).toEqual([
      ["content-type", "t/x,b/c"],
      ["accept", "1,2"],
      ["cookie", "c1"],
      ["cookie", "c2"],
      ["authorization", "A,B"],
      ["cookie", "k=1"],
    ]);
    expect(said(chain)).toEqual(["accept=1,2"]);
    expect(own(client.headers)).toEqual([
      ["content-type", "q/q,x/y"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["set-cookie", "c=3"],
    ]);
  });

  test("setting pairs replaces the map, with lower-case names and pseudo headers in front", () => {
    const data = pairs([
      ["A", "1"],
      [":method", "PUT"],
      [":path", "/x"],
      [":authority", "q"],
      [":scheme", "http"],
      ["a", "2"],
    ]);
    const chain = chainOf({ proxy_on_request_headers: drop(setPairs(0, data)) });
    const { upstream } = chain.exchange({ headers: { gone: "1" } });
    expect(upstream?.headers).toEqual([
      [":method", "PUT"],
      [":path", "/x"],
      [":authority", "q"],
      [":scheme", "http"],
      ["a", "1"],
      ["a", "2"],
    ]);
  });

  const good = Buffer.from(pairs([["a", "b"]]).replaceAll("\\", ""), "hex");
  test.each([
    ["a byte too many", Buffer.concat([good, Buffer.from([0])])],
    ["a byte too few", good.subarray(0, -1)],
    ["no NUL after the name", Buffer.from(good.toString("hex").replace("6100", "6101"), "hex")],
    ["a count beyond the data", Buffer.from([9, 0, 0, 0])],
    ["a length beyond the data", Buffer.from([1, 0, 0, 0, 255, 255, 255, 255, 1, 0, 0, 0, 97, 0, 98, 0])],
    [
      "more than 1,024 pairs",
      Buffer.from(
        pairs(Array.from({ length: 1025 }, (): [string, string] => ["a", "b"])).replaceAll("\\", ""),
        "hex",
      ),
    ],
    ["three bytes", Buffer.from([1, 0, 0])],
    ["no bytes", Buffer.alloc(0)],
  ])("a serialized map with %s is an empty map (abi.md §5)", (_name, data) => {
    const chain = chainOf(
      {
        proxy_on_response_headers: `${code("set", setPairs(2, escaped(data)))} (drop ${addHeader(2, ":status", "204")})`,
      },
      { memory: "4" },
    );
    expect(chain.exchange().client.headers).toEqual([[":status", "204"]]);
    expect(said(chain)).toEqual(["set=0"]);
  });
});

describe("availability (abi.md §6, envoy.md §3)", () => {
  const probes = `${code("read", getHeader(0, ":path"))} ${code("add", addHeader(0, "late", "1"))}
    (i32.store (i32.const 16) (i32.const 7)) ${code("pairs", getPairs(0))} (call $code @"pointer" (i32.ne (i32.load (i32.const 16)) (i32.const 0)))`;

  test("request headers go away when their callback returned Continue", () => {
    const chain = chainOf(
      { proxy_on_request_body: `(if (local.get $1) (then ${probes}))` },
      { flavour: "envoy" },
    );
    const { upstream } = chain.exchange({ body: "x" });
    expect(said(chain)).toEqual(["read=2", "add=2", "pairs=0", "pointer=0"]);
    expect(upstream?.header("late")).toBeUndefined();
  });

  test("while the header callback's stop holds they can be read and changed in body callbacks", () => {
    const chain = chainOf({
      proxy_on_request_headers: returns(1),
      proxy_on_request_body: `(if (local.get $1) (then ${probes}))`,
    });
    const { upstream } = chain.exchange({ body: "x" });
    expect(said(chain)).toEqual(["read=0", "add=0", "pairs=0", "pointer=1"]);
    expect(upstream?.header("late")).toBe("1");
  });

  test("a body callback that continued has released them: later changes answer 0 and do nothing", () => {
    const chain = chainOf({
      proxy_on_request_headers: returns(1),
      proxy_on_request_body: `(if (local.get $2) (then ${probes}))`,
    });
    const { upstream } = chain.exchange({ chunks: ["a", "b"] });
    expect(said(chain)).toEqual(["read=0", "add=0", "pairs=0", "pointer=1"]);
    expect(upstream?.header("late")).toBeUndefined();
  });

  test("continue_stream of either type takes the request's maps and buffers away at once, not the kept body", () => {
    const chain = chainOf(
      {
        proxy_on_request_headers: returns(1),
        proxy_on_request_body: `(if (i32.eqz (local.get $2)) (then ${returns(2)}))
          (drop ${continueStream(1)}) ${code("headers", getHeader(0, ":path"))} ${show("chunk", getBytes(0))} (return (i32.const 0))`,
      },
      {},
    );
    chain.exchange({ chunks: ["abc"], protocol: "HTTP/1.1" });
    expect(said(chain)).toEqual(["headers=2", "chunk="]);
    const buffered = chainOf({
      proxy_on_request_headers: returns(1),
      proxy_on_request_body: `(if (local.get $2) (then (drop ${continueStream(0)}) ${show("kept", getBytes(0))} ${drop(setBytes(0, 0, 1, "XX"))})) ${returns(1)}`,
    });
    expect(buffered.exchange({ chunks: ["abc", "def"] }).upstream?.text).toBe("XXbcdef");
    expect(said(buffered)).toEqual(["kept=abcdef"]);
  });

  test("inside a call's callback the held headers can be read and changed", () => {
    const chain = chainOf(
      {
        proxy_on_request_headers: `${remember} (drop ${httpCall()}) ${returns(4)}`,
        proxy_on_http_call_response: `${code("root", getHeader(0, ":path"))} ${asStream} ${probes} (drop ${continueStream(0)})`,
      },
      { also: rememberStream, calls: { peer: () => ({}) } },
    );
    expect(chain.exchange().upstream?.header("late")).toBe("1");
    expect(said(chain)).toEqual(["root=2", "read=0", "add=0", "pairs=0", "pointer=1"]);
  });

  test("in the response phase request headers are gone in stock Envoy and readable in Higress", () => {
    const on = {
      proxy_on_response_headers: `${code("read", getHeader(0, ":path"))} ${code("add", addHeader(0, "a", "b"))}`,
    };
    const stock = chainOf(on, { flavour: "envoy" });
    stock.exchange();
    expect(said(stock)).toEqual(["read=2", "add=2"]);
    const higress = chainOf(on);
    higress.exchange();
    expect(said(higress)).toEqual(["read=0", "add=2"]);
  });

  test("in the log phase all maps can be read, none changed, and what is absent answers 1", () => {
    const chain = chainOf(
      {
        proxy_on_log: `${show("request", getHeader(0, ":path"))} ${show("response", getHeader(2, ":status"))} ${show("trailer", getHeader(3, "t"))}
        ${code("absent", getHeader(0, "zz"))} ${code("no map", getHeader(1, "t"))} ${code("add", addHeader(0, "a", "b"))} ${code("add response", addHeader(2, "a", "b"))}`,
      },
      { upstream: () => ({ body: "x", trailers: { t: "9" } }) },
    );
    chain.exchange({ path: "/log" });
    expect(said(chain)).toEqual([
      "request=/log",
      "response=200",
      "trailer=9",
      "absent=1",
      "no map=1",
      "add=2",
      "add response=2",
    ]);
  });

  test("maps of call-outs are absent outside their callback and never change", () => {
    const chain = chainOf(
      {
        proxy_on_request_headers: `${[4, 5, 6, 7].map((map) => code(`map ${map}`, getHeader(map, "a"))).join(" ")} (drop ${httpCall()})`,
        proxy_on_http_call_response: `${show("inside", getHeader(6, "a"))} ${code("add", addHeader(6, "a", "c"))} ${code("size", `(call $proxy_get_header_map_size (i32.const 6) ${number})`)}`,
      },
      { calls: { peer: () => ({ headers: { a: "b" } }) } },
    );
    chain.exchange();
    expect(said(chain)).toEqual(["map 4=2", "map 5=2", "map 6=2", "map 7=2", "inside=b", "add=2", "size=2"]);
  });
});

describe("trailers (abi.md §6, §7)", () => {
  test("trailers can be read and changed in their callback and go away when it continues", () => {
    const chain = chainOf({
      proxy_on_request_trailers: `(call $code @"count" (local.get $1)) ${show("t", getHeader(1, "t"))} ${drop(addHeader(1, "u", "2"))}`,
      proxy_on_response_headers: code("gone", getHeader(1, "t")),
    });
    const { upstream } = chain.exchange({ body: "x", trailers: { t: "1" } });
    expect(upstream?.trailers).toEqual([
      ["t", "1"],
      ["u", "2"],
    ]);
    expect(said(chain)).toEqual(["count=1", "t=1", "gone=2"]);
  });

  test("a change of trailers in the body callback that ends the stream makes some; earlier it is refused", () => {
    const chain = chainOf({
      proxy_on_request_body: code("add", addHeader(1, "made", "1")),
      proxy_on_request_trailers: say("not for the maker"),
      proxy_on_response_body: code("add", addHeader(3, "made", "2")),
    });
    const { client, upstream } = chain.exchange({ body: "x" });
    expect(said(chain)).toEqual(["add=2", "add=0", "add=2", "add=0"]);
    expect(upstream?.trailers).toEqual([["made", "1"]]);
    expect(client.trailers).toEqual([["made", "2"]]);
    expect(client.complete).toBe(true);
  });

  test("trailers made by one plugin reach the trailer callback of the next", () => {
    const maker = guest({
      on: { proxy_on_request_body: `(if (local.get $2) (then ${drop(addHeader(1, "made", "1"))}))` },
    });
    const reader = guest({
      on: {
        proxy_on_request_body: code("end", "(local.get $2)"),
        proxy_on_request_trailers: show("made", getHeader(1, "made")),
      },
    });
    const chain = new TestChain({
      plugins: [
        { name: "maker", module: maker },
        { name: "reader", module: reader },
      ],
    });
    chain.exchange({ body: "x" });
    expect(said(chain)).toEqual(["end=0", "end=0", "made=1"]);
  });
});
