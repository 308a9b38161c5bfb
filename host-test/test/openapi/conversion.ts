// Descriptions converted in this process, and what the compiled plugin makes of them.

import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import Ajv from "ajv/dist/2020.js";
import { expect } from "vitest";
import { loadGateway } from "../../gateway/load.ts";
import { lintGateway } from "../../gateway/lint/index.ts";
import { builtModules, repositoryFolders } from "../../gateway/resources/plugin-url.ts";
import { convert, type Conversion, type ConversionOptions } from "../../openapi/convert.ts";
import { resourcesOf } from "../../openapi/resource.ts";
import { Source } from "../../openapi/source.ts";
import { TestChain, type UpstreamSees } from "../../testing/chain.ts";
import { folderOf } from "../gateway/resource-files.ts";

const module = readFileSync(builtModules("rest-to-mcp", repositoryFolders).higress);

export const fixtures = fileURLToPath(new URL("fixtures", import.meta.url));

export function converted(file: string, options: Partial<ConversionOptions> = {}): Conversion {
  const path = relative(process.cwd(), file);
  return convert(new Source(path, readFileSync(path, "utf8")), { withSummary: true, ...options });
}

export function asResource(conversion: Conversion, withRoute = false): string {
  return resourcesOf(conversion, { image: "oci://registry.example.com/rest-to-mcp:1", withRoute });
}

/** What `gateway lint` says of the resource before plugins are tried. */
export async function lintOf(resource: string): Promise<string[]> {
  const gateway = await loadGateway([await folderOf({ "tools.yaml": resource })], {});
  lintGateway(gateway);
  return gateway.problems.list.map(({ severity, message }) => `${severity}: ${message}`);
}

export interface ListedTool {
  name: string;
  inputSchema: { properties: Record<string, Record<string, unknown>>; required?: string[] };
}

/** Names that MCP allows, and JSON Schemas. */
export function expectValid(tools: ListedTool[]): void {
  const ajv = new Ajv.default({ strict: false, validateFormats: false });
  for (const { name, inputSchema } of tools) {
    expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    for (const key of Object.keys(inputSchema.properties)) expect(key).toMatch(/^[A-Za-z0-9_.-]{1,64}$/);
    ajv.compile(inputSchema);
  }
}

/** The plugin with the conversion's configuration. */
export class ToolServer {
  upstream: UpstreamSees | undefined;
  readonly #chain: TestChain;

  constructor({ configuration }: Conversion) {
    this.#chain = new TestChain({
      plugins: [{ name: "rest-to-mcp", module, configuration }],
      upstream: (request) => {
        this.upstream = request;
        return { body: "done" };
      },
    });
  }

  /** What the plugin warned of or refused while it was configured. */
  problems(): string[] {
    return this.#chain.problems();
  }

  tools(): ListedTool[] {
    return (this.#ask("tools/list", {}) as { tools: ListedTool[] }).tools;
  }

  /** The request that the upstream gets. */
  call(name: string, args: object): UpstreamSees {
    this.upstream = undefined;
    const result = this.#ask("tools/call", { name, arguments: args });
    if (!this.upstream) throw new Error(JSON.stringify(result));
    return this.upstream;
  }

  close(): void {
    this.#chain.close();
  }

  #ask(method: string, params: object): unknown {
    const { client } = this.#chain.exchange({
      method: "POST",
      path: "/mcp",
      headers: { "content-type": "application/json", "mcp-protocol-version": "2025-06-18" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const answer = JSON.parse(client.text) as { result?: unknown };
    if (answer.result === undefined) throw new Error(client.text);
    return answer.result;
  }
}
