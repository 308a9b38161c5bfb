// What the gateway reads out of a JSON schema besides validity: known keys, secrets.

export interface Schema {
  [keyword: string]: unknown;
  $ref?: string;
  type?: string | string[];
  title?: string;
  properties?: Record<string, Schema>;
  patternProperties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema | boolean;
  prefixItems?: Schema[];
  required?: string[];
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  then?: Schema;
  else?: Schema;
  $defs?: Record<string, Schema>;
}

/**
 * The schema with every object that lists properties refusing others. Parts that are combined (`allOf`, `$ref`, …)
 * see each other's keys, which `additionalProperties` would not.
 */
export function closed(schema: Schema): Schema {
  const copy: Schema = { ...schema };
  if (schema.properties) copy.properties = mapValues(schema.properties, closed);
  if (schema.patternProperties) copy.patternProperties = mapValues(schema.patternProperties, closed);
  if (isSchema(schema.additionalProperties)) copy.additionalProperties = closed(schema.additionalProperties);
  if (isSchema(schema.items)) copy.items = closed(schema.items);
  if (schema.prefixItems) copy.prefixItems = schema.prefixItems.map(closed);
  // A definition is used in place of a whole value or as one part of several: only its inside is closed here.
  if (schema.$defs) copy.$defs = mapValues(schema.$defs, closedInside);
  for (const keyword of ["allOf", "anyOf", "oneOf"] as const) {
    if (schema[keyword]) copy[keyword] = schema[keyword].map(closedInside);
  }
  for (const keyword of ["then", "else"] as const) {
    if (schema[keyword]) copy[keyword] = closedInside(schema[keyword]);
  }
  const isOpen = schema.additionalProperties !== undefined || schema["unevaluatedProperties"] !== undefined;
  const listsKeys = schema.properties ?? schema.$ref ?? schema.allOf ?? schema.anyOf ?? schema.oneOf;
  if (listsKeys !== undefined && !isOpen) copy["unevaluatedProperties"] = false;
  return copy;
}

function closedInside(schema: Schema): Schema {
  const { unevaluatedProperties: added, ...copy } = closed(schema);
  return schema["unevaluatedProperties"] === undefined ? copy : { ...copy, unevaluatedProperties: added };
}

/** The same schema for a part of a configuration whose other fields stand elsewhere. */
export function withoutRequired(schema: Schema): Schema {
  const { required: _, ...rest } = schema;
  return rest;
}

/** Keys that the schema knows for an object, those of its parts included. */
export function members(schema: Schema, root: Schema): string[] {
  const keys = new Set<string>();
  visitParts(schema, root, (part) => Object.keys(part.properties ?? {}).forEach((key) => keys.add(key)));
  return [...keys];
}

/** A copy of `value` in which everything marked `x-secret` is `***`. */
export function mask(schema: Schema, value: unknown, root: Schema = schema): unknown {
  let isSecret = false;
  visitParts(schema, root, (part) => (isSecret ||= part["x-secret"] === true));
  if (isSecret) return hide(value);
  if (Array.isArray(value)) return value.map((item, index) => maskAt(schema, item, root, index));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, maskAt(schema, member, root, key)]),
  );
}

/** For plugins without a schema: what is named like a secret. */
export function maskByName(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskByName);
  if (typeof value !== "object" || value === null) return value;
  const suspicious = /token|secret|passw|credential|api_?key|access_?key|authorization/i;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      suspicious.test(key) ? hide(member) : maskByName(member),
    ]),
  );
}

function hide(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hide);
  return value === null || value === undefined || value === "" ? value : "***";
}

/** A member may be described by several parts; the secret mark of any of them counts. */
function maskAt(schema: Schema, value: unknown, root: Schema, key: string | number): unknown {
  let masked = value;
  visitParts(schema, root, (part) => {
    for (const sub of subschemas(part, key)) masked = mask(sub, masked, root);
  });
  return masked;
}

function subschemas(part: Schema, key: string | number): Schema[] {
  if (typeof key === "number") {
    const item = part.prefixItems?.[key] ?? part.items;
    return isSchema(item) ? [item] : [];
  }
  const named = part.properties?.[key];
  const patterns = Object.entries(part.patternProperties ?? {}).filter(([pattern]) =>
    new RegExp(pattern, "u").test(key),
  );
  const found = [...(named ? [named] : []), ...patterns.map(([, sub]) => sub)];
  if (found.length === 0 && isSchema(part.additionalProperties)) return [part.additionalProperties];
  return found;
}

/** The schema and everything that applies to the same value, each once. */
function visitParts(schema: Schema, root: Schema, visit: (part: Schema) => void): void {
  const seen = new Set<Schema>();
  const queue: (Schema | undefined)[] = [schema];
  for (let part = queue.shift(); part !== undefined || queue.length > 0; part = queue.shift()) {
    if (!isSchema(part) || seen.has(part)) continue;
    seen.add(part);
    visit(part);
    queue.push(...(part.allOf ?? []), ...(part.anyOf ?? []), ...(part.oneOf ?? []), part.then, part.else);
    if (part.$ref !== undefined) queue.push(resolveReference(part.$ref, root));
  }
}

/** References inside the document only: `#`, `#/$defs/name`. */
function resolveReference(reference: string, root: Schema): Schema | undefined {
  if (!reference.startsWith("#")) return undefined;
  return reference
    .slice(1)
    .split("/")
    .filter((part) => part !== "")
    .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], root) as
    Schema | undefined;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function mapValues<T>(object: Record<string, T>, map: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}
