import { describe, expect, test } from "vitest";
import type { RedisClients } from "../../host/types.ts";
import { requestHeaders, TestChain } from "../../testing/chain.ts";
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
  httpCall,
  number,
  out,
  pairs,
  remember,
  rememberStream,
  reply,
  returns,
  said,
  say,
  show,
} from "./snippets.ts";

/** Redis in memory that answers when it is told to. */
class Redis implements RedisClients {
  readonly inits: string[] = [];
  readonly commands: string[] = [];
  readonly replies: ((data: Uint8Array | undefined) => void)[] = [];

  init(service: string, username: string, password: string, timeoutMs: number) {
    if (!service.startsWith("redis.static")) return "unknown-cluster" as const;
    this.inits.push([service, username, password, timeoutMs].join(" "));
    return "ok" as const;
  }

  call(service: string, command: Uint8Array, answer: (data: Uint8Array | undefined) => void) {
    if (this.inits.length === 0) return "not-initialised" as const;
    if (service === "down") return "failed" as const;
    this.commands.push(`${service} ${Buffer.from(command).toString()}`);
    this.replies.push(answer);
    return "ok" as const;
  }
}

describe("Redis (abi.md §16.1, §16.2)", () => {
  const init = (service: string) =>
    `(call $proxy_redis_init @"${service}" @"user" @"secret" (i32.const 500))`;
  const command = (service: string) => `(call $proxy_redis_call @"${service}" @"PING" ${number})`;
  const answer = `(call $code @"token" (local.get $1)) (call $code @"status" (local.get $2)) (call $code @"size" (local.get $3)) ${show("reply", getBytes(9))}`;

  test("init and call reach the client; the query part of the service is the client's and ignored in calls", () => {
    const redis = new Redis();
    const chain = chainOf(
      {
        proxy_on_configure: `${code("early", command("redis.static"))} ${code("unknown", init("nobody"))} ${code("init", init("redis.static?db=2"))}`,
        proxy_on_request_headers: `${code("call", command("redis.static?db=2"))} (call $code @"token" (i32.load ${number})) ${code("down", command("down"))}`,
        proxy_on_redis_call_response: answer,
      },
      { redis },
    );
    chain.exchange();
    expect(redis.inits).toEqual(["redis.static?db=2 user secret 500"]);
    expect(redis.commands).toEqual(["redis.static PING"]);
    expect(said(chain)).toEqual(["early=2", "unknown=2", "init=0", "call=0", "token=11", "down=10"]);
    redis.replies[0]!(Buffer.from("+PONG\r\n"));
    expect(said(chain)).toEqual(["token=11", "status=0", "size=7", "reply=+PONG\r\n"]);
  });

  test("a network error is status 1 without data, and the buffer is gone outside the callback", () => {
    const redis = new Redis();
    const chain = chainOf(
      {
        proxy_on_request_headers: `${drop(init("redis.static"))} ${drop(command("redis.static"))} ${code("outside", getBytes(9))}`,
        proxy_on_redis_call_response: answer,
      },
      { redis },
    );
    chain.exchange();
    redis.replies[0]!(undefined);
    expect(said(chain)).toEqual(["outside=1", "token=7", "status=1", "size=0", "reply!1"]);
  });

  test("a paused stream goes on from the answer, and an answer for a stream that ended finds no context", () => {
    const redis = new Redis();
    const chain = chainOf(
      {
        proxy_on_request_headers: `${remember} ${drop(init("redis.static"))} ${drop(command("redis.static"))} ${returns(4)}`,
        proxy_on_redis_call_response: `${code("effective", "(call $proxy_set_effective_context (global.get $stream))")} ${drop(continueStream(0))}`,
      },
      { redis, also: rememberStream },
    );
    const stream = chain.open();
    stream.http.requestHeaders(requestHeaders({ method: "GET", authority: "a" }), true);
    redis.replies[0]!(Buffer.from("$-1\r\n"));
    chain.settle();
    expect(stream.client.status).toBe(200);
    const gone = chain.open();
    gone.http.requestHeaders(requestHeaders({ method: "GET", authority: "a" }), true);
    gone.http.requestReset();
    redis.replies[1]!(Buffer.from("$-1\r\n"));
    expect(said(chain)).toEqual(["effective=0", "effective=2"]);
  });

  test("an answer that comes inside a VM call waits until it returned, and none comes after the chain closed", () => {
    const redis = new Redis();
    const eager: RedisClients = {
      init: (...parameters) => redis.init(...parameters),
      call: (service, bytes, done) => {
        const result = redis.call(service, bytes, done);
        done(Buffer.from(":1\r\n"));
        return result;
      },
    };
    const chain = chainOf(
      {
        proxy_on_request_headers: `${drop(init("redis.static"))} ${code("call", command("redis.static"))}`,
        proxy_on_redis_call_response: say("answer"),
      },
      { redis: eager },
    );
    chain.exchange();
    expect(said(chain)).toEqual(["call=0", "answer"]);
    chain.close();
    redis.replies[0]!(Buffer.from(":1\r\n"));
    expect(said(chain)).toEqual([]);
  });

  test("without a Redis client every call is 2", () => {
    expect(
      said(
        chainOf({
          proxy_on_configure: `${code("init", init("redis.static"))} ${code("call", command("redis.static"))}`,
        }),
      ),
    ).toEqual(["init=2", "call=2"]);
  });
});

describe("inject (abi.md §16.1, §16.3)", () => {
  const inject = (data: string, end: number) =>
    `(call $proxy_inject_encoded_data_to_filter_chain @"${data}" (i32.const ${end}))`;

  test("data goes past the plugin to the ones outside it, never back to itself; end_stream 1 ends the response", () => {
    const outer = guest({
      on: { proxy_on_response_body: `${show("outer", getBytes(1))} ${code("end", "(local.get $2)")}` },
    });
    const inner = guest({
      on: {
        proxy_on_response_body: `${show("inner", getBytes(1))} ${drop(inject("<", 0))}
          (if (local.get $2) (then ${code("inject", inject("last", 1))})) ${returns(3)}`,
      },
    });
    const chain = new TestChain({
      plugins: [
        { name: "outer", module: outer },
        { name: "inner", module: inner },
      ],
      upstream: () => ({ chunks: ["a"] }),
    });
    const { client } = chain.exchange();
    expect(said(chain)).toEqual([
      "inner=a",
      "outer=<",
      "end=0",
      "inner=",
      "outer=<",
      "end=0",
      "outer=last",
      "end=1",
      "inject=0",
    ]);
    expect(client).toMatchObject({ complete: true });
    expect(client.chunks.map(String)).toEqual(["<", "<", "last"]);
    expect(chain.chain.liveStreams()).toBe(0);
  });

  test("the log comes after the callback that ended the response has returned", () => {
    const chain = chainOf({
      proxy_on_response_body: `${drop(inject("x", 1))} ${say("returned")} ${returns(3)}`,
      proxy_on_log: say("log"),
      proxy_on_delete: say("delete"),
    });
    expect(chain.exchange().client.text).toBe("x");
    expect(said(chain)).toEqual(["returned", "log", "delete"]);
  });

  test("data can be injected from a call's callback while the response is paused", () => {
    const chain = chainOf(
      {
        proxy_on_response_headers: remember,
        proxy_on_response_body: `(if (local.get $2) (then ${drop(httpCall())})) ${returns(3)}`,
        proxy_on_http_call_response: `${asStream} ${drop(inject("checked", 1))}`,
      },
      { also: rememberStream, calls: { peer: () => ({ delayMs: 5 }) } },
    );
    expect(chain.exchange().client).toMatchObject({ text: "checked", complete: true });
  });

  test("a whole body can be given from the response header callback", () => {
    const argument = Buffer.from([0x0a, 4, ...Buffer.from("body"), 0x10, 1]);
    const chain = chainOf({
      proxy_on_response_headers: `${drop(addHeader(2, "x", "1"))} ${code("inject", `(call $proxy_call_foreign_function @"inject_encoded_data_to_filter_chain_on_header" @"${escaped(argument)}" (i32.const 0) (i32.const 0))`)} ${returns(1)}`,
      proxy_on_response_body: say("never"),
    });
    const { client } = chain.exchange();
    expect(client).toMatchObject({ status: 200, text: "body", complete: true });
    expect(client.header("x")).toBe("1");
    expect(said(chain)).toEqual(["inject=0"]);
  });

  test("on a root context it answers 0 and does nothing", () => {
    expect(said(chainOf({ proxy_on_configure: code("inject", inject("x", 1)) }))).toEqual(["inject=0"]);
  });
});

describe("upstream hosts (abi.md §16.1)", () => {
  const hosts = `(call $proxy_get_upstream_hosts ${out})`;

  test("are the members of the route's cluster as a map; none outside a stream", () => {
    const chain = chainOf(
      { proxy_on_configure: show("root", hosts), proxy_on_request_headers: show("hosts", hosts) },
      { hosts: { "outbound|80||upstream.static": ["10.0.0.1:80", "10.0.0.2:80"] } },
    );
    chain.exchange();
    const expected = Buffer.from(
      pairs([
        ["10.0.0.1:80", ""],
        ["10.0.0.2:80", ""],
      ]).replaceAll("\\", ""),
      "hex",
    ).toString();
    expect(said(chain)).toEqual(["root=", `hosts=${expected}`]);
  });

  test("the override host travels with the route to the router", () => {
    const chain = chainOf({
      proxy_on_request_headers: drop(`(call $proxy_set_upstream_override_host @"10.0.0.2:80")`),
    });
    expect(chain.exchange().upstream?.route).toMatchObject({ name: "route", overrideHost: "10.0.0.2:80" });
    expect(chainOf({}).exchange().upstream?.route.overrideHost).toBeUndefined();
  });
});

test("a second local reply is refused and continue after a reply is guarded (abi.md §9)", () => {
  const chain = chainOf({
    proxy_on_request_headers: `${code("first", reply(403))} ${code("second", reply(404))} ${code("continue", continueStream(0))} ${returns(4)}`,
  });
  const { client, upstream } = chain.exchange();
  expect(client.status).toBe(403);
  expect(upstream).toBeUndefined();
  expect(said(chain)).toEqual(["first=0", "second=2", "continue=0"]);
});
