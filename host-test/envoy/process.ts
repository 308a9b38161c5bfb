// One Envoy process: its folder, its log as entries, its end.

import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** One entry of Envoy's log. */
export interface EnvoyLog {
  level: string;
  /** Envoy's component: `wasm`, `main`, `config` … */
  logger: string;
  message: string;
}

export type LogListener = (entry: EnvoyLog) => void;

const keptEntries = 5000;
const killAfterMs = 3000;

const logFormat = "%l %n %v";

/** Waits for the end of its standard input, which comes however the process that started it ends. */
const guardScript = 'read -r _; kill -KILL "$0" 2>/dev/null; rm -rf "$1"';

export class EnvoyProcess {
  /** The newest entries, oldest first. */
  readonly logs: EnvoyLog[] = [];
  /** Settles when the process has ended, with its exit code (null: killed). */
  readonly ended: Promise<number | null>;
  readonly folder: string;
  #child: ChildProcess;
  #guard: ChildProcess | undefined;
  #hasEnded = false;

  private constructor(folder: string, child: ChildProcess, onLog: LogListener | undefined) {
    this.folder = folder;
    this.#child = child;
    this.#guard = child.pid === undefined ? undefined : guard(child.pid, folder);
    // An interface that has closed has delivered every line, which "exit" alone does not promise.
    const lines = createInterface({ input: child.stderr! });
    lines.on("line", (line) => this.#record(parseLog(line), onLog));
    const closed = new Promise<void>((settle) => lines.once("close", settle));
    this.ended = new Promise((settle) => {
      const end = (code: number | null): void => {
        this.#hasEnded = true;
        this.#guard?.kill("SIGKILL");
        void closed.then(() => settle(code));
      };
      child.once("exit", end);
      child.once("error", ({ message }) => {
        this.#record({ level: "critical", logger: "main", message }, onLog);
        end(null);
      });
    });
  }

  /** A private folder for the configuration files of one process. */
  static async makeFolder(): Promise<string> {
    return mkdtemp(join(tmpdir(), "envoy-"));
  }

  /** Starts `binary` inside `folder`, which the process owns from then on. */
  static start(binary: string, folder: string, args: string[], onLog?: LogListener): EnvoyProcess {
    const common = ["--disable-hot-restart", "--log-format", logFormat, "--log-format-escaped"];
    // In a process group of its own: Ctrl-C in a terminal is for who drains first, not for Envoy.
    const child = spawn(binary, [...args, ...common], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    return new EnvoyProcess(folder, child, onLog);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Content of a file in the folder, undefined while it is not there or empty. */
  async file(name: string): Promise<string | undefined> {
    const content = await readFile(join(this.folder, name), "utf8").catch(() => "");
    return content === "" ? undefined : content;
  }

  /** Ends the process, by force if it hangs (a plugin in an endless loop ignores SIGTERM), and removes its folder. */
  async stop(): Promise<void> {
    if (!this.#hasEnded) this.#child.kill("SIGTERM");
    const kill = setTimeout(() => this.#child.kill("SIGKILL"), killAfterMs);
    try {
      await this.ended;
    } finally {
      clearTimeout(kill);
      await rm(this.folder, { recursive: true, force: true });
    }
  }

  #record(entry: EnvoyLog, onLog: LogListener | undefined): void {
    this.logs.push(entry);
    if (this.logs.length > keptEntries) this.logs.shift();
    onLog?.(entry);
  }
}

/** No Envoy outlives the process that started it, even if that one is killed. */
function guard(pid: number, folder: string): ChildProcess {
  const child = spawn("sh", ["-c", guardScript, String(pid), folder], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  child.on("error", () => undefined);
  child.unref();
  return child;
}

function parseLog(line: string): EnvoyLog {
  const [, level, logger, message] = /^(\w+) (\w+) (.*)$/.exec(line) ?? [];
  if (level === undefined || logger === undefined || message === undefined) {
    return { level: "info", logger: "", message: line };
  }
  return { level, logger, message: unescape(message).trimEnd() };
}

const escapes: Record<string, string> = { n: "\n", r: "\r", t: "\t" };

/** Undoes `--log-format-escaped`: C escapes, and every byte outside ASCII in octal. */
function unescape(text: string): string {
  const bytes = text.replace(/\\([0-7]{3}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(parseInt(code, 8)) : (escapes[code] ?? code),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}
