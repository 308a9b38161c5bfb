// Services that plugins call and nobody defines.

import { findCluster, serviceOf } from "../resources/ingress-annotations.ts";
import type { LoadedGateway } from "../load.ts";
import type { Cluster } from "../model.ts";
import type { Field } from "../resources/field.ts";
import { suggestion } from "../resources/problems.ts";

const nameKeys = ["serviceName", "service_name", "serviceFQDN", "service_fqdn"];
const portKeys = ["servicePort", "service_port"];

/** Older configurations name the kind of service beside it. */
const suffixBySource: Record<string, string> = { ip: ".static", dns: ".dns" };

export function checkServices({ plugins, model }: LoadedGateway): void {
  for (const plugin of plugins) {
    for (const { field } of plugin.parts) checkField(field, model.clusters);
  }
}

function checkField(root: Field, clusters: Cluster[]): void {
  const queue = [root];
  for (let field = queue.pop(); field !== undefined; field = queue.pop()) {
    if (field.isMapping()) {
      for (const key of nameKeys) checkService(field, key, clusters);
      queue.push(...field.entries().map(([, value]) => value));
    } else if (Array.isArray(field.value())) queue.push(...field.items());
    else checkClusterName(field, clusters);
  }
}

function checkService(parent: Field, key: string, clusters: Cluster[]): void {
  const field = parent.get(key);
  const value = field.value();
  if (typeof value !== "string" || value === "") return;
  const source = parent.get("serviceSource").value() ?? parent.get("service_source").value();
  const service = value + (value.includes(".") ? "" : (suffixBySource[String(source)] ?? ""));
  const port = portKeys
    .map((portKey) => parent.get(portKey).value())
    .find((item) => item !== undefined && item !== null);
  if (findCluster(clusters, service, port === undefined ? undefined : String(port))) return;
  const { problems } = field.source;
  const services = clusters.map(serviceOf);
  const sameName = services.find((candidate) => candidate.service === service);
  if (sameName) {
    problems.error(field.position, `the service ${service} has another port`, {
      expected: sameName.port,
      found: String(port),
    });
  } else if (/\.(svc\.cluster\.local|nacos|nacos-ext|consul|eureka)$/.test(service)) {
    problems.warning(
      field.position,
      `the service ${service} exists only in a cluster: calls to it fail here`,
    );
  } else {
    const known = services.map((candidate) => candidate.service);
    problems.error(
      field.position,
      `no McpBridge registry defines the service "${service}"${suggestion(service, known)}`,
      {
        expected: known.join(", ") || "a McpBridge with registries",
      },
    );
  }
}

/** Some plugins take Envoy's own cluster names. */
function checkClusterName(field: Field, clusters: Cluster[]): void {
  const value = field.value();
  if (typeof value !== "string" || !/^outbound\|\d+\|[^|]*\|[^|]+$/.test(value)) return;
  const known = clusters.map(({ name }) => name);
  if (known.includes(value)) return;
  field.source.problems.error(field.position, `no McpBridge registry defines the cluster "${value}"`, {
    expected: known.join(", ") || "a McpBridge with registries",
  });
}
