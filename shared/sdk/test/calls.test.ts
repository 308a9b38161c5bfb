// Call-outs: every one is answered once, in time, to who asked; or not at all when nobody asks any more.

import { describe, expect, test } from "vitest";
import { specOf } from "../../../host-test/testing/chain.ts";
import type { Headers } from "../../../host-test/host/types.ts";
import type { CallReply } from "../../../host-test/testing/chain.ts";
import { heard, messages, probe, probeChain, said, scripted } from "./probe-chain.ts";

const waiting = { requestHead: ["call check.dns 300", "wait"], reply: ["read", "get x-verdict", "resume"] };
const replying = (reply: CallReply) => ({ calls: { "check.dns": () => reply } });

const get = (id: string): Headers => [
  [":method", "GET"],
  [":path", "/"],
  [":authority", "a"],
  [":scheme", "http"],
  ["x-request-id", id],
];

describe("what comes back", () => {
  test("an answer: status, headers, body", () => {
    const chain = scripted(
      waiting,
      replying({ status: 201, headers: { "x-verdict": "ok" }, body: "fine", delayMs: 5 }),
    );
    const { client } = chain.exchange();
    expect(client.status).toBe(200);
    expect(said(chain)).toEqual(["body fine", "x-verdict is ok"]);
    expect(heard(chain)[1]).toBe("reply status=201 reset=false");
  });

  test.each([
    ["a refused connection", { reset: "connect-failure" }, "reply status=503 reset=false"],
    ["a connection that breaks before the headers", { reset: "reset" }, "reply status=503 reset=false"],
    [
      "a connection that breaks after the headers",
      { reset: { afterChunks: 0 } },
      "reply status=0 reset=true",
    ],
    ["silence until the deadline", "never", "reply status=504 reset=false"],
    ["an answer after the deadline", { delayMs: 301 }, "reply status=504 reset=false"],
    ["an answer just in time", { delayMs: 300 }, "reply status=200 reset=false"],
  ] as [string, CallReply, string][])("%s", (_name, reply, expected) => {
    const chain = scripted(waiting, replying(reply));
    expect(chain.exchange().client.status).toBe(200);
    expect(heard(chain)[1]).toBe(expected);
    chain.advance(10_000);
    expect(heard(chain).filter((line) => line.startsWith("reply"))).toHaveLength(1);
  });

  test("a reset that comes after an answer to another call is told as a reset, and the next answer as an answer", () => {
    const replies: CallReply[] = [{ status: 200 }, { reset: { afterChunks: 0 } }, { status: 201 }];
    const chain = scripted(
      { requestHead: ["call check.dns 300", "wait"], reply: ["resume"] },
      { calls: { "check.dns": () => replies.shift()! } },
    );
    for (let i = 0; i < 3; i++) chain.exchange();
    expect(heard(chain).filter((line) => line.startsWith("reply"))).toEqual([
      "reply status=200 reset=false",
      "reply status=0 reset=true",
      "reply status=201 reset=false",
    ]);
  });

  test.each([
    ["an unknown cluster", { requestHead: ["call other.dns"] }, {}],
    ["a cluster without a host", { requestHead: ["call check.dns"] }, replying("no-host")],
  ])("%s is refused at once, and no answer comes", (_name, steps, options) => {
    const chain = scripted(steps, options);
    expect(chain.exchange().client.status).toBe(200);
    expect(said(chain)).toEqual(["refused"]);
    chain.advance(10_000);
    expect(heard(chain).filter((line) => line.startsWith("reply"))).toEqual([]);
  });
});

describe("what is sent", () => {
  test("pseudo headers, further headers and the body", () => {
    const chain = scripted({ requestHead: ["call check.dns 700 some text"] }, replying({}));
    chain.exchange({ headers: { "x-raw": "1" } });
    const [call] = chain.calls;
    expect(call!.headers).toEqual(
      expect.arrayContaining([
        [":method", "POST"],
        [":path", "/check?a=b"],
        [":authority", "probe.test"],
        ["x-copied", "1"],
      ]),
    );
    expect(Buffer.from(call!.body).toString()).toBe("some text");
    expect(call!.timeoutMs).toBe(700);
  });

  test.each(["", " 0", " -1"])("a call always has a deadline: given '%s' it is 500 ms", (timeout) => {
    const chain = scripted({ requestHead: [`call check.dns${timeout}`] }, replying({}));
    chain.exchange();
    expect(chain.calls[0]!.timeoutMs).toBe(500);
  });

  test("several calls at once are each answered", () => {
    const delays: Record<string, number> = { a: 30, b: 10, c: 20 };
    const chain = scripted(
      {
        requestHead: ["call a", "call b", "call c", "wait"],
        reply: [["say first"], ["say second"], ["resume"]],
      },
      { calls: (request) => ({ status: 200 + delays[request.cluster]!, delayMs: delays[request.cluster]! }) },
    );
    expect(chain.exchange().client.status).toBe(200);
    expect(heard(chain).filter((line) => line.startsWith("reply"))).toEqual(
      [210, 220, 230].map((status) => `reply status=${status} reset=false`),
    );
  });

  test("an answer may make the next call", () => {
    const chain = scripted(
      {
        requestHead: ["call check.dns", "wait"],
        reply: [["call check.dns"], ["call check.dns"], ["resume"]],
      },
      replying({ delayMs: 1 }),
    );
    expect(chain.exchange().client.status).toBe(200);
    expect(chain.calls).toHaveLength(3);
  });
});

describe("when the stream is gone first", () => {
  test("the call is told, once, and nothing else of the stream is touched", () => {
    const chain = scripted(
      { requestHead: ["call check.dns", "wait"], reply: ["set x-late 1", "resume"] },
      replying({ delayMs: 50 }),
    );
    const stream = chain.open();
    stream.http.requestHeaders(get("r"), true);
    stream.http.requestReset();
    chain.settle();
    expect(messages(chain).slice(-3)).toEqual(["> log", "> done", "> gone"]);
    chain.advance(1000);
    expect(messages(chain).filter((line) => line === "> gone" || line.startsWith("> reply"))).toEqual([
      "> gone",
    ]);
    expect(chain.problems("warn")).toEqual([]);
  });

  test("the answer of one stream never reaches another that came later", () => {
    const chain = scripted(
      { requestHead: ["call check.dns", "wait"], reply: ["resume"] },
      replying({ delayMs: 50 }),
    );
    const first = chain.open();
    first.http.requestHeaders(get("first"), true);
    first.http.requestReset();
    const second = chain.open();
    second.http.requestHeaders(get("second"), true);
    chain.settle();
    expect(second.client.status).toBe(200);
    const lines = chain.logs.map(({ message }) => message);
    expect(lines).toContain("[probe] [nil] [first] > gone");
    expect(lines).toContain("[probe] [nil] [second] > reply status=200 reset=false");
  });
});

describe("calls that belong to no stream", () => {
  test("are answered after the stream that made them is gone, in lines that name no request", () => {
    const chain = scripted(
      { requestHead: ["call-alone check.dns"] },
      replying({ body: "later", delayMs: 100 }),
    );
    chain.exchange({ headers: { "x-request-id": "r-1" } });
    chain.settle();
    expect(chain.logs.at(-1)!.message).toBe("[probe] [nil] [nil] > lone reply status=200 body=later");
  });

  test("of two configurations speak for their own", () => {
    const plugin = (id: string) =>
      specOf({
        name: id,
        module: probe.higress,
        configuration: { _plugin_id_: id, steps: { requestHead: ["call-alone check.dns"] } },
      });
    const chain = probeChain({}, {
      ...replying({ delayMs: 10 }),
      plugins: [plugin("a"), plugin("b")],
    } as object);
    chain.exchange();
    chain.settle();
    const replies = chain.logs.map(({ message }) => message).filter((line) => line.includes("lone reply"));
    expect(replies).toEqual([
      "[probe] [a] [nil] > lone reply status=200 body=",
      "[probe] [b] [nil] > lone reply status=200 body=",
    ]);
  });

  test("end with the configuration that made them, without a word", async () => {
    const chain = scripted({ requestHead: ["call-alone check.dns"] }, replying({ delayMs: 100 }));
    const stream = chain.open();
    stream.http.requestHeaders(get("r"), true);
    stream.http.requestReset();
    await chain.chain.reconfigure([
      specOf({ name: "probe", module: probe.higress, configuration: { name: "next" } }),
    ]);
    chain.advance(1000);
    expect(messages(chain).filter((line) => line.includes("lone reply"))).toEqual([]);
    expect(chain.exchange().client.status).toBe(200);
  });
});

test("a body held for a call can be read and replaced by the answer, in both directions", () => {
  const chain = scripted(
    {
      requestHead: ["remove content-length", "hold"],
      requestBody: [["hold"], ["call check.dns", "wait"]],
      responseHead: ["hold"],
      responseBody: [["hold"], ["call check.dns", "wait"]],
      reply: [["resume"], ["resume-response"]],
    },
    { ...replying({ delayMs: 5 }), upstream: () => ({ chunks: ["answer"] }) },
  );
  const { client, upstream } = chain.exchange({ chunks: ["question"] });
  expect(upstream!.text).toBe("question");
  expect(client.text).toBe("answer");
});
