// What a command is given, and what it may answer.

import { parseArgs, type ParseArgsConfig } from "node:util";

/** The command line itself is wrong: message and exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

export interface Command {
  /** One line for the list of commands. */
  summary: string;
  /** Everything `--help` prints. */
  help: string;
  options: NonNullable<ParseArgsConfig["options"]>;
  /** Resolves with the exit code. */
  run(values: Values, paths: string[]): Promise<number>;
}

export type Values = Record<string, string | boolean | string[] | undefined>;

/** Throws `UsageError`. */
export function parse(
  args: string[],
  options: Command["options"],
): { values: Values; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({
      args,
      options: { ...options, help: { type: "boolean", short: "h" } },
      allowPositionals: true,
    });
    return { values: values as Values, positionals };
  } catch (error) {
    throw new UsageError(
      (error as Error).message.split("\n")[0]!.replace(/\. To specify a positional.*$/, ""),
    );
  }
}

export function integer(values: Values, name: string, minimum: number, maximum: number): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (typeof text === "string" && /^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
  throw new UsageError(`--${name}: expected a whole number from ${minimum} to ${maximum}, found ${text}`);
}

export function word<T extends string>(values: Values, name: string, words: readonly T[]): T | undefined {
  const text = values[name];
  if (text === undefined || words.includes(text as T)) return text as T | undefined;
  throw new UsageError(`--${name}: expected one of ${words.join(", ")}, found ${text}`);
}

export function requirePaths(paths: string[]): void {
  if (paths.length === 0) throw new UsageError("expected a file or folder with resources");
}
