// Upstream clusters: which member, over which protocol, and what a change does to running requests.

import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer as createHttps } from "node:https";
import { createSecureServer } from "node:http2";
import { createServer as createTcp, type AddressInfo, type Server } from "node:net";
import type { TLSSocket } from "node:tls";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import type { Cluster } from "../../gateway/model.ts";
import type { Headers, UpstreamReply } from "../../host/types.ts";
import { Clusters, type ClusterOptions, type EndpointChoice } from "../../services/clusters.ts";
import { play, Upstream } from "../../testing/scenario.ts";
import { folderOf } from "./resource-files.ts";

const name = "outbound|80||up.static";
const position = { file: "test", line: 1, path: "" };

function clusterOf(ports: number[], more: Partial<Cluster> = {}): Cluster {
  return {
    name,
    endpoints: ports.map((port) => ({ host: "127.0.0.1", port })),
    protocol: "http1",
    position,
    ...more,
  };
}

function clustersOf(cluster: Cluster, options?: ClusterOptions): Clusters {
  const clusters = new Clusters([cluster], options);
  onTestFinished(() => clusters.close());
  return clusters;
}

const get: Headers = [
  [":method", "GET"],
  [":path", "/"],
  [":authority", "a"],
];

function call(clusters: Clusters, timeoutMs = 0): Promise<UpstreamReply | null> {
  return new Promise((settle) => {
    const request = { cluster: name, headers: get, body: new Uint8Array(0), trailers: [], timeoutMs };
    if (clusters.call(request, settle) === null) settle(null);
  });
}

async function textOf(reply: Promise<UpstreamReply | null>): Promise<string> {
  const answer = await reply;
  return answer?.kind === "response" ? Buffer.from(answer.body).toString() : "no response";
}

async function upstreamNamed(body: string): Promise<Upstream> {
  const upstream = new Upstream(body, { body });
  await upstream.listen("http1");
  onTestFinished(() => upstream.close());
  return upstream;
}

test.each([
  [0, "response"],
  [1, "reset"],
])(
  "the answer of a call-out that is %d bytes longer than 32 MiB is a %s, as on Envoy",
  async (more, kind) => {
    const { port } = await upstreamNamed("x".repeat(32 * 1024 * 1024 + more));
    expect((await call(clustersOf(clusterOf([port]))))!.kind).toBe(kind);
  },
);

test("members take turns", async () => {
  const members = [await upstreamNamed("a"), await upstreamNamed("b")];
  const clusters = clustersOf(clusterOf(members.map(({ port }) => port)));
  const answers: string[] = [];
  for (let i = 0; i < 4; i++) answers.push(await textOf(call(clusters)));
  expect(answers).toEqual(["a", "b", "a", "b"]);
});

test("a preferred member is taken, one that was tried or is no member is not", async () => {
  const [a, b] = [await upstreamNamed("a"), await upstreamNamed("b")];
  const clusters = clustersOf(clusterOf([a.port, b.port]));
  const addressFor = (choice: EndpointChoice): string | undefined => {
    const listener = { headers() {}, data() {}, trailers() {}, failed() {}, drained() {} };
    const opened = clusters.open(name, get, true, listener, choice);
    opened?.stream.reset();
    return opened?.address;
  };
  const [atA, atB] = [`127.0.0.1:${a.port}`, `127.0.0.1:${b.port}`];
  for (let i = 0; i < 2; i++) {
    expect(addressFor({ preferred: ["10.0.0.1:80", atB, atA] })).toBe(atB);
    expect(addressFor({ preferred: [atB, atA], tried: new Set([atB]) })).toBe(atA);
    expect(addressFor({ tried: new Set([atB]) })).toBe(atA);
  }
  expect([atA, atB]).toContain(addressFor({ preferred: ["10.0.0.1:80"], tried: new Set([atA, atB]) }));
});

test("a member that refused a connection is listed last", async () => {
  const a = await upstreamNamed("a");
  const port = a.port;
  const b = await upstreamNamed("b");
  const clusters = clustersOf(clusterOf([port, b.port]));
  expect(clusters.hosts(name)).toEqual([`127.0.0.1:${port}`, `127.0.0.1:${b.port}`]);
  await a.close();
  await call(clusters);
  expect(clusters.hosts(name)).toEqual([`127.0.0.1:${b.port}`, `127.0.0.1:${port}`]);
});

test("a name is listed as the addresses it has", async () => {
  const a = await upstreamNamed("a");
  const clusters = clustersOf(clusterOf([], { endpoints: [{ host: "localhost", port: a.port }] }));
  await expect.poll(() => clusters.hosts(name)).toContain(`127.0.0.1:${a.port}`);
  expect(await textOf(call(clusters))).toBe("a");
});

test("a cluster without members has no call", async () => {
  expect(await call(clustersOf(clusterOf([])))).toBe(null);
});

test("a call that is refused, cut or late is an ordinary answer, one cut after its headers a reset", async () => {
  const upstream = await upstreamNamed("a");
  const clusters = clustersOf(clusterOf([upstream.port]));
  const prefix = "upstream connect error or disconnect/reset before headers. reset reason: ";
  upstream.reply((exchange) => exchange.cut());
  expect(await textOf(call(clusters))).toBe(`${prefix}connection termination`);
  upstream.reply(() => new Promise(() => undefined));
  const late = await call(clusters, 50);
  expect(late).toMatchObject({ kind: "response", headers: expect.arrayContaining([[":status", "504"]]) });
  upstream.reply(async (exchange) => {
    await exchange.head(200);
    await exchange.write("begun");
    exchange.cut();
  });
  expect(await call(clusters)).toEqual({ kind: "reset" });
  await upstream.close();
  expect(await textOf(call(clusters))).toBe(`${prefix}remote connection failure`);
});

test("a call that is cancelled has no answer, and its upstream is told", async () => {
  const gone = Promise.withResolvers<void>();
  const server = createTcp((socket) => {
    socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n"));
    socket.on("error", () => undefined);
    socket.on("close", () => gone.resolve());
  }).listen(0, "127.0.0.1");
  const connected = once(server, "connection");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const clusters = clustersOf(clusterOf([(server.address() as AddressInfo).port]));
  const answers: UpstreamReply[] = [];
  const request = { cluster: name, headers: get, body: new Uint8Array(0), trailers: [], timeoutMs: 0 };
  const running = clusters.call(request, (reply) => answers.push(reply));
  await connected;
  running?.cancel();
  await gone.promise;
  expect(answers).toEqual([]);
});

test("an update keeps the connections of what is unchanged, and lets requests of what is gone end", async () => {
  const released = Promise.withResolvers<void>();
  const upstream = await upstreamNamed("a");
  upstream.reply((exchange) => play({ chunks: ["begun;", () => released.promise, "ended"] }, exchange));
  const clusters = clustersOf(clusterOf([upstream.port]));
  const running = call(clusters);
  await upstream.next();
  clusters.update([]);
  expect(clusters.has(name)).toBe(false);
  released.resolve();
  expect(await textOf(running)).toBe("begun;ended");
});

async function certificate(commonName: string): Promise<{ key: Buffer; cert: Buffer } | undefined> {
  const folder = await folderOf({});
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-subj", `/CN=${commonName}`, "-addext", `subjectAltName=DNS:${commonName}`];
  try {
    await promisify(execFile)("openssl", [
      ...[
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "1",
      ],
      ...["-keyout", key, "-out", cert, ...subject],
    ]);
  } catch {
    console.error("skipped: no openssl on this machine, which makes the certificate");
    return undefined;
  }
  return { key: await readFile(key), cert: await readFile(cert) };
}

test.each(["http1", "http2"] as const)(
  "over TLS %s the server is named and its certificate checked",
  async (protocol) => {
    const pem = await certificate("secure.example");
    if (!pem) return;
    const seen: string[] = [];
    const answer = (socket: TLSSocket): string => {
      seen.push(String(socket.servername), String(socket.alpnProtocol));
      return "secure";
    };
    const server: Server =
      protocol === "http1"
        ? createHttps({ ...pem, ALPNProtocols: ["http/1.1"] }, (request, response) =>
            response.end(answer(request.socket as TLSSocket)),
          )
        : createSecureServer(pem).on("stream", (stream) => {
            stream.respond({ ":status": 200 });
            stream.end(answer(stream.session!.socket as TLSSocket));
          });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const certificateAuthorities = [pem.cert.toString()];
    const to = (serverName: string, options: ClusterOptions): Promise<string> =>
      textOf(call(clustersOf(clusterOf([port], { protocol, tls: { serverName } }), options)));
    expect(await to("secure.example", { certificateAuthorities })).toBe("secure");
    expect(seen).toEqual(["secure.example", protocol === "http1" ? "http/1.1" : "h2"]);
    expect(await to("other.example", { certificateAuthorities })).toContain("remote connection failure");
    expect(await to("secure.example", {})).toContain("remote connection failure");
  },
);

test.each(["http1", "http2"] as const)(
  "a %s connection that is not made in time has failed",
  async (protocol) => {
    // Accepts and never begins the handshake.
    const server = createTcp(() => undefined).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const cluster = clusterOf([port], { protocol, tls: { serverName: "secure.example" } });
    const answer = call(clustersOf(cluster, { connectTimeoutMs: 50 }));
    expect(await textOf(answer)).toMatch(/reset reason: connection timeout$/);
  },
);
