// `gateway bench --envoy`: what a module costs on a real Envoy with one worker: requests/s beside no filter at all,
// time until it serves, memory. wrk makes the load; the upstream is a second listener of the same worker, so that
// the worker's time is all there is.

import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { requireEnvoy } from "../envoy/binary.ts";
import { wasmFilter } from "../envoy/plugins.ts";
import { withStockAbiVersion } from "./abi-version.ts";
import type { Contender } from "./exchanges.ts";
import { percentile, spread, type Spread } from "./measure.ts";
import { contenders, type Foreign } from "./run.ts";
import type { Exchange, Subject } from "./subjects.ts";

const run = promisify(execFile);

export interface EnvoyFigures {
  name: string;
  /** From the start of the process until it serves. */
  readyMs: number;
  /** Resident memory with one worker, after the load. */
  residentMb: number;
  /** What each further worker takes, before any load. */
  perWorkerMb: number;
  loads: EnvoyLoad[];
}

export interface EnvoyLoad {
  body: string;
  /** Medians over the rounds. */
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  /** Envoy's processor time per request, in microseconds. */
  processorUs: number;
  /**
   * Requests per second of Envoy's processor time as a share of those without a filter in the same round. On a quiet
   * machine that is the share of requests/s, since the worker is always busy; on a busy one it still is.
   */
  share: Spread;
}

const bodies = { "1 KB": 1_000, "100 KB": 100_000 };
const secondsPerRound = 1;
const connections = 16;
const startTimeoutMs = 300_000;
/** Beyond the first, to see what one takes. */
const furtherWorkers = 4;

/** The subject's first job beside no filter, empty modules and the others. Contenders take turns, one at a time. */
export async function benchOnEnvoy(
  subject: Subject,
  against: Foreign[],
  { rounds, configuration }: { rounds: number; configuration?: object },
): Promise<EnvoyFigures[]> {
  await run("wrk", ["-v"]).catch((error: { code?: unknown }) => {
    if (error.code === "ENOENT") throw new Error("wrk is needed: Debian package wrk");
  });
  const job = subject.jobs[0]!;
  const configurations = configuration === undefined ? job.configurations : [configuration];
  const all = [
    { name: "no filter", plugins: [] },
    ...(await contenders(subject, against, configurations, "envoy")),
  ];
  const folder = await mkdtemp(join(tmpdir(), "gateway-bench-"));
  const gateways: Running[] = [];
  try {
    const results: EnvoyFigures[] = [];
    for (const contender of all) {
      const wide = await start(folder, contender, gateways.length, 1 + furtherWorkers);
      const wideMb = await residentMb(wide.process.pid!);
      await stop(wide);
      const gateway = await start(folder, contender, gateways.length);
      gateways.push(gateway);
      const perWorkerMb = (wideMb - (await residentMb(gateway.process.pid!))) / furtherWorkers;
      results.push({ name: gateway.name, readyMs: gateway.readyMs, residentMb: 0, perWorkerMb, loads: [] });
    }
    for (const [label, size] of Object.entries(bodies)) {
      const exchange = job.exchange(size);
      const script = join(folder, `${size}.lua`);
      const body = join(folder, `${size}.json`);
      await writeFile(body, exchange.body);
      await writeFile(script, post(body, exchange));
      const samples = gateways.map((): Sample[] => []);
      for (let round = 0; round < rounds; round++) {
        for (const [index, gateway] of gateways.entries()) {
          samples[index]!.push(await load(script, gateway, exchange));
        }
      }
      samples.forEach((own, index) => results[index]!.loads.push(summary(label, own, samples[0]!)));
    }
    for (const [index, gateway] of gateways.entries()) {
      results[index]!.residentMb = await residentMb(gateway.process.pid!);
    }
    return results;
  } finally {
    await Promise.all(gateways.map(stop));
    await rm(folder, { recursive: true, force: true });
  }
}

interface Running {
  name: string;
  port: number;
  readyMs: number;
  process: ChildProcess;
}

async function stop({ process }: Running): Promise<void> {
  if (process.exitCode !== null) return;
  const gone = once(process, "exit");
  process.kill("SIGKILL");
  await gone;
}

async function start(folder: string, contender: Contender, index: number, workers = 1): Promise<Running> {
  const [port, upstreamPort, adminPort] = [await freePort(), await freePort(), await freePort()];
  const filters: object[] = [];
  for (const [at, { module, configuration }] of contender.plugins.entries()) {
    const file = join(folder, `${index}-${at}.wasm`);
    await writeFile(file, withStockAbiVersion(module));
    filters.push(
      wasmFilter({
        name: `${contender.name} ${at}`,
        // The name that Go plugins register; ours take any.
        rootId: "ai-proxy",
        modules: { envoy: file, higress: file },
        configuration: JSON.stringify(configuration),
        environment: {},
        failOpen: false,
        position: { file: "", line: 0, path: "" },
      }),
    );
  }
  const file = join(folder, `${index}.json`);
  await writeFile(file, JSON.stringify(bootstrap(port, upstreamPort, adminPort, filters)));
  const binary = await requireEnvoy();
  const args = ["-c", file, "--concurrency", String(workers), "--disable-hot-restart", "-l", "error"];
  const before = performance.now();
  const process = spawn(...pinned(0, binary, args), { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  process.stderr!.on("data", (text: Buffer) => (said = (said + String(text)).slice(-2000)));
  const end = before + startTimeoutMs;
  while (!(await isServing(adminPort))) {
    if (performance.now() > end || process.exitCode !== null) {
      process.kill("SIGKILL");
      throw new Error(`${contender.name} does not start: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return { name: contender.name, port, readyMs: performance.now() - before, process };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function isServing(adminPort: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${adminPort}/ready`).then(
    ({ status }) => status === 200,
    () => false,
  );
}

/** The first core is Envoy's, the second wrk's, where there are two. */
function pinned(core: number, program: string, args: string[]): [string, string[]] {
  return availableParallelism() > 1 && process.platform === "linux"
    ? ["taskset", ["-c", String(core), program, ...args]]
    : [program, args];
}

function bootstrap(port: number, upstreamPort: number, adminPort: number, filters: object[]): object {
  const at = (number: number) => ({ socket_address: { address: "127.0.0.1", port_value: number } });
  const listener = (name: string, number: number, own: object[], route: object) => ({
    name,
    address: at(number),
    filter_chains: [
      {
        filters: [
          {
            name: "envoy.filters.network.http_connection_manager",
            typed_config: {
              "@type":
                "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
              stat_prefix: name,
              route_config: {
                virtual_hosts: [{ name, domains: ["*"], routes: [{ match: { prefix: "/" }, ...route }] }],
              },
              http_filters: [
                ...own,
                {
                  name: "envoy.filters.http.router",
                  typed_config: {
                    "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router",
                  },
                },
              ],
            },
          },
        ],
      },
    ],
  });
  // Without it the upstream would answer before it has the body, and close the connection.
  const wholeBody = {
    name: "envoy.filters.http.buffer",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer",
      max_request_bytes: 1 << 24,
    },
  };
  return {
    admin: { address: at(adminPort) },
    static_resources: {
      listeners: [
        listener("gateway", port, filters, { route: { cluster: "upstream" } }),
        listener("upstream", upstreamPort, [wholeBody], {
          direct_response: { status: 200, body: { inline_string: '{"choices":[]}' } },
          response_headers_to_add: [{ header: { key: "content-type", value: "application/json" } }],
        }),
      ],
      clusters: [
        {
          name: "upstream",
          connect_timeout: "1s",
          load_assignment: {
            cluster_name: "upstream",
            endpoints: [{ lb_endpoints: [{ endpoint: { address: at(upstreamPort) } }] }],
          },
          circuit_breakers: { thresholds: [{ max_connections: 1024, max_requests: 4096 }] },
        },
      ],
    },
  };
}

function post(bodyFile: string, { headers = [] }: Exchange): string {
  const own = headers.map(
    ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`,
  );
  return `
local file = io.open(${JSON.stringify(bodyFile)}, "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer client-key"
${own.join("\n")}
done = function(summary, latency)
  local failed = summary.errors.status + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format("figures %d %d %d %d %d\\n", summary.requests, summary.duration, failed,
    latency:percentile(50), latency:percentile(99)))
end
`;
}

interface Sample {
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  processorUs: number;
}

async function load(script: string, { port, process }: Running, { path }: Exchange): Promise<Sample> {
  const before = await processorSeconds(process.pid!);
  const args = ["-t", "1", "-c", String(connections), "-d", `${secondsPerRound}s`, "-s", script];
  const { stdout } = await run(...pinned(1, "wrk", [...args, `http://127.0.0.1:${port}${path}`]));
  const figures = /^figures (\d+) (\d+) (\d+) (\d+) (\d+)$/m.exec(stdout)?.slice(1).map(Number);
  if (figures === undefined) throw new Error(`wrk printed no figures: ${stdout}`);
  const [requests, microseconds, failed, p50, p99] = figures as [number, number, number, number, number];
  if (failed > 0) throw new Error(`${failed} of ${requests} requests failed`);
  const used = (await processorSeconds(process.pid!)) - before;
  return {
    requestsPerSecond: (requests * 1e6) / microseconds,
    p50Ms: p50 / 1000,
    p99Ms: p99 / 1000,
    processorUs: (used * 1e6) / requests,
  };
}

function summary(body: string, samples: Sample[], reference: Sample[]): EnvoyLoad {
  const median = (of: (sample: Sample) => number) => percentile(samples.map(of), 0.5);
  const shares = samples.map((sample, i) => reference[i]!.processorUs / sample.processorUs);
  return {
    body,
    requestsPerSecond: median((sample) => sample.requestsPerSecond),
    p50Ms: median((sample) => sample.p50Ms),
    p99Ms: median((sample) => sample.p99Ms),
    processorUs: median((sample) => sample.processorUs),
    share: spread(shares),
  };
}

/** Of all its threads, in nanoseconds from the scheduler: Linux only. */
async function processorSeconds(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const times = threads.map(async (id) => readFile(`/proc/${pid}/task/${id}/schedstat`, "utf8"));
  return (await Promise.all(times)).reduce((sum, line) => sum + Number(line.split(" ")[0]), 0) / 1e9;
}

/** Linux only; 0 elsewhere. */
async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
}
