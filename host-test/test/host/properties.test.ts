import { describe, expect, test } from "vitest";
import type { Flavour, Route } from "../../host/types.ts";
import type { TestChainOptions } from "../../testing/chain.ts";
import { TestChain } from "../../testing/chain.ts";
import { guest } from "./guest.ts";
import {
  chainOf,
  code,
  drop,
  escaped,
  getProperty,
  httpCall,
  pairs,
  reply,
  returns,
  said,
  setProperty,
  show,
} from "./snippets.ts";

const probe = (...paths: string[]) =>
  paths.map((path) => show(path, getProperty(...path.split(".")))).join(" ");
const u64 = (value: number | bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes.toString("utf8");
};
const double = (value: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes.toString("utf8");
};
const serialized = (entries: [string, string][]) =>
  Buffer.from(pairs(entries).replaceAll("\\", ""), "hex").toString("utf8");

const route: Route = {
  name: "route one",
  cluster: "cluster one",
  virtualHost: "host one",
  metadata: { ns: { k: "é", num: 2, list: ["a", "b"], map: { p: "q" }, yes: true, none: null } },
};

function lines(
  on: Record<string, string>,
  options: Partial<TestChainOptions> & { flavour?: Flavour } = {},
): string[] {
  const chain = chainOf(on, { route: () => route, flavour: "envoy", ...options });
  chain.exchange({
    path: "/p/q?x=1&y",
    body: "abc",
    headers: [
      ["a", "1"],
      ["a", "2"],
      ["user-agent", "ua"],
      ["x-request-id", "id"],
    ],
  });
  return said(chain);
}

describe("attributes (abi.md §11; values and phases measured on Envoy 1.40)", () => {
  test("request.* while the headers are there", () => {
    const paths = [
      "path",
      "url_path",
      "query",
      "host",
      "scheme",
      "method",
      "useragent",
      "id",
      "protocol",
      "headers.a",
      "headers.A",
    ];
    expect(
      lines({
        proxy_on_request_headers: probe(
          ...paths.map((name) => `request.${name}`),
          "request.referer",
          "request.headers.zz",
        ),
      }),
    ).toEqual([
      ...[
        "request.path=/p/q?x=1&y",
        "request.url_path=/p/q",
        "request.query=x=1&y",
        "request.host=test.local",
      ],
      ...[
        "request.scheme=http",
        "request.method=POST",
        "request.useragent=ua",
        "request.id=id",
        "request.protocol=HTTP/1.1",
      ],
      ...["request.headers.a=1,2", "request.headers.A=1,2", "request.referer!1", "request.headers.zz!1"],
    ]);
  });

  test("request.* of headers is absent in body and response phases of stock Envoy and back in the log", () => {
    const on = {
      proxy_on_request_body: `(if (local.get $1) (then ${probe("request.path", "request.protocol", "request.size", "request.headers.a")}))`,
      proxy_on_response_headers: probe("request.method", "request.headers"),
      proxy_on_log: probe("request.path", "request.headers.a", "request.size"),
    };
    expect(lines(on)).toEqual([
      ...["request.path!1", "request.protocol=HTTP/1.1", `request.size=${u64(3)}`, "request.headers.a!1"],
      ...[
        "request.method!1",
        "request.headers=\0\0\0\0",
        "request.path=/p/q?x=1&y",
        "request.headers.a=1,2",
        `request.size=${u64(3)}`,
      ],
    ]);
  });

  test("times: the start as a timestamp, the duration only once the request is complete", () => {
    const on = {
      proxy_on_request_headers: probe("request.time", "request.duration"),
      proxy_on_log: probe("request.time", "request.duration"),
    };
    const [start, early, again, duration] = lines(on, { upstream: () => ({ delayMs: 20 }) });
    expect([early, again]).toEqual(["request.duration!1", start]);
    expect(duration).toBe(`request.duration=${u64(20_000_000)}`);
  });

  test("response.*: code and details once known, sizes, flags and the mapped gRPC status", () => {
    const names = ["code", "code_details", "flags", "size", "grpc_status", "headers.a"].map(
      (name) => `response.${name}`,
    );
    const upstream = () => ({ status: 201, headers: { a: "b" }, body: "four" });
    const expectedEarly = [
      "response.code!1",
      "response.code_details!1",
      `response.flags=${u64(0)}`,
      `response.size=${u64(0)}`,
      "response.grpc_status!1",
      "response.headers.a!1",
    ];
    const expectedLate = [
      `response.code=${u64(201)}`,
      "response.code_details=via_upstream",
      `response.flags=${u64(0)}`,
      `response.size=${u64(4)}`,
      `response.grpc_status=${u64(2)}`,
      "response.headers.a=b",
    ];
    expect(
      lines({ proxy_on_request_headers: probe(...names), proxy_on_log: probe(...names) }, { upstream }),
    ).toEqual([...expectedEarly, ...expectedLate]);
  });

  test("response.trailers and the gRPC status in them", () => {
    const upstream = () => ({ body: "x", trailers: { "grpc-status": "9", t: "1" } });
    expect(
      lines({ proxy_on_log: probe("response.trailers.t", "response.grpc_status") }, { upstream }),
    ).toEqual(["response.trailers.t=1", `response.grpc_status=${u64(9)}`]);
  });

  test("a local reply shows its own code and details", () => {
    const on = {
      proxy_on_request_headers: drop(reply(429, "", [], "too many")),
      proxy_on_log: probe("response.code", "response.code_details"),
    };
    expect(lines(on)).toEqual([`response.code=${u64(429)}`, "response.code_details=too_many"]);
  });

  test("addresses, connection and upstream", () => {
    const paths = [
      "source.address",
      "source.port",
      "destination.address",
      "connection.mtls",
      "connection.requested_server_name",
      "connection.tls_version",
    ];
    expect(
      lines({
        proxy_on_request_headers: probe(...paths, "upstream.address"),
        proxy_on_response_headers: probe("upstream.address", "upstream.port", "upstream.local_address"),
      }),
    ).toEqual([
      ...[
        "source.address=192.0.2.1:50000",
        `source.port=${u64(50000)}`,
        "destination.address=192.0.2.2:8080",
        "connection.mtls=\0",
      ],
      ...["connection.requested_server_name=", "connection.tls_version!1", "upstream.address!1"],
      ...[
        "upstream.address=10.0.0.1:80",
        `upstream.port=${u64(80)}`,
        "upstream.local_address=10.0.0.2:40000",
      ],
    ]);
  });

  test("route, cluster and metadata through xds, down to the leaf; doubles, lists, maps and booleans in their bytes", () => {
    const ns = "xds.route_metadata.filter_metadata.ns";
    const on = {
      proxy_on_request_headers: probe(
        "xds.route_name",
        "xds.cluster_name",
        "xds.virtual_host_name",
        "xds.listener_direction",
        ...["k", "num", "list", "list.1", "list.2", "map", "map.p", "yes", "none", "absent"].map(
          (leaf) => `${ns}.${leaf}`,
        ),
      ),
    };
    expect(lines(on)).toEqual([
      ...[
        "xds.route_name=route one",
        "xds.cluster_name=cluster one",
        "xds.virtual_host_name=host one",
        `xds.listener_direction=${u64(0)}`,
      ],
      ...[
        `${ns}.k=é`,
        `${ns}.num=${double(2)}`,
        `${ns}.list=${serialized([
          ["a", ""],
          ["b", ""],
        ])}`,
        `${ns}.list.1=b`,
        `${ns}.list.2!1`,
      ],
      ...[
        `${ns}.map=${serialized([["p", "q"]])}`,
        `${ns}.map.p=q`,
        `${ns}.yes=\u0001`,
        `${ns}.none!3`,
        `${ns}.absent!1`,
      ],
    ]);
  });

  test("the node is there on every context, stream attributes only on streams", () => {
    const proxy = { node: { id: "node-1", cluster: "c", metadata: { NAME: "x" } } };
    const paths = [
      "xds.node.id",
      "xds.node.metadata.NAME",
      "plugin_name",
      "plugin_root_id",
      "plugin_vm_id",
      "xds.route_name",
      "xds.listener_direction",
      "request.path",
      "request",
      "connection.id",
    ];
    expect(lines({ proxy_on_configure: probe(...paths) }, { proxy })).toEqual([
      ...[
        "xds.node.id=node-1",
        "xds.node.metadata.NAME=x",
        "plugin_name=plugin",
        "plugin_root_id=",
        "plugin_vm_id=",
      ],
      ...["xds.route_name!1", "xds.listener_direction!1", "request.path!1", "request!1", "connection.id!1"],
    ]);
  });

  test("a message as a whole is its protobuf bytes", () => {
    const proxy = { node: { id: "ab", cluster: "c", metadata: { k: "v" } } };
    const bytes = [
      0x0a, 2, 0x61, 0x62, 0x12, 1, 0x63, 0x1a, 10, 0x0a, 8, 0x0a, 1, 0x6b, 0x12, 3, 0x1a, 1, 0x76,
    ];
    expect(lines({ proxy_on_configure: probe("xds.node") }, { proxy })).toEqual([
      `xds.node=${Buffer.from(bytes).toString()}`,
    ]);
  });

  test("a group of attributes, an empty path and an unknown name", () => {
    const on = {
      proxy_on_request_headers: `${probe("request", "nothing")} ${show("empty", getProperty(""))} ${probe("request.path.deeper", "metadata")}`,
    };
    expect(lines(on)).toEqual(["request!3", "nothing!1", "empty!3", "request.path.deeper!1", "metadata="]);
  });
});

describe("names stock Envoy dropped (abi.md §11)", () => {
  const old = [
    "node.id",
    "route_name",
    "cluster_name",
    "listener_direction",
    "plugin_vm_memory",
    "cluster_metadata",
    "route_metadata",
    "listener_metadata",
  ];

  test("are NotFound in stock Envoy", () => {
    expect(lines({ proxy_on_request_headers: probe(...old) })).toEqual(old.map((name) => `${name}!1`));
  });

  test("answer in Higress, the route already in the first request callback", () => {
    const proxy = { node: { id: "node-1" }, listenerDirection: "outbound" as const };
    const on = { proxy_on_request_headers: probe(...old.slice(0, 4)) };
    expect(lines(on, { flavour: "higress", proxy })).toEqual([
      "node.id=node-1",
      "route_name=route one",
      "cluster_name=cluster one",
      `listener_direction=${u64(2)}`,
    ]);
    const memory = lines({ proxy_on_configure: probe("plugin_vm_memory") }, { flavour: "higress" });
    expect(memory).toEqual([`plugin_vm_memory=${u64(2 * 65536)}`]);
  });

  test("route_name is empty, not absent, where no route matched", () => {
    expect(
      lines(
        { proxy_on_request_headers: probe("route_name", "cluster_name") },
        { flavour: "higress", route: () => undefined },
      ),
    ).toEqual(["route_name=", "cluster_name!1"]);
  });
});

describe("set_property (abi.md §11)", () => {
  test("is read by every later plugin of the stream, by its name and through filter_state, never by another stream", () => {
    const writer = guest({
      on: { proxy_on_request_headers: code("set", setProperty("mine", "\\ff bytes")) },
    });
    const reader = guest({
      on: {
        proxy_on_request_headers: `${probe("mine")} ${show("state", `(call $proxy_get_property @"filter_state\\00wasm.mine" (i32.const 16) (i32.const 20))`)}`,
      },
    });
    const chain = new TestChain({
      plugins: [
        { name: "w", module: writer },
        { name: "r", module: reader },
      ],
    });
    const { record } = chain.exchange();
    expect(said(chain)).toEqual(["set=0", "mine=\ufffd bytes", "state=\ufffd bytes"]);
    expect(record?.filterState.get("wasm.mine")).toBe("\xff bytes");
    const alone = new TestChain({ plugins: [{ module: reader }] });
    alone.exchange();
    expect(said(alone)).toEqual(["mine!1", "state!1"]);
  });

  test("a name with NULs is not found again as a path, and attributes cannot be overwritten", () => {
    const on = {
      proxy_on_request_headers: `${code("set", setProperty("response\\00code_details", "x"))} ${probe("response.code_details")}
        ${code("set", setProperty("plugin_name", "x"))} ${probe("plugin_name")}`,
    };
    expect(lines(on)).toEqual(["set=0", "response.code_details!1", "set=0", "plugin_name=plugin"]);
  });

  test("a root context has nowhere to put it", () => {
    const chain = chainOf(
      {
        proxy_on_configure: code("set", setProperty("a", "b")),
        proxy_on_request_headers: drop(httpCall()),
        proxy_on_http_call_response: code("in call", setProperty("a", "b")),
      },
      { calls: { peer: () => ({}) } },
    );
    chain.exchange();
    expect(said(chain)).toEqual(["set=1", "in call=1"]);
  });

  test("a property the root declared read-only is written once (declare_property)", () => {
    const declare = (name: string, readOnly: number) =>
      `(call $proxy_call_foreign_function @"declare_property" @"${escaped(Buffer.concat([Buffer.from([0x0a, name.length]), Buffer.from(name), Buffer.from([0x10, readOnly])]))}" (i32.const 0) (i32.const 0))`;
    const on = {
      proxy_on_configure: `${code("declare", declare("once", 1))} ${code("again", declare("once", 1))} ${code("free", declare("free", 0))}
        ${code("malformed", `(call $proxy_call_foreign_function @"declare_property" @"\\ff" (i32.const 0) (i32.const 0))`)}`,
      proxy_on_request_headers: `${code("first", setProperty("once", "1"))} ${code("second", setProperty("once", "2"))} ${probe("once")}
        ${code("first", setProperty("free", "1"))} ${code("second", setProperty("free", "2"))}`,
    };
    expect(lines(on)).toEqual([
      "declare=0",
      "again=2",
      "free=0",
      "malformed=2",
      "first=0",
      "second=2",
      "once=1",
      "first=0",
      "second=0",
    ]);
  });
});

describe("names that steer Higress (abi.md §16.4)", () => {
  test("trace_span_tag.<tag> becomes a tag and no property; in stock Envoy it is a property", () => {
    const on = {
      proxy_on_request_headers: `${drop(setProperty("trace_span_tag.model", "m"))} ${drop(setProperty("ai_log", "{}"))}`,
    };
    const higress = chainOf(on).exchange().record!;
    expect([...higress.spanTags]).toEqual([["model", "m"]]);
    expect([...higress.filterState]).toEqual([["wasm.ai_log", "{}"]]);
    const stock = chainOf(on, { flavour: "envoy" }).exchange().record!;
    expect([...stock.filterState.keys()]).toEqual(["wasm.trace_span_tag.model", "wasm.ai_log"]);
  });
});

test("get_property in a call's callback is the root's until a stream is effective", () => {
  const chain = chainOf(
    {
      proxy_on_request_headers: `(global.set $stream (local.get $0)) ${drop(httpCall())} ${returns(4)}`,
      proxy_on_http_call_response: `${probe("request.path")} (drop (call $proxy_set_effective_context (global.get $stream))) ${probe("request.path")}`,
    },
    { also: "(global $stream (mut i32) (i32.const 0))", calls: { peer: () => ({}) } },
  );
  chain.exchange({ path: "/here" });
  expect(said(chain)).toEqual(["request.path!1", "request.path=/here"]);
});
