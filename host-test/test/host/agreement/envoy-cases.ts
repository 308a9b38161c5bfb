// Runs cases on one Envoy: a listener and two plugins each. A piece of a message is sent when Envoy has dealt
// with the one before; since one worker serves all listeners in turn, an answer from an idle listener says so.

import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { requireEnvoy } from "../../../envoy/binary.ts";
import { EnvoyProcess } from "../../../envoy/process.ts";
import { callPath, cluster } from "./generate.ts";
import type { Case } from "./generate.ts";
import { beforeEnd, own } from "./observation.ts";
import type { Observation } from "./observation.ts";

const type = (name: string) => `type.googleapis.com/envoy.${name}`;

export class EnvoyCases {
  readonly #cases: Case[];
  readonly #rounds: number;
  readonly #lines = new Map<number, string[]>();
  readonly #seen = new Map<number, { body: string; headers: [string, string][] }>();
  readonly #ports = new Map<string, number>();
  readonly #server: Server;
  #process!: EnvoyProcess;

  private constructor(cases: Case[], rounds: number) {
    this.#cases = cases;
    this.#rounds = rounds;
    for (const { seed } of cases) this.#lines.set(seed, []);
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  /** Observations in the order of `cases`. `rounds` through an idle listener settle a piece; a call-out takes some of them. */
  static async observe(cases: Case[], rounds = 12): Promise<Observation[]> {
    const run = new EnvoyCases(cases, rounds);
    await run.#start();
    const results: string[] = [];
    try {
      for (const one of cases) results.push(await run.#exchange(one));
    } finally {
      // Its end delivers the last lines.
      await run.#process.stop();
      run.#server.closeAllConnections();
      run.#server.close();
    }
    return cases.map((one, index) => run.#observation(one, results[index]!));
  }

  async #start(): Promise<void> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    const folder = await EnvoyProcess.makeFolder();
    for (const { seed, modules } of this.#cases) {
      for (const [index, module] of modules.entries())
        await writeFile(join(folder, `${seed}-${index}.wasm`), module);
    }
    await writeFile(join(folder, "bootstrap.json"), JSON.stringify(this.#bootstrap()));
    const args = [
      "-c",
      "bootstrap.json",
      "--concurrency",
      "1",
      "--admin-address-path",
      "admin",
      "-l",
      "error",
    ];
    const binary = await requireEnvoy();
    this.#process = EnvoyProcess.start(
      binary,
      folder,
      [...args, "--component-log-level", "wasm:info"],
      ({ message }) => {
        const line = /^wasm log (?:\S+ )?(\d+)-\d: (.*)$/s.exec(message);
        if (line !== null) this.#lines.get(Number(line[1]))?.push(line[2]!);
      },
    );
    await this.#findPorts();
  }

  async #findPorts(): Promise<void> {
    for (;;) {
      if (this.#process.hasEnded) throw new Error(`Envoy ended: ${this.#process.logs.at(-1)?.message}`);
      const admin = await this.#process.file("admin");
      const ready = admin && (await fetch(`http://${admin}/ready`).catch(() => undefined));
      if (!ready || ready.status !== 200) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        continue;
      }
      const listing = (await (await fetch(`http://${admin}/listeners?format=json`)).json()) as {
        listener_statuses: { name: string; local_address: { socket_address: { port_value: number } } }[];
      };
      for (const { name, local_address } of listing.listener_statuses) {
        this.#ports.set(name, local_address.socket_address.port_value);
      }
      return;
    }
  }

  #bootstrap(): object {
    const upstream = {
      name: cluster,
      type: "STATIC",
      typed_extension_protocol_options: {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
          "@type": type("extensions.upstreams.http.v3.HttpProtocolOptions"),
          // Cases share no connection.
          common_http_protocol_options: { max_requests_per_connection: 1 },
          explicit_http_config: { http_protocol_options: { enable_trailers: true } },
        },
      },
      load_assignment: {
        cluster_name: cluster,
        endpoints: [
          { lb_endpoints: [{ endpoint: { address: socket((this.#server.address() as AddressInfo).port) } }] },
        ],
      },
    };
    const listeners = this.#cases.map(({ seed }) =>
      listener(
        `case ${seed}`,
        [0, 1].map((index) => ({
          name: `wasm${index}`,
          typed_config: {
            "@type": type("extensions.filters.http.wasm.v3.Wasm"),
            config: {
              name: `${seed}-${index}`,
              vm_config: {
                vm_id: `${seed}-${index}`,
                code: { local: { filename: `${seed}-${index}.wasm` } },
              },
              allow_on_headers_stop_iteration: true,
            },
          },
        })),
        // The header tells the upstream which case it serves.
        {
          route: { cluster, timeout: "0s" },
          request_headers_to_add: [{ header: { key: "case", value: String(seed) } }],
        },
      ),
    );
    const idle = listener("idle", [], { direct_response: { status: 204 } });
    return {
      admin: { address: socket(0) },
      static_resources: { listeners: [...listeners, idle], clusters: [upstream] },
    };
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url === callPath) {
      response.end("called");
      return;
    }
    const one = this.#cases.find(({ seed }) => String(seed) === request.headers["case"]);
    const body: Buffer[] = [];
    request.on("data", (chunk: Buffer) => body.push(chunk));
    // A request that Envoy gives up is not looked at.
    request.on("error", () => undefined);
    request.on("end", () => {
      const headers = request.rawHeaders.flatMap((name, index): [string, string][] =>
        index % 2 === 0 ? [[name.toLowerCase(), request.rawHeaders[index + 1]!]] : [],
      );
      this.#seen.set(one!.seed, { body: Buffer.concat(body).toString(), headers });
      void this.#answer(one!, response);
    });
  }

  async #answer({ upstreamChunks, upstreamTrailers }: Case, response: ServerResponse): Promise<void> {
    if (upstreamChunks.length === 0) {
      response.writeHead(200, { "content-length": 0 });
      response.end();
      return;
    }
    response.writeHead(200, upstreamTrailers ? { trailer: "t" } : {});
    response.flushHeaders();
    for (const chunk of upstreamChunks) {
      await this.#settle();
      response.write(chunk);
    }
    await this.#settle();
    if (upstreamTrailers) response.addTrailers({ t: "1" });
    response.end();
  }

  async #exchange({ seed, method, chunks, trailers }: Case): Promise<string> {
    const client = connect(this.#ports.get(`case ${seed}`)!, "127.0.0.1");
    let answer = "";
    let closed = false;
    client.on("data", (data) => (answer += data.toString("latin1")));
    client.on("error", () => undefined);
    client.on("close", () => (closed = true));
    const framing = method === "POST" ? "transfer-encoding: chunked\r\n" : "";
    const pieces = [`${method} /p HTTP/1.1\r\nhost: test.local\r\n${framing}\r\n`];
    for (const chunk of chunks) pieces.push(`${chunk.length.toString(16)}\r\n${chunk}\r\n`);
    if (method === "POST") pieces.push(trailers ? "0\r\nt: 1\r\n\r\n" : "0\r\n\r\n");
    for (const piece of pieces) {
      if (!closed) client.write(piece);
      await this.#settle();
    }
    // The upstream's own pieces settle one by one.
    for (let i = 0; i < 6; i++) await this.#settle();
    client.destroy();
    await this.#settle();
    return answer;
  }

  /** Returns when Envoy's worker has come round often enough for everything sent so far to have had its effect. */
  async #settle(): Promise<void> {
    for (let i = 0; i < this.#rounds; i++) {
      const response = await fetch(`http://127.0.0.1:${this.#ports.get("idle")}/`);
      await response.arrayBuffer();
    }
  }

  #observation({ seed }: Case, answer: string): Observation {
    const [head = "", ...rest] = answer.split("\r\n\r\n");
    const lines = head.split("\r\n");
    const headers = lines
      .slice(1)
      .map((line): [string, string] => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]);
    const body = bodyOf(new Map(headers), rest.join("\r\n\r\n"));
    const log = this.#lines.get(seed)!;
    const seen = this.#seen.get(seed);
    const ended = !log.includes("ended=downstream_remote_disconnect");
    return {
      log: ended ? log : beforeEnd(log),
      status: Number(lines[0]!.split(" ")[1] ?? 0),
      body,
      upstream: seen?.body,
      requestHeaders: own(seen?.headers ?? []),
      responseHeaders: own(headers),
    };
  }
}

/** undefined: not complete. */
function bodyOf(headers: Map<string, string>, text: string): string | undefined {
  const length = headers.get("content-length");
  if (length !== undefined) return text.length === Number(length) ? text : undefined;
  if (!headers.has("transfer-encoding")) return undefined;
  let body = "";
  for (let at = 0; ;) {
    const line = text.indexOf("\r\n", at);
    if (line < 0) return undefined;
    const size = parseInt(text.slice(at, line), 16);
    if (size === 0) return text.endsWith("\r\n") ? body : undefined;
    body += text.slice(line + 2, line + 2 + size);
    at = line + 4 + size;
  }
}

function socket(port: number): object {
  return { socket_address: { address: "127.0.0.1", port_value: port } };
}

function listener(name: string, filters: object[], route: object): object {
  const manager = {
    "@type": type("extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
    stat_prefix: "case",
    http_protocol_options: { enable_trailers: true },
    generate_request_id: false,
    route_config: {
      virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, ...route }] }],
    },
    http_filters: [
      ...filters,
      { name: "router", typed_config: { "@type": type("extensions.filters.http.router.v3.Router") } },
    ],
  };
  return {
    name,
    address: socket(0),
    filter_chains: [{ filters: [{ name: "manager", typed_config: manager }] }],
  };
}
