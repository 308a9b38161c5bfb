// What happens to bodies that a plugin holds beyond the gateway's limit (Envoy 1.40).

import { expect, test } from "vitest";
import { describeEngines } from "../../testing/scenario.ts";
import { assemble } from "./wat.ts";

const limit = 65_536;

describeEngines(
  "buffer limits",
  (engine) => {
    const holdsRequests = engine.shared({
      plugins: [
        { name: "test.holds", module: assemble(() => ({ request_body: "(i32.eqz (local.get $eos))" })) },
      ],
      upstreams: { "up.static": {} },
      bufferLimit: limit,
    });

    test("a held request body of exactly the limit passes", async () => {
      const answer = await holdsRequests.send({ body: Buffer.alloc(limit, "x") });
      expect(answer.status).toBe(200);
      expect(holdsRequests.upstream("up.static").requests[0]?.body.length).toBe(limit);
    });

    test("one byte more is answered with 413 and does not reach the upstream", async () => {
      const answer = await holdsRequests.send({ body: Buffer.alloc(limit + 1, "x") });
      expect(answer.status).toBe(413);
      expect(answer.text).toBe("Payload Too Large");
      expect(answer.header("content-type")).toBe("text/plain");
      expect(holdsRequests.upstream("up.static").requests.every(({ complete }) => !complete)).toBe(true);
    });

    test("a 413 passes the plugin's response callbacks", async () => {
      const module = assemble((text) => ({
        request_body: "(i32.eqz (local.get $eos))",
        response_headers: `${text.note("seen;")} ${text.sendTrace()} (i32.const 0)`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": {} },
        bufferLimit: limit,
      });
      const answer = await gateway.send({ body: Buffer.alloc(4 * limit, "x") });
      expect(answer.status).toBe(413);
      expect(answer.header("x-trace")).toBe("seen;");
    });

    test("a response body beyond the limit is a 500 while its headers are held", async () => {
      const module = assemble(() => ({
        response_headers: "(i32.const 1)",
        response_body: "(i32.eqz (local.get $eos))",
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": { body: Buffer.alloc(8 * limit, "x") } },
        bufferLimit: limit,
      });
      const answer = await gateway.send();
      expect(answer.status).toBe(500);
    });

    test("a response body beyond the limit is cut off once its headers are out", async () => {
      const module = assemble(() => ({ response_body: "(i32.eqz (local.get $eos))" }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": { body: Buffer.alloc(8 * limit, "x") } },
        bufferLimit: limit,
      });
      const answer = await gateway.send();
      expect(answer.status).toBe(200);
      expect(answer.complete).toBe(false);
    });

    test("a body that the plugin only looks at has no limit", async () => {
      const module = assemble(() => ({ request_body: "(i32.const 0)", response_body: "(i32.const 0)" }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": { body: Buffer.alloc(8 * limit, "y") } },
        bufferLimit: limit,
      });
      const answer = await gateway.send({ body: Buffer.alloc(8 * limit, "x") });
      expect(answer.body.length).toBe(8 * limit);
      expect(gateway.upstream("up.static").requests[0]?.body.length).toBe(8 * limit);
    });
  },
  { engines: ["node-as-envoy", "envoy"] },
);
