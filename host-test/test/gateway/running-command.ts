// `gateway` as people and scripts use it: what it prints, and how it ends.

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export const bin = fileURLToPath(new URL("../../bin/gateway.mjs", import.meta.url));

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export class RunningCommand {
  stdout = "";
  stderr = "";
  readonly finished: Promise<Finished>;
  #process: ChildProcessWithoutNullStreams;
  #progress = Promise.withResolvers<void>();

  constructor(args: string[], environment: Record<string, string> = {}) {
    this.#process = spawn(process.execPath, [bin, ...args], { env: { ...process.env, ...environment } });
    const collect = (name: "stdout" | "stderr"): void => {
      this.#process[name].setEncoding("utf8").on("data", (text: string) => {
        this[name] += text;
        this.#step();
      });
    };
    collect("stdout");
    collect("stderr");
    this.finished = once(this.#process, "close").then(([code]) => {
      this.#step();
      return { code: code as number | null, stdout: this.stdout, stderr: this.stderr };
    });
  }

  /** Resolves with the match as soon as a stream holds it. */
  async saw(stream: "stdout" | "stderr", pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this[stream]);
      if (match) return match;
      if (this.#process.exitCode !== null)
        throw new Error(`ended without ${pattern}: ${this.stdout}${this.stderr}`);
      await this.#progress.promise;
    }
  }

  async url(): Promise<string> {
    return (await this.saw("stdout", /listening on (http:\S+)\n/))[1]!;
  }

  async adminUrl(): Promise<string> {
    return (await this.saw("stderr", /admin on (http:\S+)\n/))[1]!;
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  #step(): void {
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
  }
}

/** A command that ends by itself. */
export function finished(...args: string[]): Promise<Finished> {
  return new RunningCommand(args).finished;
}
