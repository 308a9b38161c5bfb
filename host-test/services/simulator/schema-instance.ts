// A value that satisfies a JSON Schema as models are given them, the same for equal input.
import type { JsonObject } from "./json-value.ts";
import { arrayOf, isObject, numberOf, objectOf, textOf } from "./json-value.ts";

// A schema comes from a client: it may refer to itself, and ask for any length.
const maxDepth = 16;
const maxValues = 1000;
const maxLength = 1000;

/**
 * Covers what structured output and tool parameters use: types, enum, const, default, required and optional
 * properties, items, anyOf, oneOf, allOf, `$ref` into the same schema, the usual string formats, bounds.
 * @param text what strings without a format hold
 */
export function instanceOf(schema: unknown, text: string): unknown {
  return build(schema, { root: objectOf(schema), text, values: 0 }, 0);
}

interface Context {
  root: JsonObject;
  text: string;
  /** How many were made so far. */
  values: number;
}

function build(schema: unknown, context: Context, depth: number): unknown {
  if (!isObject(schema) || depth > maxDepth || ++context.values > maxValues) return null;
  if (typeof schema.$ref === "string") return build(resolve(schema.$ref, context.root), context, depth + 1);
  if ("const" in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if ("default" in schema) return schema.default;
  const choice = arrayOf(schema.anyOf ?? schema.oneOf)[0];
  if (choice !== undefined) return build(choice, context, depth + 1);
  if (Array.isArray(schema.allOf))
    return build(merge(schema, schema.allOf, context.root), context, depth + 1);
  // Gemini writes its types in capitals.
  switch (typeOf(schema).toLowerCase()) {
    case "object":
      return objectFor(schema, context, depth);
    case "array": {
      const length = Math.min(maxLength, Math.max(1, numberOf(schema.minItems) ?? 1));
      return Array.from({ length }, () => build(schema.items ?? { type: "string" }, context, depth + 1));
    }
    case "string":
      return stringFor(schema, context.text);
    case "integer":
    case "number":
      return numberFor(schema);
    case "boolean":
      return true;
    default:
      return null;
  }
}

function typeOf(schema: JsonObject): string {
  const type = arrayOf(schema.type).find((candidate) => candidate !== "null") ?? schema.type;
  if (typeof type === "string") return type;
  return isObject(schema.properties) ? "object" : "items" in schema ? "array" : "null";
}

// Beyond the depth at which a recursive schema is left alone, only what is required is made.
function objectFor(schema: JsonObject, context: Context, depth: number): JsonObject {
  const properties = objectOf(schema.properties);
  const required = new Set(arrayOf(schema.required));
  const names = Object.keys(properties).filter((name) => depth < 4 || required.has(name));
  return Object.fromEntries(names.map((name) => [name, build(properties[name], context, depth + 1)]));
}

const formats: Record<string, string> = {
  date: "2025-01-01",
  time: "12:00:00Z",
  "date-time": "2025-01-01T12:00:00Z",
  duration: "P1D",
  email: "someone@example.com",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
};

function stringFor(schema: JsonObject, text: string): string {
  const known = formats[textOf(schema.format)];
  if (known !== undefined) return known;
  const characters = [...text].slice(0, numberOf(schema.maxLength) ?? 200);
  return characters.join("").padEnd(Math.min(maxLength, numberOf(schema.minLength) ?? 0), "-");
}

function numberFor(schema: JsonObject): number {
  const step = Math.abs(numberOf(schema.multipleOf) ?? 1) || 1;
  const above = numberOf(schema.exclusiveMinimum);
  const lowest = numberOf(schema.minimum) ?? (above === undefined ? undefined : above + step);
  const highest = numberOf(schema.maximum) ?? numberOf(schema.exclusiveMaximum);
  const wanted = lowest ?? Math.min(1, highest === undefined ? 1 : highest - step);
  return Math.ceil(wanted / step) * step;
}

function merge(schema: JsonObject, parts: unknown[], root: JsonObject): JsonObject {
  const merged: JsonObject = { ...schema, allOf: undefined };
  for (const part of parts) {
    const from = objectOf(part);
    const members = typeof from.$ref === "string" ? objectOf(resolve(from.$ref, root)) : from;
    const properties = { ...objectOf(merged.properties), ...objectOf(members.properties) };
    const required = [...arrayOf(merged.required), ...arrayOf(members.required)];
    Object.assign(merged, members, { properties, required });
  }
  return merged;
}

function resolve(reference: string, root: JsonObject): unknown {
  let place: unknown = root;
  for (const key of reference.replace(/^#\/?/, "").split("/").filter(Boolean)) {
    place = objectOf(place)[key.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return place;
}
