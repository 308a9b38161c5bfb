// The Node engine and Envoy beside each other: equal requests, upstreams and plugins must give equal traffic.

import { describe, test } from "vitest";
import { findEnvoy } from "../../envoy/binary.ts";
import {
  cut,
  expectAgreement,
  type Answer,
  type Gateway,
  type GatewaySetup,
  type ClientRequest,
  type Reply,
  type Protocol,
} from "../../testing/scenario.ts";
import { assemble, request, response } from "./wat.ts";

const protocols: Protocol[] = ["http1", "http2"];
const pairs = protocols.flatMap((client) => protocols.map((upstream) => ({ client, upstream })));

describe.skipIf(!(await findEnvoy()))("both engines", () => {
  describe.each(pairs)("client $client, upstream $upstream", ({ client, upstream }) => {
    const requests: Record<string, ClientRequest[]> = {
      "bodies of every framing": [
        {},
        { body: "text" },
        { body: { model: "gpt" } },
        { chunks: ["a", "b"] },
        { body: "x", trailers: { "x-end": "1" } },
      ],
      methods: [
        { method: "HEAD" },
        { method: "OPTIONS", path: "/x" },
        { method: "PUT", body: "" },
        { method: "DELETE" },
      ],
      paths: [
        { path: "/a/../b?x=1" },
        { path: "/a//b/./c" },
        { path: "/%41%2f%7e" },
        { path: "/?" },
        { path: "/a?b=/../c" },
      ],
      "repeated headers": [
        {
          headers: [
            ["x-one", "1"],
            ["x-two", "2"],
            ["x-one", "3"],
          ],
        },
        {
          headers: [
            ["cookie", "a=b"],
            ["cookie", "c=d"],
          ],
        },
      ],
      "headers that belong to a proxy": [
        {
          headers: { "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https", "x-request-id": "abc" },
        },
        { headers: { "x-request-id": "abc", "x-envoy-max-retries": "2", "x-envoy-internal": "true" } },
        { headers: { "x-gateway-destination-endpoint": "203.0.113.9:80", te: "trailers" } },
      ],
    };
    test.each(Object.entries(requests))("%s", async (_title, list) => {
      const up = {
        protocol: upstream,
        reply: { headers: { "x-up": "1", "content-type": "text/plain" }, body: "hello" },
      };
      await expectAgreement(
        () => ({ upstreams: { "up.static": up } }),
        list.map((one) => ({ protocol: client, ...one })),
      );
    });

    const replies: Record<string, Reply[]> = {
      "answers without a body": [{ status: 204 }, { status: 304, headers: { etag: '"1"' } }, { status: 200 }],
      "answers of every framing": [
        { body: "whole" },
        { chunks: ["a", "b"] },
        { chunks: ["a", "b"], trailers: { "x-end": "1" } },
        { status: 500, body: "error" },
      ],
      "answers with headers of their own": [
        {
          status: 302,
          headers: [
            ["set-cookie", "a=1"],
            ["set-cookie", "b=2"],
            ["location", "/x"],
            ["server", "upstream"],
            ["x-envoy-upstream-canary", "1"],
            ["x-bytes", "\xe9\x80"],
          ],
        },
      ],
    };
    test.each(Object.entries(replies))("%s", async (_title, list) => {
      await expectAgreement(
        () => ({ upstreams: { "up.static": { protocol: upstream, reply: list } } }),
        list.map(() => ({ protocol: client })),
      );
    });

    test("answers that break off", async () => {
      // Cut only when the client has what came before: a reset may overtake data.
      const afterHead = async (gateway: Gateway): Promise<Answer> => {
        const gate = Promise.withResolvers<void>();
        gateway.upstream("up.static").reply({ chunks: [() => gate.promise, cut] });
        const exchange = gateway.open({ protocol: client });
        await exchange.end();
        await exchange.head;
        gate.resolve();
        return exchange.answer;
      };
      const afterData = async (gateway: Gateway): Promise<Answer> => {
        const gate = Promise.withResolvers<void>();
        gateway.upstream("up.static").reply({ chunks: ["part", () => gate.promise, cut] });
        const exchange = gateway.open({ protocol: client });
        await exchange.end();
        await exchange.until("part");
        gate.resolve();
        return exchange.answer;
      };
      const setup = (): GatewaySetup => ({ upstreams: { "up.static": { protocol: upstream } } });
      await expectAgreement(setup, [afterHead, afterData]);
    });

    test("plugins that edit heads and bodies, or answer themselves", async () => {
      const edits = assemble((text) => ({
        request_headers: `
          ${text.setHeader(request, "x-request", "edited")} ${text.removeHeader(request, "x-one")}
          ${text.removeHeader(request, "content-length")} (i32.eqz (local.get $eos))`,
        request_body: `(if (local.get $eos) (then ${text.setBuffer(0, 0, 0, "prefix ")})) (i32.eqz (local.get $eos))`,
        response_headers: `${text.setHeader(response, "x-response", "edited")}
          ${text.removeHeader(response, "content-length")} (i32.const 0)`,
        response_body: `${text.setBuffer(1, 0x7fffffff, 0, "!")} (i32.const 0)`,
      }));
      const guards = assemble((text) => ({
        request_headers: `
          (if (i32.eqz (call $proxy_get_header_map_value (i32.const 0) ${text.text("x-deny")} (i32.const 0) (i32.const 4)))
            (then ${text.reply(403, '{"error":"denied"}', [["content-type", "application/json"]])}))
          (i32.const 0)`,
        response_headers: "(i32.const 0)",
      }));
      await expectAgreement(
        () => ({
          plugins: [
            { name: "test.edits", module: edits },
            { name: "test.guards", module: guards },
          ],
          upstreams: { "up.static": { protocol: upstream, reply: { body: "answer" } } },
        }),
        [
          { protocol: client, headers: { "x-one": "1" }, body: "body" },
          { protocol: client, headers: { "x-deny": "1" }, body: "body" },
          { protocol: client, headers: { "x-deny": "1" } },
        ],
      );
    });
  });

  test("what the gateway answers by itself", async () => {
    const both: ClientRequest[] = [{}, { protocol: "http2" }, { body: "x" }];
    await expectAgreement(() => ({ upstreams: { "up.static": { state: "refused" } } }), both);
    await expectAgreement(() => ({ upstreams: { "up.static": { state: "none" } } }), both);
    await expectAgreement(
      () => ({ upstreams: { "up.static": {} }, routes: [{ to: "up.static", host: "only.test" }] }),
      both,
    );
  });
});
