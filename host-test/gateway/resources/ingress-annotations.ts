// The `higress.io/` annotations of an Ingress that decide about routing.

import { METHODS } from "node:http";
import type { Cluster, RouteRule } from "../model.ts";
import type { Field } from "./field.ts";
import { suggestion } from "./problems.ts";

export type RouteAnnotations = Pick<
  RouteRule,
  "headers" | "methods" | "rewritePath" | "rewriteHost" | "retry" | "timeoutMs"
> & {
  /** `undefined`: the Ingress names none. `null`: it does, but none that can be used, which was reported. */
  destinations: RouteRule["destinations"] | null | undefined;
};

type Retry = NonNullable<RouteRule["retry"]>;

const prefix = "higress.io/";
const understood = [
  ...["destination", "rewrite-path", "upstream-vhost", "timeout", "match-method"],
  ...["proxy-next-upstream", "proxy-next-upstream-tries"],
];
const headerMatch = /^(exact|prefix|regex)-match-header-(.+)$/;

/** What Higress retries when only the number of tries is given. */
const defaultRetry: Retry = { on: ["5xx"], attempts: 3 };

export function readAnnotations(annotations: Field, clusters: Cluster[]): RouteAnnotations {
  const result: RouteAnnotations = { headers: [], methods: [], timeoutMs: 0, destinations: undefined };
  for (const [key, field] of annotations.entries()) {
    const text = field.text();
    if (text === undefined || !key.startsWith(prefix)) continue;
    const name = key.slice(prefix.length);
    const header = headerMatch.exec(name);
    if (header) readHeader(field, header[1]!, header[2]!, text, result);
    else if (understood.includes(name)) readAnnotation(field, name, text, result, clusters);
    else {
      const hint = suggestion(name, understood);
      field.source.problems.warning(
        annotations.keyPosition(key),
        `has no effect in the local gateway${hint}`,
      );
    }
  }
  return result;
}

function readAnnotation(
  field: Field,
  name: string,
  text: string,
  result: RouteAnnotations,
  clusters: Cluster[],
): void {
  switch (name) {
    case "destination":
      result.destinations = readDestinations(field, text, clusters) ?? null;
      break;
    case "rewrite-path":
      if (!text.startsWith("/")) field.mismatch("a path that starts with /");
      else result.rewritePath = text;
      break;
    case "upstream-vhost":
      result.rewriteHost = text;
      break;
    case "timeout":
      result.timeoutMs = (field.integer(0, 86_400) ?? 0) * 1000;
      break;
    case "match-method":
      result.methods = readMethods(field, text);
      break;
    case "proxy-next-upstream":
      result.retry = readRetry(field, text, result.retry?.attempts ?? defaultRetry.attempts);
      break;
    case "proxy-next-upstream-tries":
      result.retry = {
        ...(result.retry ?? defaultRetry),
        attempts: field.integer(0, 100) ?? defaultRetry.attempts,
      };
      break;
  }
}

function readHeader(
  field: Field,
  kind: string,
  header: string,
  text: string,
  { headers }: RouteAnnotations,
): void {
  const name = header.toLowerCase();
  if (kind === "exact") headers.push({ name, exact: text });
  if (kind === "prefix") headers.push({ name, prefix: text });
  if (kind !== "regex") return;
  try {
    new RegExp(text, "u");
    headers.push({ name, regex: text });
  } catch (error) {
    field.mismatch(`a regular expression (${(error as Error).message})`);
  }
}

function readMethods(field: Field, text: string): string[] {
  const methods = text.split(/[\s,]+/).filter((method) => method !== "");
  for (const method of methods) {
    if (!METHODS.includes(method)) field.mismatch("HTTP methods in capitals", suggestion(method, METHODS));
  }
  return methods;
}

/** `error`, `timeout` and `invalid_header` are all 5xx to Higress. */
function readRetry(field: Field, text: string, attempts: number): Retry | undefined {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  const known = /^(?:off|error|timeout|invalid_header|non_idempotent|http_[1-5]\d\d)$/;
  const unknown = words.find((word) => !known.test(word));
  if (unknown !== undefined) {
    field.mismatch("a list of error, timeout, invalid_header, non_idempotent, http_CODE, or off");
    return undefined;
  }
  if (words.includes("off")) return undefined;
  const statusCodes = words.filter((word) => word.startsWith("http_")).map((word) => Number(word.slice(5)));
  const on = words.some((word) => ["error", "timeout", "invalid_header"].includes(word)) ? ["5xx"] : [];
  if (statusCodes.length === 0) return { on, attempts };
  return { on: [...on, "retriable-status-codes"], attempts, statusCodes };
}

/** `NAME.static`, `NAME.dns:443`, or lines of `80% NAME.static`. */
function readDestinations(
  field: Field,
  text: string,
  clusters: Cluster[],
): RouteRule["destinations"] | undefined {
  const lines = text.split("\n").map((line) => line.trim());
  const destinations = lines
    .filter((line) => line !== "")
    .map((line) => readDestination(field, line, clusters));
  if (destinations.length === 0) {
    field.mismatch("a service of a McpBridge, or lines of WEIGHT% SERVICE");
    return undefined;
  }
  if (!destinations.every((destination) => destination !== undefined)) return undefined;
  const sum = destinations.reduce((total, { weight }) => total + weight, 0);
  if (sum === 100) return destinations;
  field.source.problems.fatal(field.position, "the weights do not add up", {
    expected: "100 %",
    found: `${sum} %`,
  });
  return undefined;
}

function readDestination(
  field: Field,
  line: string,
  clusters: Cluster[],
): RouteRule["destinations"][number] | undefined {
  const match = /^(?:(\d{1,3})%\s+)?([^\s:%]+)(?::(\d{1,5}))?(?:\s+\S+)?$/.exec(line);
  if (!match) {
    field.mismatch("NAME.static, NAME.dns:PORT, or lines of WEIGHT% SERVICE");
    return undefined;
  }
  const [, weight = "100", service = "", port] = match;
  const cluster = findCluster(clusters, service, port);
  if (cluster) return { cluster: cluster.name, weight: Number(weight) };
  const services = clusters.map(serviceOf);
  const known = services.map((item) => item.service);
  const hint = known.includes(service) ? "" : suggestion(service, known);
  field.source.problems.fatal(
    field.position,
    `no McpBridge registry defines the service "${service}"${hint}`,
    {
      expected:
        services.length > 0
          ? services.map((item) => `${item.service}:${item.port}`).join(", ")
          : "a McpBridge",
      found: port === undefined ? service : `${service}:${port}`,
    },
  );
  return undefined;
}

/** Without a port the service's only port is meant, as in a mesh. */
export function findCluster(
  clusters: Cluster[],
  service: string,
  port: string | undefined,
): Cluster | undefined {
  return clusters.find((cluster) => {
    const candidate = serviceOf(cluster);
    return candidate.service === service && (port === undefined || candidate.port === port);
  });
}

/** `outbound|80||name.static` → `name.static` and `80`. */
export function serviceOf({ name }: Cluster): { service: string; port: string } {
  const [, port = "", , service = ""] = name.split("|");
  return { service, port };
}
