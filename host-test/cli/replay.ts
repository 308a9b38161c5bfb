// `gateway replay`: a recorded exchange through the chain again, and what is different now.

import { readFile } from "node:fs/promises";
import { changesOf } from "../gateway/replay/comparison.ts";
import type { Change } from "../gateway/replay/json-changes.ts";
import { PlayedUpstream } from "../gateway/replay/played-upstream.ts";
import { readRecordings, UnusableRecording, type Recording } from "../gateway/replay/recording.ts";
import { replay as send } from "../gateway/replay/sender.ts";
import { runNode } from "../gateway/run-node.ts";
import type { GatewayModel } from "../gateway/model.ts";
import type { RecordedExchange } from "../gateway/traces/recorder.ts";
import type { Message, Trace } from "../gateway/traces/trace.ts";
import { UsageError, word, type Command, type Values } from "./command-line.ts";
import { exchangeReport, textReport, type ExchangeReport } from "./replay-report.ts";
import { describeRejection, Resources } from "./resources.ts";

const defaultGateway = "http://127.0.0.1:8080";

export const replay: Command = {
  summary: "sends a recorded exchange again and prints what changed",
  help: `Usage: gateway replay FILE [PATH…] [--upstream recorded|live] [--gateway URL]
                       [--header 'NAME: VALUE']… [--ignore NAME]… [--format text|json]

Sends the request of a trace, or all requests of a HAR file, and compares with what was recorded.

With PATH, files and folders of resources, their chain is started for the replay. Of a trace it is compared what
went to the upstream, what the client got, and the cluster that was chosen; the upstream's answer is the
recorded one, so that only the chain can make a difference. Without PATH the request goes to a gateway that runs,
and what the client gets is compared.

  --upstream WHO   recorded: clusters of routes answer as in the trace; live: they are asked. A HAR file knows no
                   answer of an upstream: live. Other services that plugins call are always asked
  --gateway URL    default: the address in the recording if it is one of this machine, else ${defaultGateway}
  --header H       in place of a header of the recording; "***" in a recording was a secret and is not sent
  --ignore NAME    a header or JSON member that does not count. Dates, request ids, times, and ids that are made up
                   for each answer never do
  --format F       text or json; default text

Exit code 0: nothing changed. 1: something did. 2: it could not be replayed.
`,
  options: {
    upstream: { type: "string" },
    gateway: { type: "string" },
    header: { type: "string", multiple: true },
    ignore: { type: "string", multiple: true },
    format: { type: "string" },
  },
  async run(values, [file, ...paths]) {
    if (file === undefined) throw new UsageError("expected a file with a trace or a HAR archive");
    const options = readOptions(values, paths);
    let model: GatewayModel | undefined;
    try {
      const recordings = await read(file, options.headers);
      const chain =
        paths.length > 0
          ? await startChain(paths, recordings, options.upstream, (loaded) => (model = loaded))
          : undefined;
      try {
        const reports: ExchangeReport[] = [];
        for (const recording of recordings) {
          const now = chain
            ? await chain.replay(recording)
            : await askGateway(recording, options.gateway ?? addressIn(recording));
          reports.push(exchangeReport(recording, changes(recording, now, options.ignored)));
        }
        const isChanged = reports.some((report) => report.changes.length > 0);
        process.stdout.write(
          options.format === "json"
            ? `${JSON.stringify({ ok: !isChanged, exchanges: reports }, null, 2)}\n`
            : textReport(reports),
        );
        return isChanged ? 1 : 0;
      } finally {
        await chain?.close();
      }
    } catch (error) {
      const lines =
        error instanceof UnusableRecording
          ? [`${file}: ${error.message}`]
          : describeRejection(error, model ?? { plugins: [], clusters: [], routes: [], ignored: [] });
      for (const line of lines) process.stderr.write(`${line}\n`);
      return 2;
    }
  },
};

interface ReplayOptions {
  /** Undefined: recorded where there is a recording of it. */
  upstream: "recorded" | "live" | undefined;
  gateway: URL | undefined;
  headers: [string, string][];
  ignored: Set<string>;
  format: "text" | "json";
}

function readOptions(values: Values, paths: string[]): ReplayOptions {
  const list = (name: string): string[] => (values[name] as string[] | undefined) ?? [];
  const upstream = word(values, "upstream", ["recorded", "live"]);
  const address = values["gateway"] as string | undefined;
  const gateway = address === undefined ? undefined : (URL.parse(address) ?? undefined);
  if (address !== undefined && gateway?.protocol !== "http:")
    throw new UsageError(`--gateway: expected http://HOST:PORT, found ${address}`);
  if (gateway && paths.length > 0) throw new UsageError("--gateway and PATH exclude each other");
  if (upstream && paths.length === 0) throw new UsageError("--upstream belongs to PATH");
  const headers = list("header").map((text): [string, string] => {
    const match = /^([!#$%&'*+.^`|~\w-]+):\s*(.*)$/.exec(text);
    if (!match) throw new UsageError(`--header: expected NAME: VALUE, found ${text}`);
    return [match[1]!.toLowerCase(), match[2]!];
  });
  const ignored = new Set(list("ignore"));
  return { upstream, gateway, headers, ignored, format: word(values, "format", ["text", "json"]) ?? "text" };
}

async function read(file: string, given: [string, string][]): Promise<Recording[]> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UnusableRecording(error.code === "ENOENT" ? "no such file" : error.message);
  });
  const names = new Set(given.map(([name]) => name));
  return readRecordings(text).map((recording) => ({
    ...recording,
    omitted: recording.omitted.filter((name) => !names.has(name)),
    request: {
      ...recording.request,
      headers: [...recording.request.headers.filter(([name]) => !names.has(name)), ...given],
    },
  }));
}

/** What is seen now: the whole exchange, or only its answer. */
interface Now {
  trace?: Trace;
  response: Message | undefined;
}

function changes({ seen, omitted }: Recording, { trace, response }: Now, names: Set<string>): Change[] {
  // What was not sent again cannot go upstream again.
  const ignored = new Set([...names, ...omitted]);
  const placed = (place: string, found: Change[]): Change[] =>
    found.map((change) => ({ ...change, path: `${place} ${change.path}`.trimEnd() }));
  const answer = placed("response", changesOf(seen.response, response, { ignored: names }));
  if (!trace || !seen.isTrace) return answer;
  return [
    ...(seen.cluster === trace.cluster
      ? []
      : [{ path: "cluster", before: seen.cluster, after: trace.cluster }]),
    ...placed("upstream request", changesOf(seen.upstreamRequest, trace.upstreamRequest, { ignored })),
    ...answer,
  ];
}

interface RunningChain {
  replay(recording: Recording): Promise<Now>;
  close(): Promise<void>;
}

/** Starts the chain of the resource files. Rejects as `Resources.read` and `runNode` do. */
async function startChain(
  paths: string[],
  recordings: Recording[],
  upstream: ReplayOptions["upstream"],
  onModel: (model: GatewayModel) => void,
): Promise<RunningChain> {
  const write = (level: string, message: string): void => {
    if (level !== "info") process.stderr.write(`${level}: ${message}\n`);
  };
  const resources = new Resources(paths, write);
  const isTrace = recordings.every(({ seen }) => seen.isTrace);
  if (upstream === "recorded" && !isTrace)
    throw new UnusableRecording("holds no answers of upstreams: --upstream live asks them");
  const played = isTrace && upstream !== "live" ? new PlayedUpstream() : undefined;
  const close = async (): Promise<void> => {
    played?.close();
    await resources.close();
  };
  try {
    const { model } = await resources.read();
    onModel(model);
    let waiting: ((trace: Trace) => void) | undefined;
    const node = await runNode(played ? await played.apply(model) : model, {
      port: 0,
      logLevel: "warn",
      onLog: ({ level, plugin, message }) => write(level, `${plugin}: ${message}`),
      onExchange: ({ trace }: RecordedExchange) => waiting?.(trace),
    });
    const gateway = new URL(`http://127.0.0.1:${node.port}`);
    return {
      async replay({ request, seen }) {
        played?.play(seen);
        const traced = new Promise<Trace>((settle) => (waiting = settle));
        // What broke off is in the trace, too: it may have been so before.
        await send(request, gateway).catch(() => undefined);
        const trace = await traced;
        return { trace, response: trace.response };
      },
      async close() {
        await node.stop();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function askGateway({ request }: Recording, gateway: URL): Promise<Now> {
  try {
    const { response } = await send(request, gateway);
    return { response };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ECONNREFUSED") return { response: undefined };
    throw new UnusableRecording(
      `no gateway at ${gateway.origin} (${message}): start one with gateway run, name it with --gateway, or name ` +
        "resource files: gateway replay FILE PATH…",
    );
  }
}

/** A file may not send requests to whatever machine it names. */
function addressIn({ request }: Recording): URL {
  const authority = request.headers.find(([name]) => name === ":authority")?.[1] ?? "";
  const isLocal = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\]):\d+$/.test(authority);
  return new URL(isLocal ? `http://${authority}` : defaultGateway);
}
