// What a trap costs under each failure policy (Envoy 1.40).

import { expect, test } from "vitest";
import { describeEngines, type Gateway } from "../../testing/scenario.ts";
import { assemble, request, response } from "./wat.ts";

const trapping = { headers: { "x-trap": "1" } };
const waiting = { headers: { "x-wait": "1" } };

/** Traps on requests with `x-trap`, waits for ever on those with `x-wait`, marks and looks at the others. */
const module = (mark = "x-mark"): Uint8Array =>
  assemble((text) => ({
    request_headers: `
      (if (i32.eqz (call $proxy_get_header_map_value (i32.const 0) ${text.text("x-trap")} (i32.const 0) (i32.const 4)))
        (then (unreachable)))
      (if (i32.eqz (call $proxy_get_header_map_value (i32.const 0) ${text.text("x-wait")} (i32.const 0) (i32.const 4)))
        (then ${text.log("waiting")} (return (i32.const 4))))
      ${text.setHeader(request, mark, "1")} (i32.const 0)`,
    response_headers: `${text.setHeader(response, mark, "1")} (i32.const 0)`,
    request_body: "(i32.const 0)",
    response_body: "(i32.const 0)",
  }));

async function statuses(gateway: Gateway, count: number): Promise<number[]> {
  const seen: number[] = [];
  for (let i = 0; i < count; i++) seen.push((await gateway.send()).status);
  return seen;
}

describeEngines(
  "traps",
  (engine) => {
    test("fail-closed: the stream gets 503, and so does every later one", async () => {
      const gateway = await engine.start({
        plugins: [{ module: module(), failurePolicy: "fail-closed" }],
        upstreams: { "up.static": {} },
      });
      expect((await gateway.send()).status).toBe(200);
      expect((await gateway.send(trapping)).status).toBe(503);
      expect(await statuses(gateway, 3)).toEqual([503, 503, 503]);
    });

    test("fail-reload: after the pause a request starts the VM again", async () => {
      const gateway = await engine.start({
        plugins: [{ module: module(), failurePolicy: "fail-reload", reloadIntervalMs: 500 }],
        upstreams: { "up.static": {} },
      });
      expect((await gateway.send(trapping)).status).toBe(503);
      await expect
        .poll(async () => {
          const answer = await gateway.send();
          return [answer.status, answer.header("x-mark")];
        })
        .toEqual([200, "1"]);
    });

    test("fail-open: the trapping stream gets 503, later ones skip the plugin", async () => {
      const gateway = await engine.start({
        plugins: [{ module: module(), failurePolicy: "fail-open" }],
        upstreams: { "up.static": {} },
      });
      expect((await gateway.send(trapping)).status).toBe(503);
      const answer = await gateway.send();
      expect(answer.status).toBe(200);
      expect(answer.header("x-mark")).toBeUndefined();
    });

    test("the old fail_open: the trapping stream goes on, later ones skip the plugin", async () => {
      const gateway = await engine.start({
        plugins: [{ module: module(), failurePolicy: "legacy-fail-open" }],
        upstreams: { "up.static": {} },
      });
      expect((await gateway.send(trapping)).status).toBe(200);
      const answer = await gateway.send();
      expect(answer.status).toBe(200);
      expect(answer.header("x-mark")).toBeUndefined();
    });

    for (const failurePolicy of ["fail-closed", "fail-open"] as const) {
      test(`${failurePolicy}: another stream of the VM gets 503 with its next event`, async () => {
        const gateway = await engine.start({
          plugins: [{ module: module(), failurePolicy }],
          upstreams: { "up.static": {} },
        });
        const other = gateway.open({ method: "POST" });
        await gateway.upstream("up.static").next();
        await gateway.send(trapping);
        await other.write("next event");
        expect((await other.answer).status).toBe(503);
      });

      test(`${failurePolicy}: another stream that is already answering is cut off with its next event`, async () => {
        const gate = Promise.withResolvers<void>();
        const gateway = await engine.start({
          plugins: [{ module: module(), failurePolicy }],
          upstreams: { "up.static": { chunks: ["first", () => gate.promise, "second"] } },
        });
        const other = gateway.open({ method: "POST" });
        await other.end();
        await other.until("first");
        await gateway.send(trapping);
        gate.resolve();
        const answer = await other.answer;
        expect([answer.status, answer.text, answer.complete]).toEqual([200, "first", false]);
      });
    }

    test("the old fail_open: other streams of the VM go on", async () => {
      const gate = Promise.withResolvers<void>();
      const gateway = await engine.start({
        plugins: [{ module: module(), failurePolicy: "legacy-fail-open" }],
        upstreams: {
          "up.static": [{ chunks: ["first", () => gate.promise, "second"] }, {}],
        },
      });
      const other = gateway.open({ method: "POST" });
      await other.end();
      await other.until("first");
      expect((await gateway.send(trapping)).status).toBe(200);
      gate.resolve();
      const answer = await other.answer;
      expect([answer.status, answer.text, answer.complete]).toEqual([200, "firstsecond", true]);
    });

    test("a stream that waits for a call-out when the VM traps is not answered", async () => {
      const gateway = await engine.start({
        plugins: [{ module: module(), failurePolicy: "fail-closed" }],
        upstreams: { "up.static": {} },
      });
      const other = gateway.open({ method: "POST", ...waiting });
      await gateway.logged("waiting");
      await gateway.send(trapping);
      await other.end({ data: Buffer.from("next event") });
      expect((await gateway.send()).status).toBe(503);
      expect(other.received.status).toBe(0);
      other.abort();
    });

    test("plugins of one module fail together, those of another live on", async () => {
      const shared = module("x-shared");
      const gateway = await engine.start({
        plugins: [
          { name: "test.a", module: shared, configuration: "a", failurePolicy: "fail-open" },
          { name: "test.b", module: shared, configuration: "b", failurePolicy: "fail-open" },
          { name: "test.c", module: module("x-other"), failurePolicy: "fail-open" },
        ],
        upstreams: { "up.static": {} },
      });
      const before = await gateway.send();
      expect([before.header("x-shared"), before.header("x-other")]).toEqual(["1", "1"]);
      expect((await gateway.send(trapping)).status).toBe(503);
      const after = await gateway.send();
      expect([after.header("x-shared"), after.header("x-other")]).toEqual([undefined, "1"]);
    });

    test.each([
      ["a read outside of the memory", "(drop (i32.load (i32.const -8)))"],
      ["a division by zero", "(drop (i32.div_s (i32.const 1) (local.get $s)))"],
      ["endless recursion", "(call $recurse)"],
    ])("%s is a trap", async (_title, trap) => {
      const module = assemble(() => ({ request_headers: `${trap} (i32.const 0)` }), {
        functions: "(func $recurse (call $recurse) (call $recurse))",
      });
      const gateway = await engine.start({
        plugins: [{ module, failurePolicy: "fail-closed" }],
        upstreams: { "up.static": {} },
      });
      expect((await gateway.send()).status).toBe(503);
    });

    test("a trap in a call's answer fails the requests to come", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.httpCall("outbound|80||call.static")} (i32.const 4)`,
        http_call_response: `${text.log("trapping")} (unreachable)`,
      }));
      const gateway = await engine.start({
        plugins: [{ module, failurePolicy: "fail-closed" }],
        upstreams: { "up.static": {}, "call.static": {} },
      });
      const waiting = gateway.open({ method: "POST" });
      await gateway.logged("trapping");
      expect((await gateway.send()).status).toBe(503);
      expect(waiting.received.status).toBe(0);
      waiting.abort();
    });

    test("a trap while logging leaves the answer as it was", async () => {
      const module = assemble(() => ({ log: "(unreachable)" }));
      const gateway = await engine.start({
        plugins: [{ module, failurePolicy: "fail-closed" }],
        upstreams: { "up.static": { body: "ok" } },
      });
      const answer = await gateway.send();
      expect([answer.status, answer.text, answer.complete]).toEqual([200, "ok", true]);
    });
  },
  { engines: ["node-as-envoy", "envoy"] },
);
