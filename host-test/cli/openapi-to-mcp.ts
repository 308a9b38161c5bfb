// `gateway openapi-to-mcp`: an API description as tools.

import { readFile, writeFile } from "node:fs/promises";
import { validate } from "@scalar/openapi-parser";
import { convert, NotConvertible, type Conversion } from "../openapi/convert.ts";
import { resourcesOf } from "../openapi/resource.ts";
import { pointerOf, Source, UnreadableSource } from "../openapi/source.ts";
import { UsageError, type Command, type Values } from "./command-line.ts";
import { repositoryVersion } from "./package.ts";

export const openapiToMcp: Command = {
  summary: "makes a WasmPlugin of an OpenAPI description: its operations as MCP tools",
  help: `Usage: gateway openapi-to-mcp SPEC [--out FILE] [--name NAME] [--server URL] [--tags A,B] [--operations A,B]
                              [--ingress NAME | --route] [--image URL] [--plain-answers]

Reads an OpenAPI 3.0 or 3.1 or Swagger 2.0 description (YAML or JSON; a file, or an http(s) URL) and prints a
WasmPlugin resource for rest-to-mcp. What has no place in a tool is named on standard error, with file and line.

  --out FILE           instead of standard output
  --name NAME          of the MCP server; default: made of the title
  --server URL         where the service is, in place of the description's servers
  --tags A,B           only operations with one of these tags
  --operations A,B     only operations with one of these ids; with --tags both
  --ingress NAME       the tools stand behind this route only; default: behind every route
  --route              prints the route to the service too: an Ingress and a McpBridge
  --image URL          of the plugin
  --plain-answers      no text in front of answers that tells what they hold

Exit code 0 when there are tools, also when something was left out; 1 when the description cannot be used.
`,
  options: {
    out: { type: "string" },
    name: { type: "string" },
    server: { type: "string" },
    tags: { type: "string" },
    operations: { type: "string" },
    ingress: { type: "string" },
    route: { type: "boolean" },
    image: { type: "string" },
    "plain-answers": { type: "boolean" },
  },
  async run(values, paths) {
    const [spec, ...others] = paths;
    if (spec === undefined || others.length > 0) throw new UsageError("expected one API description");
    try {
      const source = await read(spec);
      const conversion = convert(source, conversionOptions(values));
      await addViolations(source, conversion);
      const { report, configuration } = conversion;
      for (const line of report.lines()) process.stderr.write(`${line}\n`);
      if (configuration.tools.length === 0)
        throw new NotConvertible(`${source.name}: there is no operation that could be a tool`);
      await print(conversion, values);
      const leftOut = report.count("left out");
      const counted = `${configuration.tools.length} tools, ${leftOut === 0 ? "nothing" : leftOut} left out`;
      process.stderr.write(`${configuration.server.name}: ${counted}\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof UnreadableSource || error instanceof NotConvertible)) throw error;
      process.stderr.write(`${error.message}\n`);
      return 1;
    }
  },
};

async function read(spec: string): Promise<Source> {
  try {
    return new Source(spec, /^https?:\/\//.test(spec) ? await fetched(spec) : await readFile(spec, "utf8"));
  } catch (error) {
    if (error instanceof UnreadableSource) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UnreadableSource(`${spec}: ${code === "ENOENT" ? "no such file" : message}`);
  }
}

async function fetched(url: string): Promise<string> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  if (!answer.ok) throw new UnreadableSource(`${url}: status ${answer.status}`);
  return answer.text();
}

function conversionOptions(values: Values): Parameters<typeof convert>[1] {
  const text = (key: string): string | undefined => values[key] as string | undefined;
  const name = text("name");
  const server = text("server");
  const tags = text("tags")?.split(",");
  const operations = text("operations")?.split(",");
  return {
    ...(name === undefined ? {} : { name }),
    ...(server === undefined ? {} : { server }),
    ...(tags === undefined ? {} : { tags }),
    ...(operations === undefined ? {} : { operations }),
    withSummary: values["plain-answers"] !== true,
  };
}

/** What the description's own schema says of it. Most of that does no harm to tools. */
async function addViolations(source: Source, { report }: Conversion): Promise<void> {
  const { errors = [] } = await validate(source.text);
  const found = errors.map(({ message, path }) => {
    const parts = typeof path === "string" ? path.split("/").filter(Boolean) : (path ?? []);
    return { pointer: pointerOf(parts), message };
  });
  // What does not fit inside makes everything around it fit nothing: the innermost is the cause.
  const around = new Set(found.flatMap(({ pointer }) => outerPointers(pointer)));
  for (const { pointer, message } of found) {
    if (!around.has(pointer)) report.add("invalid", { source, pointer }, message);
  }
}

function outerPointers(pointer: string): string[] {
  const parts = pointer.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

async function print(conversion: Conversion, values: Values): Promise<void> {
  const image = (values["image"] as string | undefined) ?? defaultImage(await repositoryVersion());
  const ingress = values["ingress"] as string | undefined;
  const withRoute = values["route"] === true;
  const text = resourcesOf(conversion, { image, withRoute, ...(ingress === undefined ? {} : { ingress }) });
  const out = values["out"] as string | undefined;
  if (out === undefined) process.stdout.write(text);
  else await writeFile(out, text);
}

function defaultImage(version: string): string {
  return `oci://registry.example.com/ai-gateway/rest-to-mcp:${version}`;
}
