// An API description → the configuration of rest-to-mcp that offers its operations as tools.

import { Description } from "./description.ts";
import { Names, resourceName } from "./names.ts";
import type { SpecNode } from "./node.ts";
import { References } from "./node.ts";
import type { Operation } from "./operation.ts";
import { Report } from "./report.ts";
import { SchemaReader } from "./schema.ts";
import { Security, type SecurityScheme } from "./security.ts";
import { ServerConfig, Servers } from "./server.ts";
import type { Source } from "./source.ts";
import { SwaggerDescription } from "./swagger.ts";
import { toolOf, type Tool } from "./tool.ts";

export interface ConversionOptions {
  /** Name of the server; without it made of the description's title. */
  name?: string;
  /** URL in place of the description's servers. */
  server?: string;
  /** Only operations with one of these tags, or with one of these ids. */
  tags?: string[];
  operations?: string[];
  withSummary: boolean;
}

/** As in the plugin's schema.json. */
export interface Configuration {
  server: {
    name: string;
    config?: Record<string, string>;
    securitySchemes?: SecurityScheme[];
    defaultUpstreamSecurity?: { id: string };
  };
  tools: Tool[];
}

export interface Conversion {
  title: string;
  configuration: Configuration;
  /** `https://host` of the service, or "" where the description does not say. */
  origin: string;
  report: Report;
}

/** The description is in no version that can be read, or has nothing to offer. */
export class NotConvertible extends Error {
  constructor(message: string) {
    super(message);
    this.name = "NotConvertible";
  }
}

/** Throws `NotConvertible`. */
export function convert(source: Source, options: ConversionOptions): Conversion {
  const report = new Report();
  const references = new References(source, report);
  const version = versionOf(references.root);
  const Reader = version === "2.0" ? SwaggerDescription : Description;
  const description = new Reader(references, report);
  const operations = chosen(description.operations(), options);
  const config = new ServerConfig();
  const servers = new Servers(config, report, options.server);
  const security = new Security(description, config, report);
  const parts = {
    names: Names.ofTools(),
    schemas: new SchemaReader(references, report, version === "3.1"),
    servers,
    security,
    report,
    withSummary: options.withSummary,
  };
  const tools = operations.map((operation) => toolOf(operation, parts));
  const title = references.root.get("info").get("title").text ?? "";
  const schemes = [...security.used.values()];
  const name = options.name ?? resourceName(title);
  const configuration: Configuration = {
    server: {
      name,
      ...(config.values.size > 0 ? { config: Object.fromEntries(config.values) } : {}),
      ...(schemes.length > 0 ? { securitySchemes: schemes } : {}),
      ...defaultSecurity(tools),
    },
    tools,
  };
  return {
    title,
    configuration,
    origin: originOf(options.server ?? servers.main?.origin ?? "", config),
    report,
  };
}

function versionOf(root: SpecNode): "2.0" | "3.0" | "3.1" {
  const swagger = root.get("swagger").text;
  const openapi = root.get("openapi").text;
  if (swagger !== undefined && /^2(\.0)?$/.test(swagger)) return "2.0";
  if (openapi?.startsWith("3.0")) return "3.0";
  if (openapi !== undefined && /^3(\.|$)/.test(openapi)) return "3.1";
  const found = openapi ?? swagger;
  throw new NotConvertible(
    `${root.source.name}: expected a description with openapi: 3.x or swagger: "2.0", found ${found === undefined ? "neither" : JSON.stringify(found)}`,
  );
}

function chosen(all: Operation[], { tags, operations }: ConversionOptions): Operation[] {
  const isChosen = ({ tags: own, id }: Operation): boolean =>
    (tags === undefined && operations === undefined) ||
    own.some((tag) => tags?.includes(tag)) ||
    (id !== undefined && operations?.includes(id) === true);
  return all.filter(isChosen);
}

/** What every tool needs is said once. */
function defaultSecurity(tools: Tool[]): { defaultUpstreamSecurity?: { id: string } } {
  const id = tools[0]?.requestTemplate.security?.id;
  if (id === undefined || tools.some(({ requestTemplate }) => requestTemplate.security?.id !== id)) return {};
  for (const { requestTemplate } of tools) delete requestTemplate.security;
  return { defaultUpstreamSecurity: { id } };
}

/** With the values that its variables have at first. */
function originOf(base: string, config: ServerConfig): string {
  const url = base.replaceAll(/\{\{\.config\.(\w+)\}\}/g, (_, key: string) => config.values.get(key) ?? "");
  return /^https?:\/\/[^/{}]+/i.exec(url)?.[0] ?? "";
}
