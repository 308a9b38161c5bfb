// `gateway lint`: everything that can be said about resource files without starting them.

import { defaultBufferLimit, largestBody } from "../gateway/lint/buffers.ts";
import { lintGateway } from "../gateway/lint/index.ts";
import { loadGateway, type LoadedGateway } from "../gateway/load.ts";
import { formatProblem } from "../gateway/resources/problems.ts";
import { tryPlugins } from "./plugin-trial.ts";
import { requirePaths, word, type Command } from "./command-line.ts";

export const lint: Command = {
  summary: "checks resource files without starting anything",
  help: `Usage: gateway lint PATH… [--format text|json] [--pull]

Checks every YAML document in the files and folders: the shape of the resources, plugin configurations
against the plugins' schemas, services that nobody defines, routes that no request reaches, rules that no
route meets, the order of the chain, body buffer limits. At last each plugin is given its configuration, as \`run\`
does it, so that what it refuses or warns of is known too.

  --format text|json   default text
  --pull               images of our own plugins are pulled too, instead of taking the local build

Exit code 0 when there is no error, 1 when there is. Warnings do not count.
`,
  options: { format: { type: "string" }, pull: { type: "boolean" } },
  async run(values, paths) {
    requirePaths(paths);
    const format = word(values, "format", ["text", "json"]) ?? "text";
    const gateway = await loadGateway(paths, { pull: values["pull"] === true });
    lintGateway(gateway);
    if (!gateway.problems.hasErrors) await tryPlugins(gateway);
    process.stdout.write(format === "json" ? asJson(gateway) : asText(gateway));
    return gateway.problems.hasErrors ? 1 : 0;
  },
};

function asJson({ problems, model, plugins }: LoadedGateway): string {
  const report = {
    ok: !problems.hasErrors,
    problems: problems.sorted().map(({ severity, position, message, expected, found }) => ({
      severity,
      ...position,
      message,
      expected,
      found,
    })),
    ignored: model.ignored.map(({ kind, name, position }) => ({ kind, name, ...position })),
    chain: plugins.map(({ resource, phase, priority }) => ({ name: resource.name, phase, priority })),
    bufferLimit: model.bufferLimit ?? defaultBufferLimit,
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

function asText(gateway: LoadedGateway): string {
  const { problems, model } = gateway;
  const lines = problems.sorted().map(formatProblem);
  for (const { kind, name, position } of model.ignored) {
    lines.push(`${position.file}:${position.line}: ignored: ${kind} ${name}`);
  }
  if (problems.hasErrors) return `${lines.join("\n")}\n`;
  lines.push(
    `ok: ${count(model.plugins.length, "plugin")}, ${count(model.clusters.length, "service")}, ` +
      count(new Set(model.routes.map(({ name }) => name)).size, "route"),
  );
  if (model.plugins.length > 0) {
    lines.push(`request order: ${model.plugins.map(({ name }) => name).join(" → ")}`, bufferLine(gateway));
  }
  return `${lines.join("\n")}\n`;
}

function bufferLine(gateway: LoadedGateway): string {
  const limit = gateway.model.bufferLimit ?? defaultBufferLimit;
  const largest = largestBody(gateway);
  const raised =
    largest === undefined ? "" : `; plugins are configured for bodies up to ${kibibytes(largest)}`;
  return `buffer limit: ${kibibytes(limit)} per stream and direction unless a plugin raises it${raised}`;
}

function kibibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024).toLocaleString("en")} KiB`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
