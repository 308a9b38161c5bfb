// When a configuration is refused, and what happens then (Envoy 1.40).

import { expect, test } from "vitest";
import { describeEngines, type GatewaySetup, type PluginSetup } from "../../testing/scenario.ts";
import { assemble, response } from "./wat.ts";

/** Refuses every configuration but an empty one, and says so in the log. */
const choosy = assemble((text) => ({
  configure: `
    (if (i32.eqz (local.get $size)) (then (return (i32.const 1))))
    (drop (call $proxy_log (i32.const 4) ${text.text("timeoutMs: expected a number")}))
    (i32.const 0)`,
  response_headers: `${text.setHeader(response, "x-mark", "1")} (i32.const 0)`,
}));

function withPlugin(plugin: PluginSetup): GatewaySetup {
  return { plugins: [plugin], upstreams: { "up.static": { body: "ok" } } };
}

describeEngines(
  "configurations",
  (engine) => {
    for (const failurePolicy of ["fail-closed", "fail-open", "legacy-fail-open", "fail-reload"] as const) {
      test(`a refused configuration keeps the gateway from starting (${failurePolicy})`, async () => {
        const setup = withPlugin({ name: "test.choosy", module: choosy, configuration: "{}", failurePolicy });
        await expect(engine.start(setup)).rejects.toMatchObject({
          name: "ConfigurationRejected",
          plugin: "test.choosy",
          message: expect.stringContaining("timeoutMs: expected a number"),
        });
      });
    }

    test.each([
      ["a trap in configure", { configure: "(unreachable)" }, "unreachable"],
      ["vm_start returning 0", { vm_start: "(i32.const 0)" }, ""],
    ])("%s keeps the gateway from starting", async (_title, callbacks, reason) => {
      const module = assemble(() => callbacks);
      await expect(engine.start(withPlugin({ module }))).rejects.toMatchObject({
        name: "ConfigurationRejected",
        message: expect.stringContaining(reason),
      });
    });

    test("an import that the host has not is named", async () => {
      const module = assemble(() => ({ configure: "(i32.const 1)" }), {
        declarations: '(import "env" "proxy_unheard_of" (func (param i32)))',
      });
      await expect(engine.start(withPlugin({ module }))).rejects.toThrow("env.proxy_unheard_of");
    });

    test("a refused reload leaves the old configuration serving", async () => {
      const gateway = await engine.start(withPlugin({ name: "test.choosy", module: choosy }));
      const refused = gateway.reload(
        withPlugin({ name: "test.choosy", module: choosy, configuration: "{}" }),
      );
      await expect(refused).rejects.toThrow("timeoutMs: expected a number");
      const answer = await gateway.send();
      expect([answer.text, answer.header("x-mark")]).toEqual(["ok", "1"]);
    });

    test("an accepted reload serves new connections with the new plugins and upstreams", async () => {
      const gateway = await engine.start(withPlugin({ module: choosy }));
      await gateway.reload({ plugins: [], upstreams: { "new.static": { body: "new" } } });
      const answer = await gateway.send();
      expect([answer.text, answer.header("x-mark")]).toEqual(["new", undefined]);
    });

    test("a plugin gets its configuration byte by byte", async () => {
      const module = assemble((text) => ({
        configure: `
          (drop (call $proxy_get_buffer_bytes (i32.const 7) (i32.const 0) (local.get $size) (i32.const 0) (i32.const 4)))
          (drop (call $proxy_log (i32.const 2) (i32.load (i32.const 0)) (i32.load (i32.const 4))))
          (i32.const 1)`,
        response_headers: `${text.noteBuffer(7)} ${text.sendTrace()} (i32.const 0)`,
      }));
      const configuration = { text: 'ü "quoted"\n\u0001', _rules_: [] };
      const gateway = await engine.start(withPlugin({ module, configuration }));
      expect(await gateway.logged("quoted")).toBe(JSON.stringify(configuration));
      expect((await gateway.send()).header("x-trace")).toBe("1:;");
    });

    test("plugins of one module keep their own configuration", async () => {
      const module = assemble((text) => ({
        configure: `${text.note("configured $id;")} (i32.const 1)`,
        context_create: `(i32.store (i32.add (i32.const 1024) (i32.shl (local.get $id) (i32.const 2))) (local.get $parent))`,
        request_headers: `
          (local.set $s (i32.load (i32.add (i32.const 1024) (i32.shl (local.get $id) (i32.const 2)))))
          (global.set $traced (i32.const 0)) ${text.note("root $s;")} (i32.const 0)`,
        response_headers: `
          (local.set $s (i32.load (i32.add (i32.const 1024) (i32.shl (local.get $id) (i32.const 2)))))
          (global.set $traced (i32.const 0)) ${text.note("root $s;")} ${text.sendTrace()} (i32.const 0)`,
      }));
      const gateway = await engine.start({
        plugins: [
          { name: "test.a", module, configuration: "a" },
          { name: "test.b", module, configuration: "b" },
        ],
        upstreams: { "up.static": {} },
      });
      const traces = (await gateway.send()).headers.filter(([name]) => name === "x-trace");
      expect(traces.length).toBe(2);
      expect(new Set(traces.map(([, value]) => value)).size).toBe(2);
    });
  },
  { engines: ["node-as-envoy", "envoy"] },
);
