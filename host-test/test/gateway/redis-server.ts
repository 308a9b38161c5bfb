// A real redis-server for one test file.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { promisify } from "node:util";

/** Whether the machine has one; says in one line that tests are skipped where it has none. */
export async function hasRedisServer(): Promise<boolean> {
  try {
    await promisify(execFile)("redis-server", ["--version"]);
    return true;
  } catch {
    console.error("skipped: no redis-server on this machine (Debian: apt-get install redis-server)");
    return false;
  }
}

export interface RedisServer {
  port: number;
  stop(): Promise<void>;
}

/** Resolves once it accepts connections. Nothing is kept on disk. */
export async function startRedisServer(...settings: string[]): Promise<RedisServer> {
  const port = await freePort();
  const options = [
    "--port",
    String(port),
    "--save",
    "",
    "--appendonly",
    "no",
    "--bind",
    "127.0.0.1",
    ...settings,
  ];
  const server = spawn("redis-server", options, { stdio: ["ignore", "pipe", "inherit"] });
  server.stdout.setEncoding("utf8");
  for await (const text of server.stdout) if ((text as string).includes("Ready to accept connections")) break;
  server.stdout.resume();
  return {
    port,
    async stop() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      server.kill("SIGKILL");
      await once(server, "exit");
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
