// The keywords of JSON Schema 2020-12 that a tool's schema keeps, and what each holds.
// https://json-schema.org/draft/2020-12/json-schema-validation

export type KeywordKind = "number" | "count" | "text" | "flag" | "any" | "schema" | "schemas" | "members";

/** `type`, `enum`, `pattern`, `required`, `items` and the exclusive bounds are read on their own. */
export const keywords: ReadonlyMap<string, KeywordKind> = new Map(
  Object.entries({
    description: "text",
    format: "text",
    const: "any",
    default: "any",
    multipleOf: "number",
    maximum: "number",
    minimum: "number",
    maxLength: "count",
    minLength: "count",
    maxItems: "count",
    minItems: "count",
    maxProperties: "count",
    minProperties: "count",
    maxContains: "count",
    minContains: "count",
    uniqueItems: "flag",
    contentEncoding: "text",
    contentMediaType: "text",
    prefixItems: "schemas",
    contains: "schema",
    properties: "members",
    patternProperties: "members",
    additionalProperties: "schema",
    propertyNames: "schema",
    unevaluatedItems: "schema",
    unevaluatedProperties: "schema",
    dependentRequired: "any",
    dependentSchemas: "members",
    allOf: "schemas",
    anyOf: "schemas",
    oneOf: "schemas",
    not: "schema",
    if: "schema",
    then: "schema",
    else: "schema",
  } satisfies Record<string, KeywordKind>),
);

export const types = ["string", "number", "integer", "boolean", "array", "object", "null"];

/** Names that descriptions give types by mistake. `any` is no constraint, `file` a string of bytes. */
export const typeSlips: ReadonlyMap<string, string | undefined> = new Map([
  ["any", undefined],
  ["bool", "boolean"],
  ["date", "string"],
  ["date-time", "string"],
  ["datetime", "string"],
  ["decimal", "number"],
  ["dict", "object"],
  ["double", "number"],
  ["file", "string"],
  ["float", "number"],
  ["int", "integer"],
  ["int32", "integer"],
  ["int64", "integer"],
  ["json", undefined],
  ["list", "array"],
  ["long", "integer"],
  ["map", "object"],
  ["str", "string"],
  ["text", "string"],
  ["timestamp", "string"],
  ["url", "string"],
  ["uuid", "string"],
]);
