// Upstream clusters as Envoy clusters, under the names Higress gives them.

import { existsSync } from "node:fs";
import { isIP } from "node:net";
import { rootCertificates } from "node:tls";
import type { Cluster } from "../gateway/model.ts";
import { chosenDestination } from "./destination.ts";

const httpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const connectTimeout = "10s";

/** Where systems keep the certificate authorities they trust: Debian, Red Hat, Alpine and macOS. */
const certificateBundles = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

/** `trustedCa`: file of certificate authorities for TLS upstreams; default the system's, else Node's own. */
export function renderCluster(cluster: Cluster, trustedCa: string | undefined): object {
  return {
    name: cluster.name,
    type: discovery(cluster),
    connect_timeout: connectTimeout,
    ...(cluster.endpoints.some(isNamed) && { dns_lookup_family: "V4_PREFERRED" }),
    typed_extension_protocol_options: {
      [httpOptions]: {
        "@type": `type.googleapis.com/${httpOptions}`,
        explicit_http_config:
          cluster.protocol === "http2"
            ? { http2_protocol_options: {} }
            : { http_protocol_options: { enable_trailers: true } },
      },
    },
    ...(cluster.tls && { transport_socket: tlsSocket(cluster, cluster.tls.serverName, trustedCa) }),
    ...(cluster.endpoints.length > 1 && { load_balancing_policy: chosenDestination }),
    load_assignment: {
      cluster_name: cluster.name,
      endpoints: [{ lb_endpoints: cluster.endpoints.map(endpoint) }],
    },
  };
}

/** LOGICAL_DNS takes one name only, and suits large services whose answers change with every look-up. */
function discovery(cluster: Cluster): "STATIC" | "LOGICAL_DNS" | "STRICT_DNS" {
  if (!cluster.endpoints.some(isNamed)) return "STATIC";
  return cluster.endpoints.length === 1 ? "LOGICAL_DNS" : "STRICT_DNS";
}

function isNamed(endpoint: { host: string }): boolean {
  return isIP(endpoint.host) === 0;
}

function endpoint({ host, port }: { host: string; port: number }): object {
  return { endpoint: { address: { socket_address: { address: host, port_value: port } } } };
}

function tlsSocket(cluster: Cluster, serverName: string, trustedCa: string | undefined): object {
  const bundle = trustedCa ?? certificateBundles.find((path) => existsSync(path));
  return {
    name: "tls",
    typed_config: {
      "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
      sni: serverName,
      common_tls_context: {
        alpn_protocols: [cluster.protocol === "http2" ? "h2" : "http/1.1"],
        validation_context: {
          trusted_ca: bundle ? { filename: bundle } : { inline_string: rootCertificates.join("\n") },
          match_typed_subject_alt_names: [{ san_type: "DNS", matcher: { exact: serverName } }],
        },
      },
    },
  };
}
