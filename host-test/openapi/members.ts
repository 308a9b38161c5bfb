// The members of an object schema one by one, where listing them says all that the schema says.

import type { JsonSchema } from "./schema.ts";

export interface Members {
  properties: Map<string, JsonSchema>;
  required: Set<string>;
  /** What the members listed do not say. */
  rest: ("other members" | "alternatives")[];
}

const annotations = new Set(["description", "default", "type", "properties", "required", "allOf"]);

/** `undefined` for what is no object. */
export function membersOf(schema: JsonSchema): Members | undefined {
  const members: Members = { properties: new Map(), required: new Set(), rest: [] };
  return collect(schema, members) && (isObjectType(schema) || members.properties.size > 0)
    ? members
    : undefined;
}

function collect(schema: JsonSchema, members: Members): boolean {
  const { type } = schema;
  if (type !== undefined && !isObjectType(schema)) return false;
  for (const [name, property] of Object.entries((schema["properties"] ?? {}) as Record<string, JsonSchema>)) {
    const known = members.properties.get(name);
    const isSame = known === undefined || JSON.stringify(known) === JSON.stringify(property);
    members.properties.set(name, isSame ? property : { allOf: [known, property] });
  }
  for (const name of (schema["required"] ?? []) as string[]) members.required.add(name);
  for (const part of (schema["allOf"] ?? []) as JsonSchema[]) if (!collect(part, members)) return false;
  for (const [keyword, value] of Object.entries(schema)) {
    if (annotations.has(keyword) || value === undefined) continue;
    if (value === false && (keyword === "additionalProperties" || keyword === "unevaluatedProperties"))
      continue;
    const rest =
      keyword === "additionalProperties" || keyword === "patternProperties"
        ? "other members"
        : "alternatives";
    if (!members.rest.includes(rest)) members.rest.push(rest);
  }
  return true;
}

/** Members of any of the alternatives too; what all of them need is needed. */
export function membersOfAny(schema: JsonSchema): Members | undefined {
  const own = membersOf(schema);
  const branches = [
    ...((schema["oneOf"] ?? []) as JsonSchema[]),
    ...((schema["anyOf"] ?? []) as JsonSchema[]),
  ];
  const others = branches.flatMap((branch) => membersOfAny(branch) ?? []);
  if (others.length === 0) return own;
  const all: Members = own ?? { properties: new Map(), required: new Set(), rest: ["alternatives"] };
  for (const { properties } of others) {
    for (const [name, property] of properties)
      if (!all.properties.has(name)) all.properties.set(name, property);
  }
  const [first, ...further] = others;
  for (const name of first!.required) {
    if (further.every(({ required }) => required.has(name))) all.required.add(name);
  }
  return all;
}

function isObjectType({ type }: JsonSchema): boolean {
  return type === "object" || (Array.isArray(type) && type.includes("object"));
}
