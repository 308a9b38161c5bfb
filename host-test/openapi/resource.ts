// The configuration as the resources that are applied to a cluster, in YAML.

import { Document, isMap, isScalar, visit } from "yaml";
import type { Conversion } from "./convert.ts";

export interface ResourceOptions {
  /** `url` of the WasmPlugin. */
  image: string;
  /** Name of the Ingress whose requests the tools serve; without it those of every route. */
  ingress?: string;
  /** Also the Ingress and where it leads. */
  withRoute: boolean;
}

const namespace = "higress-system";

/** What the local gateway takes for a variable in any string of a resource. */
const variable = /\$(?=\{(?:[A-Za-z_]\w*|(?:secret|configmap)\.[^{}\s]+?)(?::-[^}]*)?\})/g;

export function resourcesOf({ configuration, origin, title }: Conversion, options: ResourceOptions): string {
  const { name } = configuration.server;
  const ingress = options.ingress ?? (options.withRoute ? name : undefined);
  const plugin = new Document(
    {
      apiVersion: "extensions.higress.io/v1alpha1",
      kind: "WasmPlugin",
      metadata: { name: `${name}-mcp`.slice(0, 63), namespace },
      spec: {
        url: options.image,
        phase: "UNSPECIFIED_PHASE",
        priority: 30,
        failStrategy: "FAIL_CLOSE",
        ...(ingress === undefined
          ? { defaultConfig: configuration }
          : { matchRules: [{ ingress: [ingress], config: configuration }] }),
      },
    },
    { aliasDuplicateObjects: false },
  );
  plugin.commentBefore = ` Tools made of ${title.replaceAll(/\s+/g, " ") || "an API description"}.`;
  remarkCredentials(plugin);
  withoutVariables(plugin);
  const documents = [plugin, ...(options.withRoute ? route(name, ingress!, origin) : [])];
  return documents.map((document) => document.toString({ lineWidth: 0 })).join("---\n");
}

function remarkCredentials(document: Document): void {
  visit(document, {
    Pair(_, pair) {
      if (isScalar(pair.key) && pair.key.value === "defaultCredential" && isScalar(pair.value)) {
        pair.value.comment = " the service's credential";
        return visit.SKIP;
      }
      // Tools may have members of this name in what they describe.
      return isScalar(pair.key) && pair.key.value === "tools" ? visit.SKIP : undefined;
    },
  });
}

/** Texts of the description are no templates of the local gateway. A dollar sign is spared only where it would be one. */
function withoutVariables(document: Document): void {
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value === "string") scalar.value = scalar.value.replaceAll(variable, "");
    },
    Map(_, map) {
      return isMap(map) ? undefined : visit.SKIP;
    },
  });
}

/** A registry that leads to the service, and a route to it. */
function route(name: string, ingress: string, origin: string): Document[] {
  const url = new URL(origin === "" ? "http://127.0.0.1" : origin);
  const isTls = url.protocol === "https:";
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  const isAddress = /^[\d.]+$|^\[/.test(url.hostname);
  const registry = isAddress
    ? {
        name,
        type: "static",
        domain: `${url.hostname}:${port}`,
        port: 80,
        protocol: isTls ? "https" : "http",
      }
    : {
        name,
        type: "dns",
        domain: url.hostname,
        port,
        protocol: isTls ? "https" : "http",
        ...(isTls ? { sni: url.hostname } : {}),
      };
  const destination = isAddress ? `${name}.static:80` : `${name}.dns:${port}`;
  const resource = { apiGroup: "networking.higress.io", kind: "McpBridge", name: "default" };
  return [
    new Document({
      apiVersion: "networking.higress.io/v1",
      kind: "McpBridge",
      metadata: { name: "default", namespace },
      spec: { registries: [registry] },
    }),
    new Document({
      apiVersion: "networking.k8s.io/v1",
      kind: "Ingress",
      metadata: { name: ingress, namespace, annotations: { "higress.io/destination": destination } },
      spec: {
        ingressClassName: "higress",
        rules: [{ http: { paths: [{ path: "/", pathType: "Prefix", backend: { resource } }] } }],
      },
    }),
  ];
}
