// Routes that no request reaches, and plugin rules that no route meets.

import type { LoadedGateway } from "../load.ts";
import type { GatewayModel, RouteRule } from "../model.ts";
import type { Field } from "../resources/field.ts";
import { suggestion, type Problems } from "../resources/problems.ts";

export function checkRoutes({ model, problems }: LoadedGateway): void {
  model.routes.forEach((rule, index) => {
    const earlier = model.routes.slice(0, index).find((other) => covers(other, rule));
    if (!earlier) return;
    const { file, line } = earlier.position;
    problems.error(
      rule.position,
      `no request reaches this path: ${earlier.name} takes them all (${file}:${line})`,
    );
  });
}

/** Whether every request that `rule` matches is matched by `earlier`. */
function covers(earlier: RouteRule, rule: RouteRule): boolean {
  if (earlier.host !== rule.host || !coversPath(earlier.path, rule.path)) return false;
  const coversMethods =
    earlier.methods.length === 0 ||
    (rule.methods.length > 0 && rule.methods.every((method) => earlier.methods.includes(method)));
  return (
    coversMethods && earlier.headers.every((header) => rule.headers.some((other) => isSame(header, other)))
  );
}

function coversPath(earlier: RouteRule["path"], path: RouteRule["path"]): boolean {
  if (earlier.type === "exact") return path.type === "exact" && path.value === earlier.value;
  const prefix = earlier.value.replace(/\/$/, "");
  const value = path.type === "prefix" ? path.value.replace(/\/$/, "") : path.value;
  return value === prefix || value.startsWith(`${prefix}/`);
}

function isSame(a: RouteRule["headers"][number], b: RouteRule["headers"][number]): boolean {
  return a.name === b.name && a.exact === b.exact && a.prefix === b.prefix && a.regex === b.regex;
}

/** Conditions of `matchRules` that no route of these files can meet. */
export function checkMatchRules({ plugins, model, problems }: LoadedGateway): void {
  // Files without any route are for a cluster that has them.
  if (model.routes.length === 0) return;
  for (const { spec } of plugins) {
    if (!spec.get("pluginConfig").isEmpty) continue;
    for (const rule of spec.get("matchRules").items()) {
      if (rule.get("configDisable").value() === true) continue;
      for (const item of rule.get("ingress").items()) checkIngress(item, model, problems);
      for (const item of rule.get("domain").items()) checkDomain(item, model, problems);
      for (const item of rule.get("service").items()) checkService(item, model, problems);
    }
  }
}

function checkIngress(item: Field, { routes }: GatewayModel, problems: Problems): void {
  const name = String(item.value());
  const names = routes.map((rule) => rule.name);
  if (names.includes(name)) return;
  const bare = name.slice(name.lastIndexOf("/") + 1);
  if (names.includes(bare)) {
    problems.error(item.position, `route names carry no namespace here: list "${bare}" beside "${name}"`);
  } else problems.error(item.position, `no Ingress is named "${name}"${suggestion(name, names)}`);
}

function checkDomain(item: Field, { routes }: GatewayModel, problems: Problems): void {
  const domain = String(item.value()).toLowerCase();
  const hosts = routes.map(({ host }) => host);
  if (hosts.some((host) => overlaps(domain, host))) return;
  problems.error(item.position, `no Ingress has a host that "${domain}" matches${suggestion(domain, hosts)}`);
}

/** Whether one host name could fit both patterns; `*` stands at either end of a rule and at the start of a host. */
function overlaps(domain: string, host: string): boolean {
  if (host === "*" || domain === "*") return true;
  if (domain.startsWith("*") && host.startsWith("*")) {
    return domain.slice(1).endsWith(host.slice(1)) || host.slice(1).endsWith(domain.slice(1));
  }
  if (host.startsWith("*")) return domain.endsWith("*") || domain.endsWith(host.slice(1));
  if (domain.startsWith("*")) return host.endsWith(domain.slice(1));
  return domain.endsWith("*") ? host.startsWith(domain.slice(0, -1)) : host === domain;
}

function checkService(item: Field, { routes }: GatewayModel, problems: Problems): void {
  const service = String(item.value());
  const destinations = routes.flatMap((rule) => rule.destinations.map(({ cluster }) => cluster.split("|")));
  const isMet = destinations.some(([, port, , name]) => service === name || service === `${name}:${port}`);
  const known = destinations.map(([, , , name = ""]) => name);
  if (!isMet)
    problems.error(item.position, `no route goes to the service "${service}"${suggestion(service, known)}`);
}
