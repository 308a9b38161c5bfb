// What the model is told in front of an answer: which members it has and what they mean.

import { isJson, isText } from "./body.ts";
import type { Operation, Success } from "./operation.ts";
import type { Report } from "./report.ts";
import type { JsonSchema, SchemaReader } from "./schema.ts";

const mostLines = 40;
const longestLine = 160;

export interface Answer {
  /** The media type that is asked for, where the service has several. */
  accept?: string;
  /** Text in front of the answer. */
  summary?: string;
}

export function answerOf(
  operation: Operation,
  schemas: SchemaReader,
  report: Report,
  withSummary: boolean,
): Answer {
  const success = operation.successes.toSorted((a, b) => order(a) - order(b))[0];
  if (!success || success.contents.length === 0) return {};
  const json = success.contents.find(({ mediaType }) => isJson(mediaType));
  const types = success.contents.map(({ mediaType }) => mediaType);
  if (!json) {
    if (!success.contents.some(isReadable))
      report.leftOut(
        success.node,
        `answers of type ${types.join(", ")}: the model gets their bytes as a text`,
      );
    return { ...(types.length > 1 && !types[0]!.includes("*") ? { accept: types[0]! } : {}) };
  }
  const isPlain = types.length === 1 && types[0] === "application/json";
  const accept =
    isPlain || json.mediaType.includes("*") || !json.mediaType.includes("/")
      ? {}
      : { accept: json.mediaType };
  // Of several kinds of success the text would stand in front of each.
  const others = operation.successes.filter((other) => other !== success && other.status.startsWith("2"));
  if (!withSummary || !json.schema || others.length > 0) return accept;
  const lines = summary(schemas.read(json.schema, "response"));
  if (lines.length === 0) return accept;
  return { ...accept, summary: `${["What the answer holds:", ...lines].join("\n")}\n\nThe answer:\n` };
}

/** Whether a model can read the answer as a text, or see it. A type that is no well-known one is what its schema says. */
function isReadable({ mediaType, schema }: Success["contents"][number]): boolean {
  if (
    isText(mediaType) ||
    mediaType.startsWith("image/") ||
    !mediaType.includes("/") ||
    mediaType.includes("*")
  )
    return true;
  const isBinary =
    /^(audio|video|font)\/|octet-stream|pdf|zip|gzip|\btar\b|msword|officedocument|ms-excel/.test(mediaType);
  return (
    !isBinary && schema?.get("type").text === "string" && !/binary|byte/.test(schema.get("format").text ?? "")
  );
}

/** The plainest success first. */
function order({ status }: Success): number {
  return status === "200" ? 0 : status === "default" ? 9999 : /^2\d\d$/.test(status) ? Number(status) : 1000;
}

function summary(schema: JsonSchema): string[] {
  const lines: string[] = [];
  const from = schema["type"] === "array" ? (schema["items"] as JsonSchema) : schema;
  describe(from, schema["type"] === "array" ? "[]." : "", lines, 0);
  if (lines.length <= mostLines) return lines;
  const top: string[] = [];
  describe(from, schema["type"] === "array" ? "[]." : "", top, 1);
  return top.length <= mostLines ? top : [...top.slice(0, mostLines), `- and ${top.length - mostLines} more`];
}

function describe(schema: JsonSchema, path: string, lines: string[], depth: number): void {
  const parts = [schema, ...((schema["allOf"] ?? []) as JsonSchema[])];
  for (const part of parts) {
    for (const [name, member] of Object.entries((part["properties"] ?? {}) as Record<string, JsonSchema>)) {
      lines.push(line(path + name, member));
      const inner = member["type"] === "array" ? (member["items"] as JsonSchema) : member;
      if (depth < 1 && typeof inner === "object")
        describe(inner, `${path}${name}${member["type"] === "array" ? "[]" : ""}.`, lines, depth + 1);
    }
  }
}

function line(path: string, schema: JsonSchema): string {
  const type = [schema["type"] ?? []].flat().join(" or ");
  const text = typeof schema["description"] === "string" ? schema["description"] : "";
  const first = text.replaceAll(/\s+/g, " ").trim();
  const whole = `- ${path}${type === "" ? "" : ` (${type})`}${first === "" ? "" : `: ${first}`}`;
  return whole.length > longestLine ? `${whole.slice(0, longestLine - 1)}…` : whole;
}
