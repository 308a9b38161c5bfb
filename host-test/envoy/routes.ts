// Route rules as an Envoy route configuration. Rules come in matching order and keep it inside their host.

import type { RouteRule } from "../gateway/model.ts";

/** `bufferLimit`: bytes that a plugin may hold of a request body before 413. */
export function renderRoutes(rules: RouteRule[], bufferLimit: number): object {
  const hosts = new Map<string, RouteRule[]>();
  for (const rule of rules) {
    const host = rule.host.toLowerCase() || "*";
    hosts.set(host, [...(hosts.get(host) ?? []), rule]);
  }
  return {
    name: "main",
    ignore_port_in_host_matching: true,
    virtual_hosts: [...hosts].map(([host, ofHost]) => ({
      name: host,
      domains: [host],
      routes: ofHost.map((rule) => renderRoute(rule, bufferLimit)),
    })),
  };
}

function renderRoute(rule: RouteRule, bufferLimit: number): object {
  return {
    name: rule.name,
    match: { ...pathMatch(rule), ...headerMatches(rule) },
    request_body_buffer_limit: bufferLimit,
    ...(rule.destinations.length > 0 ? { route: routeAction(rule) } : { direct_response: { status: 503 } }),
  };
}

function pathMatch({ path }: RouteRule): object {
  if (path.type === "exact") return { path: path.value };
  const prefix = withoutTrailingSlash(path.value);
  return prefix === "" ? { prefix: "/" } : { path_separated_prefix: prefix };
}

function headerMatches({ headers, methods }: RouteRule): object {
  const matches: object[] = headers.map((header) => ({
    name: header.name,
    string_match: stringMatch(header),
  }));
  if (methods.length === 1) matches.push({ name: ":method", string_match: { exact: methods[0] } });
  if (methods.length > 1)
    matches.push({ name: ":method", string_match: { safe_regex: { regex: methods.join("|") } } });
  return matches.length > 0 ? { headers: matches } : {};
}

function stringMatch({ exact, prefix, regex }: RouteRule["headers"][number]): object {
  if (exact !== undefined) return { exact };
  if (prefix !== undefined) return { prefix };
  return { safe_regex: { regex: regex ?? ".*" } };
}

function routeAction(rule: RouteRule): object {
  return {
    ...destination(rule),
    timeout: `${rule.timeoutMs / 1000}s`,
    ...pathRewrite(rule),
    ...(rule.rewriteHost !== undefined && { host_rewrite_literal: rule.rewriteHost }),
    ...(rule.retry && {
      retry_policy: {
        retry_on: rule.retry.on.join(","),
        num_retries: rule.retry.attempts,
        ...(rule.retry.statusCodes && { retriable_status_codes: rule.retry.statusCodes }),
        // A retry goes to another member while there is one.
        retry_host_predicate: [
          {
            name: "previous-hosts",
            typed_config: {
              "@type":
                "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
            },
          },
        ],
        host_selection_retry_max_attempts: 5,
      },
    }),
  };
}

function destination({ destinations }: RouteRule): object {
  if (destinations.length === 1) return { cluster: destinations[0]!.cluster };
  return {
    weighted_clusters: {
      clusters: destinations.map(({ cluster, weight }) => ({ name: cluster, weight })),
    },
  };
}

/** A rewrite replaces the matched prefix; the joint between both parts is always one slash. */
function pathRewrite({ path, rewritePath }: RouteRule): object {
  if (rewritePath === undefined) return {};
  const prefix = withoutTrailingSlash(path.value);
  const replacement = withoutTrailingSlash(rewritePath);
  if (path.type === "exact") return { prefix_rewrite: rewritePath };
  if (prefix !== "" && replacement !== "") return { prefix_rewrite: replacement };
  return {
    regex_rewrite: {
      pattern: { regex: `^${escapeRegex(prefix)}/?(.*)` },
      substitution: `${replacement.replaceAll("\\", "\\\\")}/\\1`,
    },
  };
}

function withoutTrailingSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
