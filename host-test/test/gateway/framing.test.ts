// What of the framing on the wire the Node engine keeps. Envoy joins data that it reads at once, so these
// promises are the Node engine's own.

import { connect, createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect as connectHttp2 } from "node:http2";
import { expect, onTestFinished, test } from "vitest";
import { engine, play } from "../../testing/scenario.ts";
import { assemble } from "../envoy/wat.ts";
import { runNode, type RunningNode } from "../../gateway/run-node.ts";
import { modelOf } from "./model.ts";

const node = engine("node");

/** An upstream that speaks in bytes. */
async function rawUpstream(serve: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on("error", () => undefined);
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function gatewayTo(port: number): Promise<RunningNode> {
  const running = await runNode(modelOf({ "up.static": port }), { port: 0 });
  onTestFinished(() => running.stop());
  return running;
}

async function exchange(
  port: number,
  bytes: string,
  isWhole: (received: string) => boolean,
): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  socket.write(bytes, "latin1");
  let received = "";
  for await (const chunk of socket) {
    received += (chunk as Buffer).toString("latin1");
    if (isWhole(received)) break;
  }
  return received;
}

test("chunks of an answer keep their borders though they came in one packet", async () => {
  const upstream = await rawUpstream((socket) =>
    socket.on("data", () =>
      socket.write(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nx-t: 1\r\n\r\n",
      ),
    ),
  );
  const gateway = await gatewayTo(upstream);
  const answer = await exchange(
    gateway.port,
    "GET / HTTP/1.1\r\nhost: a\r\n\r\n",
    (text) => text.endsWith("\r\n\r\n") && text.includes("x-t"),
  );
  expect(answer.slice(answer.indexOf("\r\n\r\n") + 4)).toBe("3\r\nabc\r\n2\r\nde\r\n0\r\nx-t: 1\r\n\r\n");
});

test("chunks of a request keep their borders though they came in one packet", async () => {
  const received = Promise.withResolvers<string>();
  const upstream = await rawUpstream((socket) => {
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (!text.endsWith("0\r\nx-t: 1\r\n\r\n")) return;
      received.resolve(text);
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    });
  });
  const gateway = await gatewayTo(upstream);
  const body = "3\r\nabc\r\n2\r\nde\r\n0\r\nx-t: 1\r\n\r\n";
  await exchange(
    gateway.port,
    `POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n${body}`,
    (text) => text.includes("200 OK"),
  );
  const text = await received.promise;
  expect(text.slice(text.indexOf("\r\n\r\n") + 4)).toBe(body);
});

test("request headers reach an HTTP/1.1 upstream in lower case and without additions of Node's", async () => {
  const received = Promise.withResolvers<string>();
  const upstream = await rawUpstream((socket) =>
    socket.on("data", (chunk: Buffer) => {
      received.resolve(chunk.toString("latin1"));
      socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    }),
  );
  const gateway = await gatewayTo(upstream);
  await exchange(
    gateway.port,
    "GET /a HTTP/1.1\r\nHost: Name\r\nX-A: 1\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n",
    (text) => text.includes("200 OK"),
  );
  const [line, ...lines] = (await received.promise).trimEnd().split("\r\n");
  expect(line).toBe("GET /a HTTP/1.1");
  expect(lines.slice(0, 3)).toEqual(["host: Name", "x-a: 1", "cookie: a=1; b=2"]);
  const names = lines.map((text) => text.split(":")[0]);
  expect(names.slice(3)).toEqual([
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-envoy-internal",
    "x-request-id",
  ]);
});

test("over HTTP/2 the end of a body comes with its last data, and chunks are DATA frames of their own", async () => {
  const module = assemble((text) => ({
    request_headers: "(i32.const 0)",
    request_body: `${text.note("$size:$eos;")} (i32.const 0)`,
    response_headers: `${text.sendTrace()} (i32.const 0)`,
  }));
  const gateway = await node.start({
    plugins: [{ module }],
    upstreams: { "up.static": { reply: {}, protocol: "http2" } },
  });
  const session = connectHttp2(`http://127.0.0.1:${gateway.port}`);
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":method": "POST", ":path": "/" });
  const written = Promise.withResolvers<void>();
  stream.write("abc", () => written.resolve());
  await written.promise;
  stream.end("de");
  const [headers] = (await once(stream, "response")) as [Record<string, string>];
  expect(headers["x-trace"]).toBe("3:0;2:1;");
});

test("an early refusal of a large upload is read by a client that is still sending", async () => {
  const gateway = await node.start({
    upstreams: { "up.static": { early: true, status: 413, body: "too large" } },
  });
  const answer = await gateway.send({ body: Buffer.alloc(20 * 1024 * 1024) });
  expect([answer.status, answer.text, answer.complete]).toEqual([413, "too large", true]);
});

test("one connection to the upstream serves one request after the other", async () => {
  let connections = 0;
  const upstream = await rawUpstream((socket) => {
    connections++;
    socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"));
  });
  const gateway = await gatewayTo(upstream);
  for (let i = 0; i < 5; i++) {
    const response = await fetch(`http://127.0.0.1:${gateway.port}/`);
    expect(await response.text()).toBe("ok");
  }
  expect(connections).toBe(1);
});

test("a client that does not read stops the upstream instead of filling the gateway's memory", async () => {
  const total = 128 * 1024 * 1024;
  const piece = Buffer.alloc(64 * 1024);
  let sent = 0;
  const upstream = await rawUpstream((socket) => {
    const push = (): void => {
      while (sent < total) {
        sent += piece.length;
        if (!socket.write(piece)) return;
      }
    };
    socket.on("data", (request: Buffer) => {
      if (request.toString("latin1").startsWith("GET /ping ")) {
        socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        return;
      }
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`);
      socket.on("drain", push);
      push();
    });
  });
  const gateway = await gatewayTo(upstream);
  const client = connect(gateway.port, "127.0.0.1").pause();
  onTestFinished(() => void client.destroy());
  client.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  await expect.poll(() => sent).toBeGreaterThan(0);
  // Whatever the gateway could take it has taken when nothing moves while it serves others.
  for (let before = -1; before !== sent;) {
    before = sent;
    for (let i = 0; i < 20; i++) await (await fetch(`http://127.0.0.1:${gateway.port}/ping`)).text();
  }
  expect(sent).toBeLessThan(total / 4);
  let received = 0;
  for await (const chunk of client) {
    received += (chunk as Buffer).length;
    if (received > total) break;
  }
  expect(sent).toBe(total);
});

test("an HTTP/2 connection carries many requests at once", async () => {
  const gateway = await node.start({
    upstreams: { "up.static": (step) => play({ body: step.request.path }, step) },
  });
  const session = connectHttp2(`http://127.0.0.1:${gateway.port}`);
  onTestFinished(() => session.destroy());
  const bodies = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const stream = session.request({ ":path": `/${index}` });
      stream.setEncoding("utf8");
      let body = "";
      for await (const text of stream) body += text as string;
      return body;
    }),
  );
  expect(bodies).toEqual(Array.from({ length: 50 }, (_, index) => `/${index}`));
});
