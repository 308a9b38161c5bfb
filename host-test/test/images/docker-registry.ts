// A real docker-registry for one test file, with a user if one is wanted.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export const execute = promisify(execFile);

/** Whether the machine has both programs. Where tests must not be skipped, a missing one is an error. */
export async function hasRegistryTools(): Promise<boolean> {
  try {
    await execute("docker-registry", ["--version"]);
    await execute("skopeo", ["--version"]);
    return true;
  } catch (error) {
    if (process.env["CI"] === "true") throw error;
    console.error("skipped: Debian's packages docker-registry and skopeo are not both installed");
    return false;
  }
}

export interface DockerRegistry {
  /** `127.0.0.1:PORT`. */
  host: string;
  stop(): Promise<void>;
}

/** `htpasswd`: lines of USER:BCRYPT. Resolves once it serves. */
export async function startDockerRegistry({ htpasswd }: { htpasswd?: string } = {}): Promise<DockerRegistry> {
  const folder = await mkdtemp(join(tmpdir(), "registry-"));
  await writeFile(join(folder, "htpasswd"), htpasswd ?? "");
  const configuration = {
    version: 0.1,
    log: { level: "info" },
    storage: { filesystem: { rootdirectory: join(folder, "data") } },
    http: { addr: "127.0.0.1:0" },
    ...(htpasswd !== undefined && { auth: { htpasswd: { realm: "test", path: join(folder, "htpasswd") } } }),
  };
  await writeFile(join(folder, "config.yml"), JSON.stringify(configuration));
  const server = spawn("docker-registry", ["serve", join(folder, "config.yml")], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const host = await new Promise<string>((settle, reject) => {
    let log = "";
    // The stream stays open: a registry that cannot write its log ends.
    server.stderr.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      const address = /listening on (127\.0\.0\.1:\d+)/.exec(log)?.[1];
      if (address !== undefined) settle(address);
    });
    server.once("exit", () => reject(new Error(`docker-registry did not start: ${log}`)));
    server.once("error", reject);
  });
  return {
    host,
    async stop() {
      server.kill("SIGKILL");
      if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
