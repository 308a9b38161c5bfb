import { describe, expect, test } from "vitest";
import { describeEngines } from "../../../host-test/testing/scenario.ts";
import { probe } from "./probe-chain.ts";

describeEngines("waiting", (engine) => {
  test("mid body", async () => {
    const release = Promise.withResolvers<void>();
    const gateway = await engine.start({
      plugins: [{ module: engine.name === "node" ? probe.higress : probe.envoy, name: "probe", configuration: {
        steps: { requestHead: ["hold"], requestBody: [["call outbound|80||check.static 5000", "wait"], ["read", "next"]], reply: ["resume"] } } }],
      upstreams: {
        "main.static": { body: "ok" },
        "check.static": async (exchange) => { await release.promise; await exchange.head(200); await exchange.end(); },
      },
    });
    const exchange = await gateway.open({ method: "POST", protocol: "http2" });
    await exchange.write("one");
    await gateway.upstream("check.static").arrived?.(1).catch(() => {});
    await new Promise((r) => setTimeout(r, 300));
    await exchange.write("two");
    await new Promise((r) => setTimeout(r, 300));
    release.resolve();
    await new Promise((r) => setTimeout(r, 300));
    await exchange.write("three");
    await new Promise((r) => setTimeout(r, 300));
    await exchange.write("four");
    await exchange.end();
    const t = await Promise.race([exchange.answer, new Promise((r) => setTimeout(() => r("hang"), 3000))]);
    console.log(engine.name, (t as any).status, gateway.upstream("main.static").requests.map((r: any) => r.text));
    console.log(gateway.logs.map((l) => l.message).join("\n"));
  });
});
