// How the gateway authenticates to the service: security schemes and requirements of the description as the plugin's.

import type { Description } from "./description.ts";
import { prose } from "./description.ts";
import { Names } from "./names.ts";
import type { SpecNode } from "./node.ts";
import type { Operation } from "./operation.ts";
import type { Report } from "./report.ts";
import type { ServerConfig } from "./server.ts";

/** As in the plugin's schema.json. */
export interface SecurityScheme {
  id: string;
  type: "http" | "apiKey";
  scheme?: "basic" | "bearer";
  in?: string;
  name?: string;
  defaultCredential: string;
}

/** What one operation's requests carry. */
export interface Credentials {
  /** Id of the plugin's scheme. */
  id?: string;
  /** Of further schemes that are needed at the same time: the plugin sets one, templates the others. */
  headers: { key: string; value: string }[];
  /** `name={{…}}` for the query. */
  query: string[];
  /** Places that credentials take: no argument may set them. */
  taken: Set<string>;
}

export class Security {
  /** Schemes that some operation uses, by id in the description. */
  readonly used = new Map<string, SecurityScheme>();
  readonly #ids = Names.ofTools();
  #hasOptional = false;

  readonly #description: Description;
  readonly #config: ServerConfig;
  readonly #report: Report;

  constructor(description: Description, config: ServerConfig, report: Report) {
    this.#description = description;
    this.#config = config;
    this.#report = report;
  }

  credentialsOf(operation: Operation): Credentials {
    const alternatives = operation.security?.items() ?? [];
    // Requests are good without a credential: they work before one is configured.
    const isOptional = alternatives.some((node) => node.isObject && node.named().length === 0);
    if (alternatives.length === 0) return this.#headerOfParameter(operation);
    if (isOptional) {
      if (alternatives.length > 1 && !this.#hasOptional)
        this.#report.note(operation.security!, "where a credential is optional none is sent");
      this.#hasOptional ||= alternatives.length > 1;
      return none();
    }
    const usable = alternatives
      .map((node) => this.#together(node))
      .find((credentials) => credentials !== undefined);
    if (usable) return usable;
    for (const node of alternatives) this.#explain(node);
    return none();
  }

  /** `undefined` where the plugin has no way for one of the schemes. */
  #together(requirement: SpecNode): Credentials | undefined {
    const wanted = requirement.named().map(([id]) => ({ id, node: this.#scheme(id) }));
    const kinds = wanted.map(({ node }) => node && kindOf(node));
    // A client certificate is a matter of the connection.
    const rest = wanted.filter((_, index) => kinds[index] !== "mutualTLS");
    if (kinds.some((kind) => kind === undefined)) return undefined;
    const all = none();
    const inOrder = rest.toSorted((a, b) => Number(isSimpleKey(a.node!)) - Number(isSimpleKey(b.node!)));
    // Of two that a template cannot hold the plugin could set one only.
    if (inOrder.slice(1).some(({ node }) => !isSimpleKey(node!))) return undefined;
    for (const [index, { id, node }] of inOrder.entries()) {
      const scheme = index === 0 ? this.#use(id, node!) : { id, ...form(node!), defaultCredential: "" };
      all.taken.add(placeOf(scheme));
      if (index === 0) all.id = scheme.id;
      else this.#add(all, scheme, node!);
    }
    return all;
  }

  #add(all: Credentials, { id, in: place, name = "" }: SecurityScheme, node: SpecNode): void {
    const key = this.#config.key(node.id, id, "");
    if (place === "header") all.headers.push({ key: name, value: `{{.config.${key}}}` });
    else if (place === "cookie") all.headers.push({ key: "Cookie", value: `${name}={{.config.${key}}}` });
    else all.query.push(`${encodeURIComponent(name)}={{.config.${key} | urlquery}}`);
    this.#report.note(
      node,
      `needed together with another scheme: its credential goes into server.config.${key}`,
    );
  }

  #use(id: string, node: SpecNode): SecurityScheme {
    const known = this.used.get(node.id);
    if (known) return known;
    const scheme: SecurityScheme = { id: this.#ids.take(id), ...form(node), defaultCredential: "" };
    this.used.set(node.id, scheme);
    const type = node.get("type").text;
    if (type === "oauth2" || type === "openIdConnect")
      this.#report.note(node, `${type}: the gateway sends the token it is configured with, it fetches none`);
    return scheme;
  }

  /** A parameter for what a security scheme should say is taken as one. */
  #headerOfParameter(operation: Operation): Credentials {
    const parameter = operation.parameters.find(
      ({ place, name }) => place === "header" && name.toLowerCase() === "authorization",
    );
    if (!parameter || operation.security) return none();
    const id = "Authorization";
    const known = this.used.get(id);
    const scheme = known ?? {
      id: this.#ids.take(id),
      type: "apiKey" as const,
      in: "header",
      name: "Authorization",
      defaultCredential: "",
    };
    this.used.set(id, scheme);
    if (!known)
      this.#report.note(
        parameter.node,
        "credentials are a parameter: they become a security scheme, which the model does not see",
      );
    return { ...none(), id: scheme.id, taken: new Set([placeOf(scheme)]) };
  }

  #scheme(id: string): SpecNode | undefined {
    const node = this.#description.schemes.get(id);
    return node.exists ? this.#description.references.follow(node) : undefined;
  }

  #explain(requirement: SpecNode): void {
    for (const [id] of requirement.named()) {
      const node = this.#scheme(id);
      if (!node)
        this.#report.invalid(
          requirement,
          `there is no security scheme ${JSON.stringify(id)}: no credential is sent`,
        );
      else if (kindOf(node) === undefined)
        this.#report.leftOut(node, `${described(node)}: the plugin has no such way of authenticating`);
    }
  }
}

function none(): Credentials {
  return { headers: [], query: [], taken: new Set() };
}

/** The place in the request, as arguments are compared with it. */
function placeOf({ type, in: place, name }: SecurityScheme): string {
  return type === "http" ? "header authorization" : placeKey(place ?? "", name ?? "");
}

export function placeKey(place: string, name: string): string {
  return `${place} ${place === "header" ? name.toLowerCase() : name}`;
}

/** What the plugin can do with the scheme; `undefined` for nothing. */
function kindOf(node: SpecNode): "http" | "apiKey" | "mutualTLS" | undefined {
  const type = node.get("type").text;
  const scheme = node.get("scheme").text?.toLowerCase();
  if (type === "basic" || type === "oauth2" || type === "openIdConnect") return "http";
  if (type === "http") return scheme === "basic" || scheme === "bearer" ? "http" : undefined;
  if (type === "mutualTLS") return type;
  if (type !== "apiKey" || node.get("x-amazon-apigateway-authtype").text === "awsSigv4") return undefined;
  const isPlaced = ["header", "query", "cookie"].includes(node.get("in").text ?? "");
  return isPlaced && (node.get("name").text ?? "") !== "" ? "apiKey" : undefined;
}

function form(node: SpecNode): Pick<SecurityScheme, "type" | "scheme" | "in" | "name"> {
  if (kindOf(node) === "apiKey")
    return { type: "apiKey", in: node.get("in").text!, name: node.get("name").text! };
  const isBasic = node.get("type").text === "basic" || node.get("scheme").text?.toLowerCase() === "basic";
  return { type: "http", scheme: isBasic ? "basic" : "bearer" };
}

function isSimpleKey(node: SpecNode): boolean {
  return kindOf(node) === "apiKey";
}

function described(node: SpecNode): string {
  if (node.get("x-amazon-apigateway-authtype").text === "awsSigv4")
    return "requests signed as AWS wants them";
  const words = [node.get("type"), node.get("scheme"), node.get("in")]
    .map(prose)
    .filter((word) => word !== "");
  return words.join(" ") || "a scheme without a type";
}
