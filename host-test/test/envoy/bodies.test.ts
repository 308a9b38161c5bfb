// How bodies reach a plugin, and what its return values do to them (Envoy 1.40).

import { expect, test } from "vitest";
import { describeEngines, type Protocol } from "../../testing/scenario.ts";
import { assemble, requestBody } from "./wat.ts";

const protocols: Protocol[] = ["http1", "http2"];
const mebibyte = 1024 * 1024;

/** Notes every body callback and logs it at once; returns `action` from each. */
const observing = (action: number): Uint8Array =>
  assemble((text) => ({
    request_body: `${text.note("body $size $eos;")} ${text.logTrace()} (i32.const ${action})`,
    request_trailers: `${text.note("trailers;")} ${text.logTrace()} (i32.const 0)`,
  }));

describeEngines(
  "request bodies",
  (engine) => {
    test("a 10 MiB upload arrives unchanged although the plugin looks at every chunk", async () => {
      const module = assemble((text) => ({
        request_body: `${text.noteBuffer(requestBody, 0, 1)} (i32.const 0)`,
      }));
      const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
      const body = Buffer.alloc(10 * mebibyte, "0123456789abcdefghijklmnopqrstuvwxyz");
      const answer = await gateway.send({ body });
      expect(answer.status).toBe(200);
      expect(gateway.upstream("up.static").requests[0]?.body.equals(body)).toBe(true);
    });

    test("a body held with 1 is seen whole in the last callback", async () => {
      const module = assemble((text) => ({
        request_body: `(if (local.get $eos) (then ${text.note("last $size;")})) (i32.eqz (local.get $eos))`,
      }));
      const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
      const answer = await gateway.send({ body: Buffer.alloc(3 * mebibyte, "x") });
      expect(answer.header("x-trace")).toBe(`last ${3 * mebibyte};`);
      expect(gateway.upstream("up.static").requests[0]?.body.length).toBe(3 * mebibyte);
    });

    test("a body that one plugin has held reaches the next in one chunk of 3 MiB", async () => {
      const holding = assemble(() => ({
        request_body: "(i32.eqz (local.get $eos))",
        response_headers: "(i32.const 0)",
      }));
      const noting = assemble((text) => ({ request_body: `${text.note("body $size $eos;")} (i32.const 0)` }));
      const gateway = await engine.start({
        plugins: [
          { name: "test.holding", module: holding },
          { name: "test.noting", module: noting },
        ],
        upstreams: { "up.static": {} },
      });
      const answer = await gateway.send({ body: Buffer.alloc(3 * mebibyte, "x") });
      expect(answer.header("x-trace")).toBe(`body ${3 * mebibyte} 1;`);
    });

    for (const protocol of protocols) {
      test(`trailers end a body that no callback calls the last (${protocol})`, async () => {
        const gateway = await engine.start({
          plugins: [{ module: observing(1) }],
          upstreams: { "up.static": {} },
        });
        const request = { protocol, chunks: ["body"], trailers: { "x-end": "yes" } };
        const answer = await gateway.send(request);
        expect(answer.status).toBe(200);
        await gateway.logged("trailers;");
        const noted = gateway.logs.map(({ message }) => message);
        expect(noted.filter((line) => line.endsWith(" 1;"))).toEqual([]);
        const [seen] = gateway.upstream("up.static").requests;
        expect(seen?.text).toBe("body");
        expect(seen?.trailer("x-end")).toBe("yes");
      });

      for (const [action, second] of [
        [1, "body 6 "],
        [2, "body 3 "],
      ] as const) {
        test(`after ${action} the next callback sees ${second}bytes (${protocol})`, async () => {
          const gateway = await engine.start({
            plugins: [{ module: observing(action) }],
            upstreams: { "up.static": {} },
          });
          const exchange = gateway.open({ protocol, method: "POST" });
          await exchange.write("one");
          await gateway.logged("body 3 0;");
          gateway.logs = [];
          await exchange.write("two");
          expect(await gateway.logged("body")).toBe(`${second}0;`);
          exchange.abort();
        });
      }

      test(`3 drops the chunk (${protocol})`, async () => {
        const module = assemble((text) => ({
          request_body: `${text.note("body $size;")} ${text.logTrace()}
            (if (result i32) (local.get $eos) (then (i32.const 0)) (else (i32.const 3)))`,
        }));
        const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
        const exchange = gateway.open({ protocol, method: "POST" });
        await exchange.write("one");
        await gateway.logged("body 3;");
        await exchange.end();
        expect((await exchange.answer).status).toBe(200);
        expect(gateway.upstream("up.static").requests[0]?.text).toBe("");
      });
    }

    test("HTTP/1.1 tells the end in a callback without data", async () => {
      const gateway = await engine.start({
        plugins: [{ module: observing(0) }],
        upstreams: { "up.static": {} },
      });
      await gateway.send({ chunks: ["one"] });
      expect(await gateway.logged(" 1;")).toBe("body 0 1;");
    });

    test("HTTP/2 tells the end with the last data", async () => {
      const gateway = await engine.start({
        plugins: [{ module: observing(0) }],
        upstreams: { "up.static": {} },
      });
      await gateway.send({ protocol: "http2", body: "one" });
      expect(await gateway.logged(" 1;")).toBe("body 3 1;");
    });

    test("a request without a body has no body callback", async () => {
      const gateway = await engine.start({
        plugins: [{ module: observing(1) }],
        upstreams: { "up.static": {} },
      });
      expect((await gateway.send()).status).toBe(200);
      // Lines come in order: the first is of the request that has a body.
      await gateway.send({ chunks: ["body"], trailers: { "x-end": "yes" } });
      await gateway.logged("trailers;");
      expect(gateway.logs[0]!.message).toMatch(/^body 4 /);
    });
  },
  { engines: ["node-as-envoy", "envoy"] },
);
