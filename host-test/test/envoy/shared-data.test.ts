// The process-wide data of plugins (Envoy 1.40).

import { expect, test } from "vitest";
import { describeEngines, type Exchange } from "../../testing/scenario.ts";
import { assemble, request, type Writer } from "./wat.ts";

/** Notes `STATUS:VALUE;`; the compare-and-swap number is left at address 12. */
function get(text: Writer, key: string): string {
  return `(local.set $r (call $proxy_get_shared_data ${text.text(key)} (i32.const 0) (i32.const 4) (i32.const 12)))
    ${text.note("$r:")} (call $note_result (local.get $r)) ${text.note(";")}`;
}

/** Notes `STATUS;`. `cas` is an expression. */
function set(text: Writer, key: string, value: string, cas: string): string {
  return `(local.set $r (call $proxy_set_shared_data ${text.text(key)} ${text.text(value)} ${cas})) ${text.note("$r;")}`;
}

/** Adds one to a counter of one byte under `key` until the swap succeeds, and notes the sum. */
function count(text: Writer, key: string): string {
  return `
    (loop $again
      (i32.store8 (i32.const 20) (i32.const 0))
      (i32.store (i32.const 12) (i32.const 0))
      (if (i32.eqz (call $proxy_get_shared_data ${text.text(key)} (i32.const 0) (i32.const 4) (i32.const 12)))
        (then (i32.store8 (i32.const 20) (i32.load8_u (i32.load (i32.const 0))))))
      (i32.store8 (i32.const 20) (i32.add (i32.load8_u (i32.const 20)) (i32.const 1)))
      (br_if $again (i32.eq (i32.const 8)
        (call $proxy_set_shared_data ${text.text(key)} (i32.const 20) (i32.const 1) (i32.load (i32.const 12))))))
    (local.set $s (i32.load8_u (i32.const 20)))
    ${text.note("sum $s;")}`;
}

/** Answers once `number` requests have arrived. */
function together(number: number): (exchange: Exchange) => Promise<void> {
  const all = Promise.withResolvers<void>();
  let arrived = 0;
  return async (exchange) => {
    if (++arrived === number) all.resolve();
    await all.promise;
    await exchange.head(200);
    await exchange.end();
  };
}

describeEngines(
  "shared data",
  (engine) => {
    test("a value is written and read with its number, and a stale number is refused", async () => {
      const fresh = "(i32.load (i32.const 12))";
      const module = assemble((text) => ({
        request_headers: `
          ${get(text, "k")} ${set(text, "k", "one", "(i32.const 0)")}
          ${get(text, "k")} (local.set $t ${fresh})
          ${set(text, "k", "two", "(local.get $t)")}
          ${set(text, "k", "stale", "(local.get $t)")}
          ${get(text, "k")}
          ${set(text, "k", "forced", "(i32.const 0)")} ${get(text, "k")}
          (i32.const 0)`,
      }));
      const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
      expect((await gateway.send()).header("x-trace")).toBe("1:;0;0:one;0;8;0:two;0;0:forced;");
    });

    test("a number given for a key that is not there creates it", async () => {
      const module = assemble((text) => ({
        request_headers: `${set(text, "k", "one", "(i32.const 77)")} ${get(text, "k")} (i32.const 0)`,
      }));
      const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
      expect((await gateway.send()).header("x-trace")).toBe("0;0:one;");
    });

    test("all workers count on one counter, each in a VM of its own", async () => {
      const module = assemble((text) => ({
        request_headers: `
          (i32.store (i32.const 24) (i32.add (i32.load (i32.const 24)) (i32.const 1)))
          (local.set $s (i32.load (i32.const 24))) ${text.note("mine $s;")}
          ${count(text, "counter")} ${text.sendTrace(request)} (i32.const 0)`,
      }));
      // So many at once that the system gives some to either worker.
      const requests = 24;
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": together(requests) },
        workers: 2,
      });
      await Promise.all(Array.from({ length: requests }, () => gateway.send()));
      const traces = gateway.upstream("up.static").requests.map((seen) => seen.header("x-trace") ?? "");
      const sums = traces.map((trace) => Number(/sum (\d+)/.exec(trace)?.[1]));
      expect(sums.toSorted((a, b) => a - b)).toEqual(Array.from({ length: requests }, (_, i) => i + 1));
      expect(traces.filter((trace) => trace.startsWith("mine 1;")).length).toBe(2);
    });

    test("different modules share it unless their vm_id differs", async () => {
      const counting = (mark: string): Uint8Array =>
        assemble((text) => ({
          request_headers: `${text.note(mark)} ${count(text, "counter")} (i32.const 0)`,
        }));
      const gateway = await engine.start({
        plugins: [
          { name: "test.a", module: counting("a ") },
          { name: "test.b", module: counting("b ") },
          { name: "test.c", module: counting("c "), vmId: "other" },
        ],
        upstreams: { "up.static": {} },
      });
      const answer = await gateway.send();
      expect(answer.headers.filter(([name]) => name === "x-trace").map(([, value]) => value)).toEqual([
        "c sum 1;",
        "b sum 2;",
        "a sum 1;",
      ]);
    });
  },
  { engines: ["node-as-envoy", "envoy"] },
);
