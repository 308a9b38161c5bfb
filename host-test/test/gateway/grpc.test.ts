// gRPC call-outs over HTTP/2.

import { once } from "node:events";
import { constants, createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import type { GrpcEvents, GrpcStream, Headers } from "../../host/types.ts";
import { Clusters } from "../../services/clusters.ts";
import { GrpcClusterClients } from "../../services/grpc/clients.ts";
import { frameMessage, MessageReader } from "../../services/grpc/messages.ts";
import { targetCluster } from "../../services/grpc/target.ts";

const name = "outbound|80||grpc.static";

class Recorder implements GrpcEvents {
  seen: string[] = [];
  #closed = Promise.withResolvers<string[]>();

  /** Everything that came, once the call has ended. */
  get closed(): Promise<string[]> {
    return this.#closed.promise;
  }

  initialMetadata(metadata: Headers): void {
    this.seen.push(`initial ${metadata.find(([key]) => key === "x-initial")?.[1]}`);
  }

  message(message: Uint8Array): void {
    this.seen.push(`message ${Buffer.from(message).toString()}`);
  }

  trailingMetadata(metadata: Headers): void {
    this.seen.push(`trailing ${metadata.find(([key]) => key === "x-trailing")?.[1]}`);
  }

  close(status: number, message: string): void {
    this.seen.push(`close ${status} ${message}`);
    this.#closed.resolve(this.seen);
  }
}

async function open(
  serve: (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void,
  { timeoutMs = 0, target = name } = {},
): Promise<{ call: GrpcStream | "unknown" | "failed"; events: Recorder }> {
  const server = createServer();
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    serve(stream, headers);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const position = { file: "test", line: 1, path: "" };
  const clusters = new Clusters([
    { name, endpoints: [{ host: "127.0.0.1", port }], protocol: "http2", position },
  ]);
  onTestFinished(() => {
    clusters.close();
    server.close();
  });
  const events = new Recorder();
  const request = {
    target: Buffer.from(target),
    service: "test.Echo",
    method: "Say",
    metadata: [["x-mine", "1"]] as Headers,
    timeoutMs,
  };
  return { call: new GrpcClusterClients(clusters).open(request, events), events };
}

function opened({ call }: { call: GrpcStream | "unknown" | "failed" }): GrpcStream {
  if (typeof call === "string") throw new Error(call);
  return call;
}

test("messages, metadata and status pass both ways", async () => {
  let headers: Record<string, unknown> = {};
  const session = await open((stream, received) => {
    headers = received;
    stream.respond(
      { ":status": 200, "content-type": "application/grpc", "x-initial": "i" },
      { waitForTrailers: true },
    );
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0", "x-trailing": "t" }));
    stream.on("data", (chunk: Buffer) => stream.write(chunk));
    stream.on("end", () => stream.end());
  });
  const call = opened(session);
  call.send(Buffer.from("one"), false);
  call.send(Buffer.from(""), false);
  call.send(Buffer.from("two"), true);
  expect(await session.events.closed).toEqual([
    "initial i",
    "message one",
    "message ",
    "message two",
    "trailing t",
    "close 0 ",
  ]);
  expect(headers).toMatchObject({
    ":path": "/test.Echo/Say",
    "content-type": "application/grpc",
    te: "trailers",
    "x-mine": "1",
  });
});

test("a refusal in headers alone is a status", async () => {
  const session = await open((stream) =>
    stream.respond({ ":status": 200, "grpc-status": "7", "grpc-message": "not%20you" }, { endStream: true }),
  );
  opened(session).send(Buffer.from("x"), true);
  expect(await session.events.closed).toEqual(["trailing undefined", "close 7 not you"]);
});

test.each([
  [
    "an HTTP error",
    (stream: ServerHttp2Stream) => stream.respond({ ":status": 503 }, { endStream: true }),
    /^close 14 HTTP status 503$/,
  ],
  [
    "a reset",
    (stream: ServerHttp2Stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR),
    /^close 14 remote reset$/,
  ],
  ["no answer in time", () => undefined, /^close 4 deadline exceeded$/],
  [
    "a body that is not gRPC",
    (stream: ServerHttp2Stream) => {
      stream.respond({ ":status": 200 });
      stream.end("<html>");
    },
    /^close 13 not a gRPC body$/,
  ],
])("%s ends the call with a status", async (_title, serve, expected) => {
  const session = await open(serve, { timeoutMs: 200 });
  opened(session).send(Buffer.from("x"), true);
  expect((await session.events.closed).at(-1)).toMatch(expected);
});

test("an unknown target is refused", async () => {
  expect((await open(() => undefined, { target: "other" })).call).toBe("unknown");
});

test("the cluster of a serialized GrpcService is found", () => {
  const inner = Buffer.concat([
    Buffer.from([0x0a, name.length]),
    Buffer.from(name),
    Buffer.from([0x12, 1, 0x61]),
  ]);
  const message = Buffer.concat([Buffer.from([0x0a, inner.length]), inner, Buffer.from([0x1a, 2, 0x08, 5])]);
  expect(targetCluster(message)).toBe(name);
  expect(targetCluster(Buffer.from(name))).toBe(name);
  expect(targetCluster(Buffer.from([0x0a, 200, 1]))).toBe(undefined);
  expect(targetCluster(Buffer.alloc(0))).toBe(undefined);
});

test("messages are found whole whatever the cuts", () => {
  const texts = ["", "a", "bcdef", "", "x".repeat(300)];
  const body = Buffer.concat(texts.map((text) => frameMessage(Buffer.from(text))));
  for (let size = 1; size <= body.length; size++) {
    const reader = new MessageReader();
    const found: string[] = [];
    for (let at = 0; at < body.length; at += size) {
      found.push(...(reader.feed(body.subarray(at, at + size)) ?? []).map((message) => message.toString()));
    }
    expect(found).toEqual(texts);
    expect(reader.isAtBorder).toBe(true);
  }
});
