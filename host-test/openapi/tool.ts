// One operation of an API as a tool of the plugin.

import { answerOf } from "./answer.ts";
import type { Argument } from "./argument.ts";
import { bodyArguments } from "./body.ts";
import { Names } from "./names.ts";
import type { Operation } from "./operation.ts";
import { parameterArguments } from "./parameters.ts";
import type { Report } from "./report.ts";
import type { SchemaReader } from "./schema.ts";
import type { Security } from "./security.ts";
import type { Servers } from "./server.ts";

/** As in the plugin's schema.json. */
export interface Tool {
  name: string;
  title?: string;
  description: string;
  annotations?: Record<string, boolean>;
  args?: Argument[];
  requestTemplate: {
    url: string;
    method: string;
    headers?: { key: string; value: string }[];
    body?: string;
    argsToJsonBody?: true;
    argsToFormBody?: true;
    security?: { id: string };
  };
  responseTemplate?: { prependBody: string };
}

export interface ToolWriterParts {
  names: Names;
  schemas: SchemaReader;
  servers: Servers;
  security: Security;
  report: Report;
  /** What an answer holds is told in front of it. */
  withSummary: boolean;
}

export function toolOf(operation: Operation, parts: ToolWriterParts): Tool {
  const { names, schemas, servers, security, report } = parts;
  const credentials = security.credentialsOf(operation);
  const argumentNames = Names.ofArguments();
  const parameters = parameterArguments(operation, credentials, argumentNames, schemas, report);
  const body = operation.body && bodyArguments(operation.body, argumentNames, schemas, report);
  const answer = answerOf(operation, schemas, report, parts.withSummary);
  const base = servers.baseOf(operation);
  const separator = parameters.path.includes("?") ? "&" : "?";
  const query = credentials.query.length > 0 ? separator + credentials.query.join("&") : "";
  const headers = [...(body?.headers ?? []), ...credentials.headers];
  const acceptsArgument = parameters.args.some(({ name, sentAs }) => /^accept$/i.test(sentAs ?? name));
  if (answer.accept !== undefined && !acceptsArgument) headers.push({ key: "Accept", value: answer.accept });
  const args = [...parameters.args, ...(body?.args ?? [])];
  const annotations = hintsOf(operation.method);
  return {
    name: names.take(operation.id ?? "", `${operation.method}_${operation.path}`, operation.method),
    ...(isTitle(operation) ? { title: operation.summary } : {}),
    description: describe(operation),
    ...(annotations ? { annotations } : {}),
    ...(args.length > 0 ? { args } : {}),
    requestTemplate: {
      url: base + parameters.path + query,
      method: operation.method.toUpperCase(),
      ...(headers.length > 0 ? { headers } : {}),
      ...body?.template,
      ...(credentials.id === undefined ? {} : { security: { id: credentials.id } }),
    },
    ...(answer.summary === undefined ? {} : { responseTemplate: { prependBody: answer.summary } }),
  };
}

function isTitle({ summary, description }: Operation): boolean {
  return summary !== "" && summary.length <= 100 && description !== "" && !summary.includes("\n");
}

function describe({ method, path, summary, description, deprecated }: Operation): string {
  const isRepeated = description.startsWith(summary.replace(/\.$/, ""));
  const parts = isRepeated ? [description] : [summary, description];
  const text = parts.filter((part) => part !== "").join("\n\n") || `${method.toUpperCase()} ${path}`;
  return deprecated ? `Deprecated. ${text}` : text;
}

/** What HTTP promises of the method. https://www.rfc-editor.org/rfc/rfc9110#name-common-method-properties */
function hintsOf(method: string): Record<string, boolean> | undefined {
  if (["get", "head", "options", "trace", "query"].includes(method)) return { readOnlyHint: true };
  return method === "put" || method === "delete" ? { idempotentHint: true } : undefined;
}
