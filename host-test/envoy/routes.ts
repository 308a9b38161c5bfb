// Route rules as an Envoy route configuration. Rules come in matching order and keep it inside their host.
//
// Stock Envoy chooses the route again whenever a plugin edits a request header. Higress has a switch for that: the
// property `clear_route_cache` = `off`, which stock Envoy only keeps as filter state. So the route that was chosen
// first is remembered as filter state too, and a request with both keeps its route whatever its headers say now.

import type { RouteRule } from "../gateway/model.ts";

/** `bufferLimit`: bytes that a plugin may hold of a request body before 413. */
export function renderRoutes(rules: RouteRule[], bufferLimit: number): object {
  const hosts = new Map<string, RouteRule[]>();
  for (const rule of rules) {
    const host = rule.host.toLowerCase() || "*";
    hosts.set(host, [...(hosts.get(host) ?? []), rule]);
  }
  // A plugin may have changed the host as well, so kept routes stand in every virtual host.
  if (!hosts.has("*")) hosts.set("*", []);
  const kept = rules.map((rule, index) => renderRoute(rule, keptMatch(index), bufferLimit));
  return {
    name: "main",
    ignore_port_in_host_matching: true,
    virtual_hosts: [...hosts].map(([host, ofHost]) => ({
      name: host,
      domains: [host],
      routes: [
        ...kept,
        ...ofHost.map((rule) => ({
          ...renderRoute(rule, { ...pathMatch(rule), ...headerMatches(rule) }, bufferLimit),
          typed_per_filter_config: { [rememberRoute.name]: remember(rules.indexOf(rule)) },
        })),
      ],
    })),
  };
}

const setFilterState = "type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config";
const chosenRoute = "local-gateway.route";

/** HTTP filter that remembers the first choice; it stands before every plugin. */
export const rememberRoute = {
  name: "remember-route",
  typed_config: { "@type": setFilterState, on_request_headers: [] },
};

function remember(rule: number): object {
  const format_string = { text_format_source: { inline_string: String(rule) } };
  return {
    "@type": setFilterState,
    on_request_headers: [{ object_key: chosenRoute, factory_key: "envoy.string", format_string }],
  };
}

function keptMatch(rule: number): object {
  return {
    prefix: "/",
    filter_state: [
      { key: chosenRoute, string_match: { exact: String(rule) } },
      { key: "wasm.clear_route_cache", string_match: { exact: "off" } },
    ],
  };
}

function renderRoute(rule: RouteRule, match: object, bufferLimit: number): object {
  return {
    name: rule.name,
    match,
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
