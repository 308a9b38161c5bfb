// Edits of held bodies through set_buffer_bytes (Envoy 1.40).

import { expect, test } from "vitest";
import { describeEngines, type Engine } from "../../testing/scenario.ts";
import { assemble, request, requestBody, response, responseBody } from "./wat.ts";

/** Runs one edit of the whole request body `0123456789` and gives the status and what the upstream received. */
async function edited(
  engine: Engine,
  start: number,
  length: number,
  data: string,
): Promise<[string | undefined, string | undefined]> {
  const module = assemble((text) => ({
    request_headers: `${text.removeHeader(request, "content-length")} (i32.const 1)`,
    request_body: `
      (if (i32.eqz (local.get $eos)) (then (return (i32.const 1))))
      ${text.setBuffer(requestBody, start, length, data)} ${text.note("$r")}
      (i32.const 0)`,
  }));
  const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
  const answer = await gateway.send({ body: "0123456789" });
  return [answer.header("x-trace"), gateway.upstream("up.static").requests[0]?.text];
}

describeEngines(
  "body edits",
  (engine) => {
    test.each([
      ["the whole body is replaced", 0, 0x7fffffff, "new", "0", "new"],
      ["an over-long drain is fine", 0, 11, "new", "0", "new"],
      ["a prefix is replaced", 0, 4, "new", "0", "new456789"],
      ["data is prepended", 0, 0, "new", "0", "new0123456789"],
      ["data is appended", 0x7fffffff, 0, "new", "0", "0123456789new"],
      ["data is appended at the exact end", 10, 0, "new", "0", "0123456789new"],
      ["the body is emptied", 0, 0x7fffffff, "", "0", ""],
      ["an edit in the middle is refused", 4, 2, "new", "2", "0123456789"],
    ] as const)("%s", async (_title, start, length, data, status, body) => {
      expect(await edited(engine, start, length, data)).toEqual([status, body]);
    });

    test("a replaced body without content-length goes out in chunks", async () => {
      const module = assemble((text) => ({
        request_headers: `${text.removeHeader(request, "content-length")} (i32.const 1)`,
        request_body: `
          (if (i32.eqz (local.get $eos)) (then (return (i32.const 1))))
          ${text.setBuffer(requestBody, 0, 0x7fffffff, "a longer body than before")}
          (i32.const 0)`,
        response_headers: `${text.removeHeader(response, "content-length")} (i32.const 1)`,
        response_body: `
          (if (i32.eqz (local.get $eos)) (then (return (i32.const 1))))
          ${text.setBuffer(responseBody, 0, 0x7fffffff, "a longer answer than before")}
          (i32.const 0)`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": { body: "short" } },
      });
      const answer = await gateway.send({ body: "short" });
      const [seen] = gateway.upstream("up.static").requests;
      expect(seen?.header("transfer-encoding")).toBe("chunked");
      expect(seen?.text).toBe("a longer body than before");
      expect(answer.header("transfer-encoding")).toBe("chunked");
      expect(answer.text).toBe("a longer answer than before");
    });

    test("a new content-length set while the headers are held goes out", async () => {
      const module = assemble((text) => ({
        request_headers: "(i32.const 1)",
        request_body: `
          (if (i32.eqz (local.get $eos)) (then (return (i32.const 1))))
          ${text.setBuffer(requestBody, 0, 0x7fffffff, "four and more")}
          ${text.setHeader(request, "content-length", "13")}
          (i32.const 0)`,
      }));
      const gateway = await engine.start({ plugins: [{ module }], upstreams: { "up.static": {} } });
      await gateway.send({ body: "four" });
      const [seen] = gateway.upstream("up.static").requests;
      expect(seen?.header("content-length")).toBe("13");
      expect(seen?.text).toBe("four and more");
    });

    test("an emptied chunk is held back while the flow goes on", async () => {
      const module = assemble((text) => ({
        response_body: `
          (if (i32.eqz (local.get $eos)) (then ${text.setBuffer(responseBody, 0, 0x7fffffff, "")} (return (i32.const 0))))
          ${text.setBuffer(responseBody, 0, 0, "all of it")}
          (i32.const 0)`,
      }));
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": { chunks: ["one", "two"] } },
      });
      expect((await gateway.send()).text).toBe("all of it");
    });

    test("every chunk of a streamed body may grow", async () => {
      const module = assemble((text) => ({
        response_headers: `${text.removeHeader(response, "content-length")} (i32.const 0)`,
        response_body: `
          (if (local.get $size) (then ${text.setBuffer(responseBody, 0, 0, "<")} ${text.setBuffer(responseBody, 0x7fffffff, 0, ">")}))
          (i32.const 0)`,
      }));
      const gate = Promise.withResolvers<void>();
      const gateway = await engine.start({
        plugins: [{ module }],
        upstreams: { "up.static": { chunks: ["one", () => gate.promise, "two"] } },
      });
      const exchange = gateway.open({ method: "POST" });
      await exchange.end();
      await exchange.until("<one>");
      gate.resolve();
      expect((await exchange.answer).text).toBe("<one><two>");
    });
  },
  { engines: ["node-as-envoy", "envoy"] },
);
