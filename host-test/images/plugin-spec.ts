// `spec.yaml` of an image, from a plugin's schema.json: what Higress's console shows and checks a configuration with.

import { stringify } from "yaml";
import type { Schema } from "../gateway/resources/schema-shape.ts";

/** As Higress names kinds of plugins; `x-category` in schema.json. */
const categories = ["auth", "security", "protocol", "flow-control", "flow-monitor", "custom"];

/** The text of spec.yaml: English and Chinese side by side. */
export function pluginSpec(name: string, version: string, schema: Schema): string {
  const category = (schema["x-category"] as string | undefined) ?? "custom";
  if (!categories.includes(category)) {
    throw new Error(`plugins/${name}/schema.json: x-category: expected one of ${categories.join(", ")}`);
  }
  const title = schema.title ?? name;
  const { description, "x-description-i18n": descriptions, ...configuration } = openApi(schema, schema, []);
  const [example] = (schema["examples"] as unknown[] | undefined) ?? [];
  const spec = {
    apiVersion: "1.0.0",
    info: {
      category,
      name,
      title,
      "x-title-i18n": { "zh-CN": (schema["x-title-zh"] as string | undefined) ?? title, "en-US": title },
      description: description ?? "",
      "x-description-i18n": descriptions ?? { "zh-CN": "", "en-US": "" },
      version,
      contact: { name: "AI-gateway plugins" },
    },
    spec: {
      phase: schema["x-phase"] ?? "UNSPECIFIED_PHASE",
      priority: schema["x-priority"] ?? 0,
      configSchema: {
        openAPIV3Schema: {
          ...configuration,
          ...(example !== undefined && { example }),
        },
      },
    },
  };
  return stringify(spec, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** Words that mean the same in JSON Schema and in OpenAPI 3.0. */
const common = [
  ...["enum", "default", "format", "title", "required", "pattern", "minLength", "maxLength"],
  ...["minimum", "maximum", "multipleOf", "minItems", "maxItems", "uniqueItems"],
  ...["minProperties", "maxProperties"],
];

/**
 * The schema in OpenAPI 3.0's words, references put in. Words that OpenAPI 3.0 does not have are left out, so that it
 * may accept more than the plugin, never less. `above`: definitions around this one.
 */
function openApi(schema: Schema, root: Schema, above: string[]): Schema {
  const { $ref } = schema;
  // What holds itself cannot be written out.
  if ($ref !== undefined && above.includes($ref)) return { type: "object", ...texts(schema) };
  const own = $ref === undefined ? schema : { ...definition($ref, root), ...schema };
  const inner = $ref === undefined ? above : [...above, $ref];
  const convert = (part: Schema): Schema => openApi(part, root, inner);
  const result: Schema = { ...types(own), ...texts(own) };
  for (const word of common) if (own[word] !== undefined) result[word] = own[word];
  if (own["const"] !== undefined) result["enum"] = [own["const"]];
  if (own["x-secret"] === true && own.type === "string") result["format"] = "password";
  if (own.properties) {
    const members = Object.entries(own.properties).map(([key, member]) => [key, convert(member)] as const);
    result.properties = Object.fromEntries(members);
  }
  if (typeof own.items === "object") result.items = convert(own.items);
  // OpenAPI 3.0 has no array without items.
  else if (own.type === "array") result.items = {};
  if (typeof own.additionalProperties === "object") {
    result.additionalProperties = convert(own.additionalProperties);
  } else if (own.additionalProperties !== undefined && !own.properties) {
    result.additionalProperties = own.additionalProperties;
  }
  for (const word of ["allOf", "anyOf", "oneOf"] as const) {
    if (own[word]) result[word] = own[word].map(convert);
  }
  return result;
}

/** OpenAPI 3.0 has one type a schema, and `nullable`. */
function types({ type }: Schema): Schema {
  if (!Array.isArray(type)) return type === undefined ? {} : { type };
  const named = type.filter((one) => one !== "null");
  const nullable = named.length < type.length ? { nullable: true } : {};
  return named.length === 1
    ? { type: named[0]!, ...nullable }
    : {
        anyOf: named.map((one) => (one === "array" ? { type: one, items: {} } : { type: one })),
        ...nullable,
      };
}

function texts(schema: Schema): Schema {
  const description = schema["description"];
  return description === undefined ? {} : { description, ...translations(schema) };
}

function translations(schema: Schema): Schema {
  const english = schema["description"] as string | undefined;
  const chinese = (schema["x-description-zh"] as string | undefined) ?? english;
  return english === undefined ? {} : { "x-description-i18n": { "zh-CN": chinese, "en-US": english } };
}

function definition(reference: string, root: Schema): Schema {
  const path = reference.replace(/^#\//, "").split("/");
  const found = path.reduce<unknown>((node, key) => (node as Schema | undefined)?.[key], root);
  if (found === undefined) throw new Error(`unresolved ${reference}`);
  return found as Schema;
}
