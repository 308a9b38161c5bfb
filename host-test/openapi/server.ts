// Where requests go: the server's URL as a template of the plugin, and the values that an operator may change.

import type { SpecNode } from "./node.ts";
import type { Operation, Server } from "./operation.ts";
import type { Report } from "./report.ts";

/** `server.config` of the plugin: what templates see as `.config`. */
export class ServerConfig {
  readonly values = new Map<string, string>();
  readonly #keys = new Map<string, string>();

  /** The name under which templates find the value. One `owner` has one name. */
  key(owner: string, wish: string, value: string): string {
    const known = this.#keys.get(owner);
    if (known !== undefined) return known;
    const clean = wish.replaceAll(/[^A-Za-z0-9_]+/g, "_").replace(/^(?=\d|$)/, "_");
    let key = clean;
    for (let number = 2; this.values.has(key); number++) key = `${clean}${number}`;
    this.values.set(key, value);
    this.#keys.set(owner, key);
    return key;
  }
}

export class Servers {
  /** Of the first operation that names a server: the one that a route can lead to. */
  main: { node: SpecNode; origin: string } | undefined;

  readonly #others = new Set<string>();
  readonly #config: ServerConfig;
  readonly #report: Report;
  readonly #fixed: string | undefined;

  constructor(config: ServerConfig, report: Report, fixed: string | undefined) {
    this.#config = config;
    this.#report = report;
    this.#fixed = fixed;
  }

  /** Template of the URL in front of the operation's path, without a slash at its end. */
  baseOf(operation: Operation): string {
    if (this.#fixed !== undefined) return templateText(this.#fixed.replace(/\/+$/, ""));
    const [server, ...others] = operation.servers;
    if (!server) return "";
    if (others.length > 0) {
      const urls = others.map(({ url }) => url).join(", ");
      this.#report.note(server.node, `of several servers the first is used; --server takes another: ${urls}`);
    }
    const base = this.#base(server);
    this.#compare(server, base);
    return base.replace(/\/+$/, "");
  }

  #base({ node, url, variables }: Server): string {
    const base = templateText(url.split(/[?#]/)[0]!.trim()).replaceAll(
      /\{([^{}]+)\}/g,
      (whole, name: string) => {
        const variable = variables.get(name);
        if (!variable) {
          this.#report.invalid(node.get("url"), `the variable ${whole} is not declared`);
          return `{{.config.${this.#config.key(`${node.id} ${name}`, name, "")}}}`;
        }
        return `{{.config.${this.#config.key(variable.node.id, name, variable.value)}}}`;
      },
    );
    // `api.example.com/v1`: a host, not a path.
    return /^[\w-]+(\.[\w-]+)+(:\d+)?(\/|$)/.test(base) ? `https://${base}` : base;
  }

  #compare(server: Server, base: string): void {
    const origin = /^[a-z][a-z0-9+.-]*:\/\/[^/]*/i.exec(base)?.[0] ?? "";
    this.main ??= { node: server.node, origin };
    if (origin === this.main.origin || this.#others.has(origin)) return;
    this.#others.add(origin);
    const host = origin === "" ? "the route's own host" : origin;
    this.#report.note(
      server.node,
      `operations at ${host} reach the same upstream as those at ${this.main.origin || "the route's own host"}: a route has one`,
    );
  }
}

/** Text that a template prints as it is. */
export function templateText(text: string): string {
  return text.replaceAll("{{", '{{"{{"}}');
}
