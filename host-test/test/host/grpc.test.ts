import { describe, expect, test } from "vitest";
import type { GrpcClients, GrpcEvents, GrpcRequest } from "../../host/types.ts";
import { chainOf, code, getHeader, getBytes, number, out, pairs, said, say, show } from "./snippets.ts";

/** A gRPC service in memory: what was asked of it, and the events to answer with. */
class Service implements GrpcClients {
  readonly requests: GrpcRequest[] = [];
  readonly actions: string[] = [];
  events!: GrpcEvents;

  open(request: GrpcRequest, events: GrpcEvents) {
    const target = Buffer.from(request.target).toString();
    if (target === "nobody") return "unknown" as const;
    if (target === "empty") return "failed" as const;
    this.requests.push(request);
    this.events = events;
    return {
      send: (message: Uint8Array, endStream: boolean) => {
        this.actions.push(`send ${Buffer.from(message).toString()}${endStream ? " end" : ""}`);
      },
      close: () => void this.actions.push("close"),
      reset: () => void this.actions.push("reset"),
    };
  }
}

const unary = (target = "peer") =>
  `(call $proxy_grpc_call @"${target}" @"pkg.Service" @"Method" @"${pairs([["K", "v"]])}" @"ask" (i32.const 100) ${number})`;
const stream = (target = "peer") =>
  `(call $proxy_grpc_stream @"${target}" @"pkg.Service" @"Method" @"" ${number})`;
const token = `(call $code @"token" (i32.load ${number}))`;
const callbacks = {
  proxy_on_grpc_receive_initial_metadata: `(call $code @"initial" (local.get $2)) ${show("k", getHeader(4, "k"))}`,
  proxy_on_grpc_receive: `(call $code @"message of" (local.get $1)) ${show("bytes", getBytes(5))}`,
  proxy_on_grpc_receive_trailing_metadata: `(call $code @"trailing" (local.get $2)) ${show("k", getHeader(5, "k"))}`,
  proxy_on_grpc_close: `(call $code @"close of" (local.get $1)) (call $code @"status" (local.get $2))
    ${show("text", `(call $proxy_get_status ${number} ${out})`)}`,
};

function start(call: string, further: Record<string, string> = {}) {
  const grpc = new Service();
  const chain = chainOf(
    { proxy_on_request_headers: `${code("call", call)} ${token}`, ...callbacks, ...further },
    { grpc },
  );
  chain.exchange();
  return { chain, grpc };
}

describe("gRPC calls (abi.md §10; codes measured on Envoy 1.40)", () => {
  test("a unary call sends its message and gets the answer alone; its token is 1 modulo 4", () => {
    const { chain, grpc } = start(unary());
    expect(grpc.requests).toMatchObject([
      { service: "pkg.Service", method: "Method", metadata: [["k", "v"]], timeoutMs: 100 },
    ]);
    expect(grpc.actions).toEqual(["send ask end"]);
    grpc.events.initialMetadata([["k", "1"]]);
    grpc.events.message(Buffer.from("answer"));
    grpc.events.close(0, "");
    expect(said(chain)).toEqual(["call=0", "token=5", "message of=5", "bytes=answer"]);
  });

  test("a unary call that fails is closed with its status and text", () => {
    const { chain, grpc } = start(unary());
    said(chain);
    grpc.events.close(14, "no connection");
    expect(said(chain)).toEqual(["close of=5", "status=14", "text=no connection"]);
  });

  test("a stream gets metadata, messages and its end; its token is 2 modulo 4", () => {
    const { chain, grpc } = start(stream());
    grpc.events.initialMetadata([["k", "1"]]);
    grpc.events.message(Buffer.from("a"));
    grpc.events.message(Buffer.from(""));
    grpc.events.trailingMetadata([["k", "2"]]);
    grpc.events.close(0, "ok");
    expect(said(chain)).toEqual([
      ...["call=0", "token=6", "initial=1", "k=1", "message of=6", "bytes=a", "message of=6", "bytes="],
      ...["trailing=1", "k=2", "close of=6", "status=0", "text=ok"],
    ]);
  });

  test.each([
    ["an unknown target", "nobody", 4],
    ["a target without hosts", "empty", 10],
  ])("%s", (_name, target, expected) => {
    expect(said(start(unary(target)).chain)).toEqual([`call=${expected}`, "token=0"]);
    expect(said(start(stream(target)).chain)).toEqual([`call=${expected}`, "token=0"]);
  });

  test("send, close and cancel by class of token", () => {
    const send = (id: number) =>
      code(`send ${id}`, `(call $proxy_grpc_send (i32.const ${id}) @"m" (i32.const 0))`);
    const ends = (id: number) =>
      `${code(`close ${id}`, `(call $proxy_grpc_close (i32.const ${id}))`)} ${code(`cancel ${id}`, `(call $proxy_grpc_cancel (i32.const ${id}))`)}`;
    const probes = [0, 1, 2, 3, 4, 5, 10].map(send).join(" ") + [0, 1, 2, 3, 4].map(ends).join(" ");
    const { chain } = start(unary(), { proxy_on_response_headers: probes });
    expect(said(chain).slice(2)).toEqual([
      ...["send 0=2", "send 1=2", "send 2=1", "send 3=2", "send 4=2", "send 5=2", "send 10=1"],
      ...["close 0=2", "cancel 0=2", "close 1=1", "cancel 1=1", "close 2=1", "cancel 2=1"],
      ...["close 3=2", "cancel 3=2", "close 4=2", "cancel 4=2"],
    ]);
  });

  test("close half-closes a stream, which still gets messages; cancel resets it and nothing follows", () => {
    const closing = `(drop (call $proxy_grpc_send (i32.const 6) @"one" (i32.const 0))) (drop (call $proxy_grpc_close (i32.const 6)))`;
    const { chain, grpc } = start(stream(), { proxy_on_response_headers: closing });
    said(chain);
    grpc.events.message(Buffer.from("late"));
    expect(grpc.actions).toEqual(["send one", "close"]);
    expect(said(chain)).toEqual(["message of=6", "bytes=late"]);
    const cancelling = start(stream(), {
      proxy_on_response_headers: "(drop (call $proxy_grpc_cancel (i32.const 6)))",
    });
    said(cancelling.chain);
    cancelling.grpc.events.message(Buffer.from("late"));
    cancelling.grpc.events.close(1, "");
    expect(cancelling.grpc.actions).toEqual(["reset"]);
    expect(said(cancelling.chain)).toEqual([]);
  });

  test("closing a unary call cancels it", () => {
    const { grpc } = start(unary(), {
      proxy_on_response_headers: "(drop (call $proxy_grpc_close (i32.const 5)))",
    });
    expect(grpc.actions).toEqual(["send ask end", "reset"]);
  });

  test("events inside a VM call wait until it returned", () => {
    const grpc = new Service();
    const eager: GrpcClients = {
      open: (request, events) => {
        const opened = grpc.open(request, events);
        if (typeof opened === "string") return opened;
        return { ...opened, send: () => events.close(14, "at once") };
      },
    };
    const chain = chainOf(
      { proxy_on_request_headers: `${code("call", unary())} ${say("done")}`, ...callbacks },
      { grpc: eager },
    );
    chain.exchange();
    expect(said(chain)).toEqual(["call=0", "done", "close of=5", "status=14", "text=at once"]);
  });

  test("closing the chain resets open calls", () => {
    const { chain, grpc } = start(stream());
    chain.close();
    expect(grpc.actions).toEqual(["reset"]);
  });
});
