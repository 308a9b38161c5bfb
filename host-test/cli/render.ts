// `gateway render`: the same files as configuration of another engine.

import { checkSupported, EnvoyUnsupported } from "../envoy/imports.ts";
import { renderBootstrap, renderYaml } from "../envoy/render.ts";
import { loadGateway } from "../gateway/load.ts";
import { formatProblem } from "../gateway/resources/problems.ts";
import { integer, requirePaths, UsageError, word, type Command } from "./command-line.ts";
import { withBuiltModules } from "./modules.ts";

export const render: Command = {
  summary: "prints the Envoy configuration of resource files",
  help: `Usage: gateway render PATH… --engine envoy [--format yaml|json] [--host 127.0.0.1] [--port 8080]
                                          [--admin-port 8081] [--pull]

Prints the Envoy bootstrap for the same files on standard output. Modules are named by absolute path; those
that are not built yet are built first. With --pull images of our own plugins are pulled too, instead of
taking the local build.

Exit code 2 when a resource cannot be used, or needs what only Higress has.
`,
  options: {
    engine: { type: "string" },
    format: { type: "string" },
    host: { type: "string" },
    port: { type: "string" },
    "admin-port": { type: "string" },
    pull: { type: "boolean" },
  },
  async run(values, paths) {
    requirePaths(paths);
    if (word(values, "engine", ["envoy"]) === undefined) throw new UsageError("expected --engine envoy");
    const format = word(values, "format", ["yaml", "json"]) ?? "yaml";
    const port = integer(values, "port", 0, 65535) ?? 8080;
    const adminPort = integer(values, "admin-port", 0, 65535) ?? 8081;
    const host = values["host"] as string | undefined;
    const { model, problems } = await loadGateway(paths, { pull: values["pull"] === true });
    process.stderr.write(
      problems
        .sorted()
        .map((problem) => `${formatProblem(problem)}\n`)
        .join(""),
    );
    if (problems.hasFatal) return 2;
    const options = { port, adminPort, ...(host !== undefined && { host }), ...bufferLimitOf(model) };
    try {
      const built = await withBuiltModules(model, (_level, message) => process.stderr.write(`${message}\n`));
      await checkSupported(built);
      const text =
        format === "yaml"
          ? renderYaml(built, options)
          : JSON.stringify(renderBootstrap(built, options), null, 2);
      process.stdout.write(text.endsWith("\n") ? text : `${text}\n`);
      return 0;
    } catch (error) {
      process.stderr.write(`${(error as Error).message}\n`);
      return error instanceof EnvoyUnsupported ? 2 : 1;
    }
  },
};

function bufferLimitOf({ bufferLimit }: { bufferLimit?: number }): { bufferLimit?: number } {
  return bufferLimit === undefined ? {} : { bufferLimit };
}
