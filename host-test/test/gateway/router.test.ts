// Where requests go, and what happens when that fails.

import { expect, test } from "vitest";
import {
  cut,
  describeEngines,
  engine,
  play,
  type Exchange,
  type PluginSetup,
} from "../../testing/scenario.ts";
import { assemble, request } from "../envoy/wat.ts";

/** A plugin that gives instructions to the router, as ai-proxy does. */
function withHeaders(headers: Record<string, string>): PluginSetup {
  const module = assemble((text) => ({
    request_headers: `${Object.entries(headers)
      .map(([name, value]) => text.setHeader(request, name, value))
      .join("\n")} (i32.const 0)`,
    response_headers: "(i32.const 0)",
  }));
  return { module, name: "test.router" };
}

const never = (): Promise<void> => new Promise(() => undefined);

test("a body that arrives after the first attempt has failed reaches the next one whole", async () => {
  const firstIsGone = Promise.withResolvers<void>();
  const fail = async (exchange: Exchange): Promise<void> => {
    // Never ended, so that the end of the connection shows.
    await exchange.head(503, { "content-length": "9" });
    await exchange.requestEnd;
    firstIsGone.resolve();
  };
  const gateway = await engine("node").start({
    plugins: [withHeaders({ "x-envoy-retry-on": "5xx", "x-envoy-max-retries": "1" })],
    upstreams: { "up.static": [fail, echoLength] },
    bufferLimit: 64 * 1024,
  });
  const client = gateway.open();
  await client.write("begun;");
  await firstIsGone.promise;
  const rest = Buffer.alloc(1024 * 1024, "x");
  await client.write(rest);
  await client.end();
  expect((await client.answer).text).toBe(String(rest.length + 6));
});

test("Higress's deadline for the first byte ends what has not begun, and not what has", async () => {
  const released = Promise.withResolvers<void>();
  const gateway = await engine("node").start({
    plugins: [withHeaders({ "x-envoy-upstream-rq-first-byte-timeout-ms": "100" })],
    upstreams: { "up.static": [never, { chunks: [() => released.promise, "late"] }, never] },
  });
  const answer = await gateway.send();
  expect([answer.status, answer.text]).toEqual([504, "upstream request timeout"]);
  const client = gateway.open();
  await client.end();
  expect((await client.head).status).toBe(200);
  // A whole deadline later.
  expect((await gateway.send()).status).toBe(504);
  released.resolve();
  expect((await client.answer).text).toBe("late");
});

async function echoLength(exchange: Exchange): Promise<void> {
  await exchange.requestEnd;
  await play({ body: String(exchange.request.body.length) }, exchange);
}

describeEngines("router", (engine) => {
  test("a refused connection is answered with 503 and the reason", async () => {
    const gateway = await engine.start({ upstreams: { "up.static": { state: "refused" } } });
    const answer = await gateway.send();
    expect(answer.status).toBe(503);
    expect(answer.text).toBe(
      "upstream connect error or disconnect/reset before headers. reset reason: remote connection failure",
    );
    expect(answer.header("content-type")).toBe("text/plain");
  });

  test("a service without members is answered with 503 and the reason", async () => {
    const gateway = await engine.start({ upstreams: { "up.static": { state: "none" } } });
    const answer = await gateway.send();
    expect([answer.status, answer.text]).toEqual([503, "no healthy upstream"]);
  });

  test("a connection that closes before the answer is answered with 503 and the reason", async () => {
    const gateway = await engine.start({ upstreams: { "up.static": (exchange) => exchange.cut() } });
    const answer = await gateway.send();
    expect(answer.status).toBe(503);
    expect(answer.text).toContain("reset reason: connection termination");
  });

  test("without a route the answer is 404 and empty", async () => {
    const gateway = await engine.start({
      upstreams: { "up.static": {} },
      routes: [{ to: "up.static", path: "/known" }],
    });
    const answer = await gateway.send({ path: "/unknown" });
    expect([answer.status, answer.text]).toEqual([404, ""]);
  });

  test("an answer that takes longer than the route allows is 504", async () => {
    const gateway = await engine.start({
      upstreams: { "up.static": never },
      routes: [{ to: "up.static", timeoutMs: 50 }],
    });
    const answer = await gateway.send();
    expect([answer.status, answer.text]).toEqual([504, "upstream request timeout"]);
    expect(gateway.upstream("up.static").requests[0]?.header("x-envoy-expected-rq-timeout-ms")).toBe("50");
  });

  test("a plugin's deadline replaces the route's", async () => {
    const gateway = await engine.start({
      plugins: [withHeaders({ "x-envoy-upstream-rq-timeout-ms": "50" })],
      upstreams: { "up.static": never },
    });
    expect((await gateway.send()).status).toBe(504);
    expect(gateway.upstream("up.static").requests[0]?.header("x-envoy-upstream-rq-timeout-ms")).toBe(
      undefined,
    );
  });

  test("an answer that stops half-way is cut off at the deadline", async () => {
    const gateway = await engine.start({
      upstreams: { "up.static": { chunks: ["begun", never] } },
      routes: [{ to: "up.static", timeoutMs: 200 }],
    });
    const answer = await gateway.send();
    expect([answer.status, answer.text, answer.complete]).toEqual([200, "begun", false]);
  });

  test("a failed request is tried again with the same body", async () => {
    const gateway = await engine.start({
      plugins: [withHeaders({ "x-envoy-retry-on": "5xx", "x-envoy-max-retries": "2" })],
      upstreams: { "up.static": [{ status: 500 }, { status: 503 }, { body: "third" }] },
    });
    const answer = await gateway.send({ body: "question", headers: { "x-kept": "1" } });
    expect([answer.status, answer.text]).toEqual([200, "third"]);
    const { requests } = gateway.upstream("up.static");
    expect(requests.map(({ text }) => text)).toEqual(["question", "question", "question"]);
    expect(requests[2]?.header("x-kept")).toBe("1");
    expect(requests[0]?.header("x-envoy-retry-on")).toBe(undefined);
    expect(requests[0]?.header("x-envoy-max-retries")).toBe(undefined);
  });

  test("after the last retry the client gets the last answer", async () => {
    const gateway = await engine.start({
      plugins: [withHeaders({ "x-envoy-retry-on": "5xx", "x-envoy-max-retries": "1" })],
      upstreams: {
        "up.static": [
          { status: 500, body: "first" },
          { status: 502, body: "second" },
        ],
      },
    });
    const answer = await gateway.send();
    expect([answer.status, answer.text]).toEqual([502, "second"]);
  });

  test("what the policy does not name is not tried again", async () => {
    const gateway = await engine.start({
      plugins: [withHeaders({ "x-envoy-retry-on": "connect-failure,reset", "x-envoy-max-retries": "2" })],
      upstreams: { "up.static": [{ status: 500 }, { status: 200 }] },
    });
    expect((await gateway.send()).status).toBe(500);
    expect(gateway.upstream("up.static").requests.length).toBe(1);
  });

  test("a refused connection is tried again and the answer says so", async () => {
    const gateway = await engine.start({
      plugins: [withHeaders({ "x-envoy-retry-on": "connect-failure", "x-envoy-max-retries": "2" })],
      upstreams: { "up.static": { state: "refused" } },
    });
    const answer = await gateway.send();
    expect([answer.status, answer.text]).toEqual([
      503,
      "upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure",
    ]);
  });

  test("a reset before the answer is tried again", async () => {
    const gateway = await engine.start({
      plugins: [withHeaders({ "x-envoy-retry-on": "reset" })],
      upstreams: { "up.static": [(exchange) => exchange.cut(), { body: "second" }] },
    });
    expect((await gateway.send({ body: "x" })).text).toBe("second");
  });

  test("a reset within the answer is not tried again", async () => {
    const gateway = await engine.start({
      plugins: [withHeaders({ "x-envoy-retry-on": "reset,5xx" })],
      upstreams: { "up.static": [{ chunks: ["begun", cut] }, { body: "second" }] },
    });
    const answer = await gateway.send();
    expect([answer.text, answer.complete]).toEqual(["begun", false]);
    expect(gateway.upstream("up.static").requests.length).toBe(1);
  });

  test("an attempt that takes too long is tried again", async () => {
    const gateway = await engine.start({
      plugins: [withHeaders({ "x-envoy-retry-on": "5xx", "x-envoy-upstream-rq-per-try-timeout-ms": "100" })],
      upstreams: { "up.static": [never, { body: "second" }] },
    });
    expect((await gateway.send()).text).toBe("second");
  });

  test("status codes of the policy are tried again, others not", async () => {
    const gateway = await engine.start({
      plugins: [
        withHeaders({
          "x-envoy-retry-on": "retriable-status-codes",
          "x-envoy-retriable-status-codes": "429",
          "x-envoy-max-retries": "3",
        }),
      ],
      upstreams: { "up.static": [{ status: 429 }, { status: 500 }, { status: 200 }] },
    });
    expect((await gateway.send()).status).toBe(500);
    expect(gateway.upstream("up.static").requests.length).toBe(2);
  });

  test("the route's own policy is followed", async () => {
    const gateway = await engine.start({
      upstreams: { "up.static": [{ status: 502 }, { body: "second" }] },
      routes: [{ to: "up.static", retry: { on: ["gateway-error"], attempts: 1 } }],
    });
    expect((await gateway.send()).text).toBe("second");
  });

  test.each([
    ["/a", "/x", "/a", "/x"],
    ["/a", "/x", "/a/", "/x/"],
    ["/a", "/x", "/a/b?q=1", "/x/b?q=1"],
    ["/a", "/x/", "/a/b", "/x/b"],
    ["/a", "/", "/a/b", "/b"],
    ["/a", "/", "/a", "/"],
    ["/", "/x", "/b?q", "/x/b?q"],
  ])("the prefix %s rewritten to %s makes %s %s", async (path, rewritePath, sent, seen) => {
    const gateway = await engine.start({
      upstreams: { "up.static": {} },
      routes: [{ to: "up.static", path, rewritePath }],
    });
    await gateway.send({ path: sent });
    const [received] = gateway.upstream("up.static").requests;
    expect(received?.path).toBe(seen);
    expect(received?.header("x-envoy-original-path")).toBe(sent);
  });

  test("the host is rewritten and the original told", async () => {
    const gateway = await engine.start({
      upstreams: { "up.static": {} },
      routes: [{ to: "up.static", rewriteHost: "api.example" }],
    });
    await gateway.send({ host: "client.example" });
    const [received] = gateway.upstream("up.static").requests;
    expect(received?.authority).toBe("api.example");
    expect(received?.header("x-envoy-original-host")).toBe("client.example");
  });

  test("the most specific host wins, and its routes are the only ones", async () => {
    const gateway = await engine.start({
      upstreams: { "exact.static": {}, "suffix.static": {}, "any.static": {} },
      routes: [
        { name: "any", host: "*", to: "any.static" },
        { name: "suffix", host: "*.example.com", to: "suffix.static" },
        { name: "exact", host: "a.example.com", path: "/only", to: "exact.static" },
      ],
    });
    const statusOf = async (host: string, path: string): Promise<number> =>
      (await gateway.send({ host, path })).status;
    expect(await statusOf("A.example.com:8080", "/only")).toBe(200);
    expect(await statusOf("a.example.com", "/other")).toBe(404);
    expect(await statusOf("b.c.example.com", "/")).toBe(200);
    expect(await statusOf("example.com", "/")).toBe(200);
    const counts = ["exact", "suffix", "any"].map(
      (name) => gateway.upstream(`${name}.static`).requests.length,
    );
    expect(counts).toEqual([1, 1, 1]);
  });

  test("a prefix ends at a slash", async () => {
    const gateway = await engine.start({
      upstreams: { "up.static": {} },
      routes: [{ to: "up.static", path: "/v1" }],
    });
    const statuses: number[] = [];
    for (const path of ["/v1", "/v1/models", "/v1?x", "/v10"])
      statuses.push((await gateway.send({ path })).status);
    expect(statuses).toEqual([200, 200, 200, 404]);
  });

  test("conditions on headers and methods choose the route", async () => {
    const gateway = await engine.start({
      upstreams: { "a.static": {}, "b.static": {}, "c.static": {} },
      routes: [
        { name: "a", to: "a.static", headers: [{ name: "x-model", exact: "gpt" }], methods: ["POST", "PUT"] },
        { name: "b", to: "b.static", headers: [{ name: "x-model", regex: "gpt-[0-9]+" }] },
        { name: "c", to: "c.static", headers: [{ name: "x-model", prefix: "claude" }] },
      ],
    });
    const statusOf = async (method: string, model: string): Promise<number> =>
      (await gateway.send({ method, headers: { "x-model": model } })).status;
    expect(await statusOf("POST", "gpt")).toBe(200);
    expect(await statusOf("GET", "gpt")).toBe(404);
    expect(await statusOf("GET", "gpt-5")).toBe(200);
    expect(await statusOf("GET", "my-gpt-5")).toBe(404);
    expect(await statusOf("GET", "claude-haiku")).toBe(200);
    const counts = ["a", "b", "c"].map((name) => gateway.upstream(`${name}.static`).requests.length);
    expect(counts).toEqual([1, 1, 1]);
  });

  test("weights share the requests out", async () => {
    const gateway = await engine.start({
      upstreams: { "a.static": {}, "b.static": {} },
      routes: [{ to: { "a.static": 80, "b.static": 20 } }],
    });
    for (let i = 0; i < 200; i++) await gateway.send();
    const count = gateway.upstream("b.static").requests.length;
    // A fair 20 % of 200 is outside of these bounds once in a million runs.
    expect(count).toBeGreaterThan(12);
    expect(count).toBeLessThan(75);
  });

  test("a running answer goes on after a reload that removes its route", async () => {
    const released = Promise.withResolvers<void>();
    const gateway = await engine.start({
      upstreams: {
        "up.static": async (exchange) =>
          play({ chunks: ["begun;", () => released.promise, "ended"] }, exchange),
        "new.static": { body: "new" },
      },
    });
    const client = gateway.open({ path: "/old" });
    await client.end();
    await client.until("begun;");
    await gateway.reload({ upstreams: { "new.static": {} }, routes: [{ to: "new.static" }] });
    expect((await gateway.send()).text).toBe("new");
    released.resolve();
    const answer = await client.answer;
    expect([answer.text, answer.complete]).toEqual(["begun;ended", true]);
  });
});
