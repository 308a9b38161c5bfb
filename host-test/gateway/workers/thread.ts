// A worker: its own event loop, chain and sockets.

import { parentPort, workerData } from "node:worker_threads";
import { ConfigurationRejected, type LogSink } from "../../host/types.ts";
import { GatewayServer } from "../server.ts";
import { TraceRecorder, type RecordedExchange } from "../traces/recorder.ts";
import {
  startId,
  type Command,
  type Reply,
  type Request,
  type WorkerFailure,
  type WorkerSetup,
} from "./messages.ts";
import { attachShared } from "./shared.ts";

const port = parentPort!;
const setup = workerData as WorkerSetup;

const log: LogSink = {
  level: setup.logLevel,
  write: (level, plugin, message) => post({ kind: "log", level, plugin, message }),
};

function post(reply: Reply): void {
  port.postMessage(reply);
}

function failure(error: unknown): WorkerFailure {
  const { message, code } = error as NodeJS.ErrnoException;
  return {
    message,
    ...(error instanceof ConfigurationRejected && { plugin: error.plugin }),
    ...(code !== undefined && { code }),
  };
}

async function run(server: GatewayServer, command: Command): Promise<unknown> {
  switch (command.kind) {
    case "listen":
      return server.listen(command);
    case "reload":
      return server.reload(command.serving);
    case "statistics":
      return { plugins: server.pluginStatistics(), gateway: server.statistics.prometheus() };
    case "drain":
      await server.drain(command.timeoutMs);
      return server.close();
  }
}

try {
  const { serving, flavour, bufferLimit, canary, shared, index, records } = setup;
  const record = (exchange: RecordedExchange): void => post({ kind: "exchange", exchange });
  const server = await GatewayServer.create(serving, {
    flavour,
    canary,
    log,
    ...attachShared(shared),
    ...(bufferLimit !== undefined && { bufferLimit }),
    ...(records && { traces: new TraceRecorder(index, serving.secrets, record) }),
  });
  port.on("message", ({ id, ...command }: Request) => {
    run(server, command).then(
      (value) => post({ kind: "answer", id, value }),
      (error: unknown) => post({ kind: "failure", id, failure: failure(error) }),
    );
  });
  post({ kind: "started" });
} catch (error) {
  post({ kind: "failure", id: startId, failure: failure(error) });
}
