// McpBridge → clusters under the names Higress gives them.

import { isIP } from "node:net";
import type { Cluster } from "../model.ts";
import type { Resource } from "./documents.ts";
import type { Field } from "./field.ts";

type Endpoint = Cluster["endpoints"][number];

/** A registry served by the provider simulator instead of its own address. */
interface Simulation {
  dialect: string;
  /** The registry is real while this environment variable is set. */
  unless: string | undefined;
}

const simulateAnnotation = "local-gateway/simulate";
const dialects = ["openai", "anthropic", "gemini"] as const;
const protocols = ["http", "https", "http2", "grpc", "grpcs"] as const;

export function readMcpBridge(
  { root }: Resource,
  environment: Record<string, string | undefined>,
): Cluster[] {
  const registries = root.get("spec").get("registries");
  if (registries.isEmpty) registries.mismatch("a list of registries");
  const annotation = root.get("metadata").get("annotations").get(simulateAnnotation);
  const simulations = readSimulations(annotation);
  const clusters = registries.items().flatMap((registry) => {
    const cluster = readRegistry(registry);
    if (!cluster) return [];
    const simulation = simulations.get(registry.get("name").text() ?? "");
    const isReal = simulation?.unless !== undefined && environment[simulation.unless];
    return [simulation && !isReal ? { ...cluster, simulated: simulation.dialect } : cluster];
  });
  const names = registries.items().map((registry) => registry.get("name").text());
  for (const name of simulations.keys()) {
    if (!names.includes(name))
      annotation.source.problems.error(annotation.position, `no registry is named "${name}"`);
  }
  return clusters;
}

function readRegistry(registry: Field): Cluster | undefined {
  if (!registry.isMapping()) {
    registry.mismatch("a mapping");
    return undefined;
  }
  const type = registry.get("type").requiredText("static or dns");
  const name = registry.get("name").requiredText("a registry name");
  if (type !== undefined && type !== "static" && type !== "dns") {
    registry.source.problems.fatal(registry.get("type").position, "this kind of registry needs a cluster", {
      expected: "static or dns",
      found: type,
    });
    return undefined;
  }
  const domain = registry.get("domain");
  const text = domain.requiredText(type === "dns" ? "a host name" : "ip:port,ip:port");
  const protocol = registry.get("protocol").word(protocols) ?? "http";
  const sni = registry.get("sni").text();
  const port = readPort(registry, type);
  if (type === undefined || name === undefined || text === undefined) return undefined;
  const endpoints = type === "static" ? readAddresses(domain, text) : readNames(domain, text, port);
  if (!endpoints) return undefined;
  const usesTls = protocol === "https" || protocol === "grpcs";
  return {
    name: `outbound|${type === "static" ? 80 : port}||${name}.${type}`,
    endpoints,
    ...(usesTls && { tls: { serverName: sni || endpoints[0]!.host } }),
    protocol: protocol === "http" || protocol === "https" ? "http1" : "http2",
    position: registry.position,
  };
}

function readPort(registry: Field, type: string | undefined): number {
  const port = registry.get("port");
  if (type === "dns" && port.isEmpty) port.mismatch("a port number");
  // For static registries Higress always uses 80; the ports are those of the addresses.
  return port.integer(1, 65535) ?? 80;
}

function readAddresses(domain: Field, text: string): Endpoint[] | undefined {
  const endpoints = list(text).map((address) => {
    const match = /^(?:\[([0-9a-fA-F:]+)\]|([0-9.]+)):(\d{1,5})$/.exec(address);
    const host = match?.[1] ?? match?.[2] ?? "";
    const port = Number(match?.[3]);
    return isIP(host) !== 0 && port > 0 && port < 65536 ? { host, port } : undefined;
  });
  if (endpoints.length > 0 && endpoints.every((endpoint) => endpoint !== undefined)) return endpoints;
  domain.source.problems.fatal(domain.position, "is not a list of addresses; a name needs type dns", {
    expected: "ip:port,ip:port",
    found: text,
  });
  return undefined;
}

function readNames(domain: Field, text: string, port: number): Endpoint[] | undefined {
  const names = list(text);
  if (names.length > 0 && names.every((name) => /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(name))) {
    return names.map((host) => ({ host, port }));
  }
  domain.source.problems.fatal(domain.position, "is not a host name; the port has its own field", {
    expected: "a host name",
    found: text,
  });
  return undefined;
}

function list(text: string): string[] {
  return text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
}

/** `{"<registry>": {"dialect": "openai", "unless": "OPENAI_API_KEY"}}` as annotation text. */
function readSimulations(annotation: Field): Map<string, Simulation> {
  const simulations = new Map<string, Simulation>();
  const text = annotation.text();
  if (text === undefined) return simulations;
  const refuse = (found: string): void =>
    annotation.source.problems.fatal(annotation.position, "is not a description of simulated registries", {
      expected: `{"REGISTRY": {"dialect": "${dialects.join("|")}", "unless": "VARIABLE"}}`,
      found,
    });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    refuse(text);
    return simulations;
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) refuse(text);
  for (const [name, value] of Object.entries(parsed ?? {})) {
    const { dialect, unless } = (value ?? {}) as { dialect?: unknown; unless?: unknown };
    const isKnown = dialects.some((known) => known === dialect);
    if (!isKnown || (unless !== undefined && typeof unless !== "string")) refuse(JSON.stringify(value));
    else simulations.set(name, { dialect: dialect as string, unless: unless as string | undefined });
  }
  return simulations;
}
