// Parameters of an operation as arguments of its tool.

import { argumentOf, hasParts, type Argument } from "./argument.ts";
import type { Names } from "./names.ts";
import type { SpecNode } from "./node.ts";
import type { Notation, Operation, Parameter, Place } from "./operation.ts";
import type { Report } from "./report.ts";
import type { JsonSchema, SchemaReader } from "./schema.ts";
import { placeKey, type Credentials } from "./security.ts";
import { templateText } from "./server.ts";

/** Headers that the plugin lets no argument set: they say where a request goes and where it ends. */
const fixedHeaders = new Set([
  ...["host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer"],
  ...["authorization", "cookie", "proxy-authorization"],
]);

const styles: Record<Place, readonly string[]> = {
  path: ["simple", "label", "matrix"],
  query: ["form", "spaceDelimited", "pipeDelimited", "tabDelimited", "deepObject"],
  header: ["simple"],
  cookie: ["form"],
};

export interface ParameterArguments {
  args: Argument[];
  /** Template of the operation's path, with the names of its arguments. */
  path: string;
}

export function parameterArguments(
  operation: Operation,
  credentials: Credentials,
  names: Names,
  schemas: SchemaReader,
  report: Report,
): ParameterArguments {
  const args: Argument[] = [];
  const inPath = new Map<string, string>();
  for (const parameter of operation.parameters) {
    const { name, place } = parameter;
    if (!isSent(parameter, operation, credentials, report)) continue;
    const argument = argumentFor(parameter, names, schemas, report);
    args.push(argument);
    if (place === "path") inPath.set(name, argument.name);
  }
  const path = withoutParameters(operation.path.split("#")[0]!, operation);
  const written = templateText(path).replaceAll(/\{([^{}]+)\}/g, (_, name: string) => {
    let argument = inPath.get(name);
    if (argument === undefined) {
      argument = names.take(name, "parameter");
      inPath.set(name, argument);
      report.invalid(operation.node, `the path parameter {${name}} is not declared: taken as a text`);
      args.push({ name: argument, type: "string", required: true, position: "path" });
    }
    return `{${argument}}`;
  });
  return { args, path: written.startsWith("/") ? written : `/${written}` };
}

/** `/search?q={q}` where `q` is declared as a parameter of the query: it goes there by itself. */
function withoutParameters(path: string, { parameters }: Operation): string {
  const [start, query] = path.split("?");
  if (query === undefined || start!.includes("{?")) return path;
  const declared = new Set(parameters.filter(({ place }) => place === "query").map(({ name }) => name));
  const kept = query.split("&").filter((pair) => !declared.has(/^([^=]*)=\{[^{}]*\}$/.exec(pair)?.[1] ?? ""));
  return kept.length > 0 ? `${start}?${kept.join("&")}` : start!;
}

function isSent(
  { name, place, node }: Parameter,
  operation: Operation,
  credentials: Credentials,
  report: Report,
): boolean {
  if (credentials.taken.has(placeKey(place, name))) return false;
  const lower = name.toLowerCase();
  if (place === "path" && !operation.path.includes(`{${name}}`)) {
    report.invalid(node, `the path ${operation.path} has no {${name}}: the parameter is left out`);
    return false;
  }
  if (place !== "header") return true;
  if (fixedHeaders.has(lower)) {
    const reason =
      lower === "authorization" || lower === "cookie"
        ? "credentials are configured, not given by the model"
        : "the gateway sets it";
    report.leftOut(node, `the header ${name}: ${reason}`);
    return false;
  }
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(lower)) {
    report.invalid(node, `${JSON.stringify(name)} is no name of a header: the parameter is left out`);
    return false;
  }
  // The media type of the body that is sent says it.
  return lower !== "content-type" || operation.body === undefined;
}

function argumentFor(parameter: Parameter, names: Names, schemas: SchemaReader, report: Report): Argument {
  const { name, place, node } = parameter;
  const schema = parameter.schema ? schemaOf(parameter.schema, schemas, parameter) : { type: "string" };
  const argument = argumentOf({
    name: take(names, place, name),
    sentAs: name,
    description: parameter.description + (parameter.deprecated ? " (deprecated)" : ""),
    required: parameter.required || place === "path",
    position: place,
    schema,
    ...(parameter.mediaType === undefined ? notationOf(parameter, schema, node, report) : {}),
  });
  return argument;
}

/** In Swagger 2.0 the parameter is its own schema; its description is not said twice. */
function schemaOf(node: SpecNode, schemas: SchemaReader, parameter: Parameter): JsonSchema {
  const schema = schemas.read(node, "request");
  if (node !== parameter.node) return schema;
  const { description: _, ...rest } = schema;
  return rest;
}

/** Under its own name, or with its place in front where that is taken. */
export function take(names: Names, place: string, name: string): string {
  const plain = name.trim();
  return names.has(plain) ? names.take(`${place}_${plain}`) : names.take(plain, `${place}_parameter`);
}

function notationOf(parameter: Parameter, schema: JsonSchema, node: SpecNode, report: Report): Notation {
  const { place } = parameter;
  const isWhole = !hasParts(schema);
  // Of one value only these two are another text than without a style.
  if (isWhole && (place !== "path" || !["label", "matrix"].includes(parameter.style ?? ""))) return {};
  const usual = styles[place][0]!;
  let style = parameter.style ?? usual;
  if (!styles[place].includes(style)) {
    report.invalid(
      node.get("style"),
      `${JSON.stringify(style)} is no style of parameters in ${place}: ${usual} is used`,
    );
    style = usual;
  }
  const explode = parameter.explode ?? style === "form";
  if (place === "cookie" && explode && parameter.explode !== undefined)
    report.leftOut(node.get("explode"), "a cookie has one value: lists are written with commas");
  return { style, explode: place === "cookie" ? false : explode };
}
