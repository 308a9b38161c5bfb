#!/usr/bin/env node
// Starts the command on a Node that runs TypeScript as it is: this one, or the one the project brings along.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { clearInterval, setInterval } from "node:timers";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);

// Types are stripped without a flag since 22.18 and 23.6.
if (major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)) {
  whenOrphaned(() => process.kill(process.pid, "SIGTERM"));
  const { main } = await import("../cli/main.ts");
  // Sockets of a stopped gateway must not keep the process.
  process.exit(await main(process.argv.slice(2)));
} else {
  runOn(pinnedNode());
}

function pinnedNode() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve("node/package.json"));
    const binary = join(folder, "bin", process.platform === "win32" ? "node.exe" : "node");
    if (existsSync(binary)) return binary;
  } catch {
    // Not installed.
  }
  console.error(
    `gateway needs Node 22.18 or later; this is ${process.versions.node}. Run npm ci, or install a newer Node.`,
  );
  process.exit(1);
}

/** The child is this process to whoever started it: same streams, signals and exit code. */
function runOn(binary) {
  const child = spawn(binary, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  whenOrphaned(() => child.kill("SIGTERM"));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"]) {
    process.on(signal, () => child.kill(signal));
  }
  child.on("error", (error) => {
    console.error(`gateway: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/** npm passes a signal on to the shell between itself and us only, which dies of it and leaves us behind. */
function whenOrphaned(stop) {
  if (process.env.npm_command === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    stop();
  }, 250);
  timer.unref();
}
