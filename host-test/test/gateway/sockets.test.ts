// What goes through the gateway's sockets untouched, over both protocols on both sides.

import { expect, test } from "vitest";
import { cut, describeEngines, play, type Protocol } from "../../testing/scenario.ts";

const protocols: Protocol[] = ["http1", "http2"];
const pairings = protocols.flatMap((client) => protocols.map((upstream) => [client, upstream] as const));

describeEngines("sockets", (engine) => {
  for (const [protocol, upstreamProtocol] of pairings) {
    const title = `${protocol} to ${upstreamProtocol}`;

    test(`${title}: header bytes above 127 and repeated headers pass both ways`, async () => {
      const reply = {
        headers: [
          ["x-up", "caf\xe9"],
          ["x-many", "1"],
          ["x-many", "2"],
        ] as [string, string][],
      };
      const gateway = await engine.start({
        upstreams: { "up.static": { reply, protocol: upstreamProtocol } },
      });
      const headers: [string, string][] = [
        ["x-down", "\xff\x80"],
        ["x-list", "a"],
        ["x-list", "b"],
      ];
      const answer = await gateway.send({ protocol, headers });
      const [request] = gateway.upstream("up.static").requests;
      expect(request?.header("x-down")).toBe("\xff\x80");
      expect(request?.header("x-list")).toBe("a, b");
      expect(answer.header("x-up")).toBe("caf\xe9");
      expect(answer.header("x-many")).toBe("1, 2");
    });

    test(`${title}: trailers pass both ways`, async () => {
      const reply = { chunks: ["answer"], trailers: { "x-checksum": "2" } };
      const gateway = await engine.start({
        upstreams: { "up.static": { reply, protocol: upstreamProtocol } },
      });
      const answer = await gateway.send({ protocol, chunks: ["question"], trailers: { "x-end": "1" } });
      const [request] = gateway.upstream("up.static").requests;
      expect([request?.text, request?.trailer("x-end")]).toEqual(["question", "1"]);
      expect([answer.text, answer.trailer("x-checksum"), answer.complete]).toEqual(["answer", "2", true]);
    });

    test(`${title}: a written chunk arrives before the next is written`, async () => {
      const gateway = await engine.start({ upstreams: { "up.static": { protocol: upstreamProtocol } } });
      const upstream = gateway.upstream("up.static");
      const client = gateway.open({ protocol });
      const asked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      upstream.reply(async (exchange) => {
        await exchange.head(200);
        for (const [index, question] of asked.entries()) {
          await question.promise;
          await exchange.write(`answer ${index};`);
        }
        await exchange.requestEnd;
        await exchange.end();
      });
      for (const [index, question] of asked.entries()) {
        await client.write(`question ${index};`);
        const request = index === 0 ? await upstream.next() : upstream.requests[0]!;
        await expect.poll(() => request.text).toContain(`question ${index};`);
        question.resolve();
        await client.until(`answer ${index};`);
      }
      await client.end();
      expect((await client.answer).text).toBe("answer 0;answer 1;");
    });

    test(`${title}: ten megabytes pass both ways, whatever the other side's pace`, async () => {
      const gateway = await engine.start({
        upstreams: {
          "up.static": {
            protocol: upstreamProtocol,
            async reply(exchange) {
              await exchange.requestEnd;
              await play({ body: exchange.request.body }, exchange);
            },
          },
        },
      });
      const body = Buffer.alloc(10 * 1024 * 1024, "0123456789abcdef");
      const answer = await gateway.send({ protocol, body });
      expect(answer.body.equals(body)).toBe(true);
    });

    test(`${title}: an answer that breaks off is broken off for the client`, async () => {
      const gateway = await engine.start({
        upstreams: { "up.static": { protocol: upstreamProtocol, reply: { chunks: ["begun", cut] } } },
      });
      const answer = await gateway.send({ protocol });
      expect([answer.status, answer.text, answer.complete]).toEqual([200, "begun", false]);
    });

    test(`${title}: a client that goes away within its request ends the upstream's`, async () => {
      const ended = Promise.withResolvers<boolean>();
      const gateway = await engine.start({
        upstreams: {
          "up.static": {
            protocol: upstreamProtocol,
            async reply({ request, requestEnd }) {
              await requestEnd;
              ended.resolve(request.complete);
            },
          },
        },
      });
      const client = gateway.open({ protocol });
      await client.write("begun");
      const request = await gateway.upstream("up.static").next();
      await expect.poll(() => request.text).toBe("begun");
      client.abort();
      expect(await ended.promise).toBe(false);
    });

    test(`${title}: an answer that comes before the end of its request reaches the client`, async () => {
      const gateway = await engine.start({
        upstreams: {
          "up.static": { protocol: upstreamProtocol, reply: { early: true, status: 429, body: "too many" } },
        },
      });
      const client = gateway.open({ protocol });
      await client.write("begun");
      const answer = await client.answer;
      expect([answer.status, answer.text]).toEqual([429, "too many"]);
    });

    test.each([
      ["HEAD", 200],
      ["GET", 204],
      ["GET", 304],
    ] as const)(`${title}: %s answered with %i has no body`, async (method, status) => {
      const reply = { status, headers: { "x-up": "1" }, chunks: [] };
      const gateway = await engine.start({
        upstreams: { "up.static": { reply, protocol: upstreamProtocol } },
      });
      const answer = await gateway.send({ protocol, method });
      expect([answer.status, answer.text, answer.complete, answer.header("x-up")]).toEqual([
        status,
        "",
        true,
        "1",
      ]);
    });
  }

  test("a request that expects it is told to continue", async () => {
    const gateway = await engine.start({ upstreams: { "up.static": { body: "done" } } });
    const raw = await gateway.sendRaw(
      "POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi",
    );
    expect(raw).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    const [request] = gateway.upstream("up.static").requests;
    expect([request?.text, request?.header("expect")]).toEqual(["hi", undefined]);
  });

  test("requests on one connection are answered in order", async () => {
    const gateway = await engine.start({
      upstreams: { "up.static": (exchange) => play({ body: exchange.request.path }, exchange) },
    });
    const raw = await gateway.sendRaw(
      "GET /1 HTTP/1.1\r\nhost: a\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n",
    );
    expect(raw.match(/\/[12]$|\/[12](?=HTTP)/g)).toEqual(["/1", "/2"]);
  });

  test.each([
    ["bytes that are no request", "nonsense\r\n\r\n", "400"],
    ["a request without a host", "GET / HTTP/1.1\r\nconnection: close\r\n\r\n", "400"],
    ["HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "426"],
    ["an upgrade", "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", "403"],
    ["a fragment in the path", "GET /#a HTTP/1.1\r\nhost: a\r\n\r\n", "400"],
    [
      "two lengths",
      "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      "400",
    ],
  ])("%s is refused and the connection closed", async (_title, bytes, status) => {
    const gateway = await engine.start({ upstreams: { "up.static": {} } });
    const raw = await gateway.sendRaw(bytes);
    expect(raw.split(" ")[1]).toBe(status);
    expect(raw).toContain("\r\nconnection: close\r\n");
    expect(gateway.upstream("up.static").requests).toEqual([]);
  });

  test("hop-by-hop headers end at the gateway in both directions", async () => {
    const gateway = await engine.start({
      upstreams: {
        "up.static": { headers: { "keep-alive": "timeout=5", connection: "keep-alive" }, body: "x" },
      },
    });
    const raw = await gateway.sendRaw(
      "GET / HTTP/1.1\r\nhost: a\r\nconnection: close, x-mine\r\nx-mine: 1\r\nte: trailers, gzip\r\nx-kept: 1\r\n\r\n",
    );
    const [request] = gateway.upstream("up.static").requests;
    expect(request?.header("x-mine")).toBe(undefined);
    expect(request?.header("connection")).toBe(undefined);
    expect(request?.header("x-kept")).toBe("1");
    expect(raw).not.toMatch(/keep-alive/i);
  });

  test.each([
    ["/a/./b/../c?x=../y", "/a/c?x=../y"],
    ["/%41%2e%2e/%2F", "/A../%2F"],
    ["/a/%2e%2e/b", "/b"],
    ["/a//b", "/a//b"],
    ['/"<>^{|}`', "/%22%3C%3E%5E%7B%7C%7D%60"],
  ])("the path %s is seen as %s", async (sent, seen) => {
    const gateway = await engine.start({ upstreams: { "up.static": {} } });
    await gateway.sendRaw(`GET ${sent} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`);
    expect(gateway.upstream("up.static").requests[0]?.path).toBe(seen);
  });

  test("the gateway adds its own headers on both sides", async () => {
    const gateway = await engine.start({ upstreams: { "up.static": { headers: { server: "mine" } } } });
    const answer = await gateway.send();
    const [request] = gateway.upstream("up.static").requests;
    expect(request?.header("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(request?.header("x-forwarded-for")).toMatch(/^[\d.]+$/);
    expect(request?.header("x-forwarded-proto")).toBe("http");
    expect(answer.header("server")).toBe("envoy");
    expect(answer.header("date")).toMatch(/GMT$/);
    expect(answer.header("x-envoy-upstream-service-time")).toMatch(/^\d+$/);
  });
});
