// The `gateway` command.

import { nearest } from "../gateway/resources/problems.ts";
import { parse, UsageError, type Command } from "./command-line.ts";
import { bench } from "./bench.ts";
import { lint } from "./lint.ts";
import { openapiToMcp } from "./openapi-to-mcp.ts";
import { packageCommand } from "./package.ts";
import { push } from "./push.ts";
import { render } from "./render.ts";
import { replay } from "./replay.ts";
import { run } from "./run.ts";

const commands: Record<string, Command> = {
  run,
  lint,
  render,
  bench,
  package: packageCommand,
  push,
  replay,
  "openapi-to-mcp": openapiToMcp,
};

/** Runs the command and resolves with the exit code. */
export async function main(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    const output = name === undefined ? process.stderr : process.stdout;
    output.write(overview());
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    process.stderr.write(`gateway: ${unknown(name)}\n`);
    return 2;
  }
  try {
    const { values, positionals } = parse(rest, command.options);
    if (values["help"]) {
      process.stdout.write(command.help);
      return 0;
    }
    return await command.run(values, positionals);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`gateway ${name}: ${error.message}\nTry gateway ${name} --help.\n`);
    return 2;
  }
}

function unknown(name: string): string {
  const near = nearest(name, Object.keys(commands));
  return `unknown command ${name}${near ? `; did you mean ${near}?` : ""}`;
}

function overview(): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(16)}${summary}`);
  return `Usage: gateway COMMAND …

Runs the files that are applied to a cluster (WasmPlugin, McpBridge, Ingress, …) on this machine.

${lines.join("\n")}

gateway COMMAND --help says more.
`;
}
