// Ingress → route rules, conditions and destinations from Higress's annotations.

import type { Cluster, RouteRule } from "../model.ts";
import { readAnnotations, type RouteAnnotations } from "./ingress-annotations.ts";
import type { Resource } from "./documents.ts";
import type { Field } from "./field.ts";

export function readIngress({ root, name }: Resource, clusters: Cluster[]): RouteRule[] {
  const spec = root.get("spec");
  if (!spec.isMapping()) {
    spec.mismatch("a mapping");
    return [];
  }
  spec.refuseOthers(["ingressClassName", "rules", "tls", "defaultBackend"]);
  for (const unused of ["tls", "defaultBackend"]) {
    const field = spec.get(unused);
    if (!field.isEmpty) field.source.problems.warning(field.position, "has no effect in the local gateway");
  }
  const annotations = readAnnotations(root.get("metadata").get("annotations"), clusters);
  const rules = spec.get("rules");
  if (rules.isEmpty) rules.mismatch("a list of rules");
  return rules.items().flatMap((rule) => readRule(rule, name, annotations));
}

function readRule(rule: Field, name: string, annotations: RouteAnnotations): RouteRule[] {
  if (!rule.isMapping()) {
    rule.mismatch("a mapping");
    return [];
  }
  rule.refuseOthers(["host", "http"]);
  const host = readHost(rule.get("host"));
  const paths = rule.get("http").get("paths");
  if (paths.isEmpty) paths.mismatch("a list of paths");
  return paths.items().flatMap((path) => {
    const match = readPath(path);
    const { destinations } = annotations;
    if (destinations === undefined) reportBackend(path);
    if (host === undefined || match === undefined || !destinations) return [];
    const { headers, methods, rewritePath, rewriteHost, retry, timeoutMs } = annotations;
    return [
      {
        ...{ name, host, path: match, headers, methods, destinations, timeoutMs },
        ...(rewritePath !== undefined && { rewritePath }),
        ...(rewriteHost !== undefined && { rewriteHost }),
        ...(retry && { retry }),
        position: path.position,
      },
    ];
  });
}

function readHost(field: Field): string | undefined {
  const host = field.text() ?? "";
  if (host === "" || host === "*") return "*";
  if (/^(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/i.test(host))
    return host.toLowerCase();
  field.mismatch("a host name without port, or *.suffix");
  return undefined;
}

function readPath(field: Field): RouteRule["path"] | undefined {
  field.refuseOthers(["path", "pathType", "backend"]);
  const type = field.get("pathType").word(["Prefix", "Exact", "ImplementationSpecific"]) ?? "Prefix";
  const value = field.get("path").text() ?? "/";
  if (!value.startsWith("/")) {
    field.get("path").mismatch("a path that starts with /");
    return undefined;
  }
  return { type: type === "Exact" ? "exact" : "prefix", value };
}

/** Services of a cluster do not exist here: a route needs Higress's destination annotation. */
function reportBackend(path: Field): void {
  const backend = path.get("backend");
  const service = backend.get("service").get("name").text();
  backend.source.problems.fatal(backend.position, "has no destination that exists outside a cluster", {
    expected: "the annotation higress.io/destination with a service of a McpBridge",
    found: service === undefined ? backend.found : `the Kubernetes service ${service}`,
  });
}

/** Higress's order: catch-all routes last, exact paths first, longer paths first, then the more conditions the earlier. */
export function sortRoutes(routes: RouteRule[]): RouteRule[] {
  const isCatchAll = (rule: RouteRule): boolean =>
    rule.path.type === "prefix" &&
    rule.path.value === "/" &&
    rule.headers.length === 0 &&
    rule.methods.length === 0;
  return routes.toSorted((a, b) => {
    if (isCatchAll(a) !== isCatchAll(b)) return isCatchAll(a) ? 1 : -1;
    if (a.path.type !== b.path.type) return a.path.type === "exact" ? -1 : 1;
    if (a.path.value.length !== b.path.value.length) return b.path.value.length - a.path.value.length;
    if (a.methods.length !== b.methods.length) {
      if (a.methods.length === 0) return 1;
      return b.methods.length === 0 ? -1 : a.methods.length - b.methods.length;
    }
    return b.headers.length - a.headers.length;
  });
}
