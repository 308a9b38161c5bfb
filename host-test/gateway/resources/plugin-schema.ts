// A plugin's `schema.json` applied to the configuration of a resource, so that a mistake is found with its line
// before the plugin sees it, and its secrets are known.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import type { Field } from "./field.ts";
import type { ConfigurationPart } from "./plugin-configuration.ts";
import { absent, coerced } from "./schema-coercion.ts";
import type { ModuleFolders } from "./plugin-url.ts";
import { suggestion } from "./problems.ts";
import { closed, mask, members, withoutRequired, type Schema } from "./schema-shape.ts";

const matchKeys = ["_match_route_", "_match_domain_", "_match_service_", "_match_route_prefix_"];

/** Keys that the SDK takes out before a plugin's parser sees its configuration. */
const sdkKeys = ["_rules_", "_plugin_id_", ...matchKeys];

export class PluginSchema {
  readonly schema: Schema;
  #whole: ValidateFunction;
  #rule: ValidateFunction;

  constructor(schema: Schema) {
    this.schema = schema;
    // Unknown words in a schema are annotations for people and for the documentation.
    const ajv = new Ajv2020({ allErrors: true, strict: false, verbose: true, validateFormats: false });
    this.#whole = ajv.compile(closed(schema));
    // A rule of such a plugin only overrides fields of the global configuration.
    const isOverride = schema["x-rule-override"] === true;
    this.#rule = isOverride
      ? ajv.compile({ ...withoutRequired(closed(schema)), $id: undefined })
      : this.#whole;
  }

  /** `undefined`: the plugin has none. Throws when the file is not a usable schema. */
  static read(plugin: string, folders: ModuleFolders): PluginSchema | undefined {
    const path = join(folders.plugins, plugin, "schema.json");
    if (!existsSync(path)) return undefined;
    try {
      return new PluginSchema(JSON.parse(readFileSync(path, "utf8")) as Schema);
    } catch (error) {
      const message = `plugins/${plugin}/schema.json is not a usable JSON schema: ${(error as Error).message}`;
      throw new Error(message, { cause: error });
    }
  }

  /**
   * Reports every place where the configuration departs from the schema; as a warning where the plugin makes it fit.
   * Nothing here keeps a gateway from starting: the plugin says itself what it refuses, and Higress starts with the rest.
   */
  check({ field, kind }: ConfigurationPart): void {
    const value = structuredClone(field.value()) as Record<string, unknown>;
    for (const key of sdkKeys) delete value[key];
    const validate = kind === "rule" ? this.#rule : this.#whole;
    // What is inside a value that did not fit is looked at next.
    while (!validate(value)) if (!this.#coerce(field, value, validate.errors ?? [])) break;
    if (!validate.errors) return;
    const masked = mask(this.schema, value);
    for (const error of mostTelling(validate.errors ?? [])) this.#report(field, error, masked);
  }

  /** Puts in place what the plugin reads instead of values that do not fit; false when it takes none of them. */
  #coerce(root: Field, value: object, errors: ErrorObject[]): boolean {
    let hasChanged = false;
    for (const error of errors) {
      const { instancePath } = error;
      const last = keysOf(instancePath).at(-1);
      const parent = valueAt(value, instancePath.slice(0, instancePath.lastIndexOf("/")));
      if (last === undefined || !isObject(parent) || !(last in parent)) continue;
      const read = coerced(parent[last], error);
      if (read === undefined || (read === absent && Array.isArray(parent))) continue;
      const found = fieldAt(root, instancePath);
      const isSecret = valueAt(mask(this.schema, value), instancePath) === "***";
      if (read === absent) delete parent[last];
      else parent[last] = read;
      hasChanged = true;
      // Null is the usual way to leave a value out.
      if (found.isEmpty) continue;
      const text = isSecret ? "what fits" : JSON.stringify(read);
      // A list of one may hold a secret.
      const as = read === absent ? "not given" : Array.isArray(read) ? "a list of one" : text;
      root.source.problems.warning(found.position, `is read as ${as}`, {
        expected: expectation(error),
        found: isSecret ? "something else" : found.found,
      });
    }
    return hasChanged;
  }

  #report(root: Field, error: ErrorObject, masked: unknown): void {
    const { problems } = root.source;
    const parent = fieldAt(root, error.instancePath);
    const parameters = error.params as Record<string, unknown>;
    const unknown = parameters["additionalProperty"] ?? parameters["unevaluatedProperty"];
    if (typeof unknown === "string") {
      const known = members(error.parentSchema as Schema, this.schema);
      // A part that fails for another reason does not count its keys as known; that reason is reported too.
      if (!known.includes(unknown))
        problems.error(parent.keyPosition(unknown), `unknown key${suggestion(unknown, known)}`);
      return;
    }
    if (error.propertyName !== undefined) {
      const known = error.keyword === "enum" ? (parameters["allowedValues"] as string[]) : [];
      const expected = `${suggestion(error.propertyName, known)}: expected ${expectation(error)}`;
      problems.error(parent.keyPosition(error.propertyName), `unknown key${expected}`);
      return;
    }
    const missing = parameters["missingProperty"];
    if (typeof missing === "string") {
      problems.error(parent.get(missing).position, "is required", { expected: describe(error, missing) });
      return;
    }
    const isSecret = valueAt(masked, error.instancePath) === "***";
    const found = isSecret ? "something else" : parent.found;
    problems.error(parent.position, "does not fit the plugin's schema", {
      expected: expectation(error),
      found,
    });
  }
}

/** Errors of the branches of a failed `anyOf` or `oneOf` only repeat what the choice itself says. */
function mostTelling(errors: ErrorObject[]): ErrorObject[] {
  const choices = errors.filter(({ keyword }) => keyword === "anyOf" || keyword === "oneOf");
  return errors.filter((error) => {
    if (error.keyword === "if" || error.keyword === "propertyNames") return false;
    return !choices.some(
      (choice) => error !== choice && error.schemaPath.startsWith(`${choice.schemaPath}/`),
    );
  });
}

function fieldAt(root: Field, pointer: string): Field {
  return keysOf(pointer).reduce((field, key) => {
    if (!field.isMapping()) return field.items()[Number(key)] ?? field;
    const member = field.get(key);
    // A lone value stands for a list of one.
    return key === "0" && member.isMissing ? field : member;
  }, root);
}

function expectation({ keyword, params, message, schema }: ErrorObject): string {
  const list = (values: unknown[]): string => values.map((value) => JSON.stringify(value)).join(", ");
  switch (keyword) {
    case "type":
      return [params["type"]].flat().join(" or ");
    case "enum":
      return `one of ${list(params["allowedValues"] as unknown[])}`;
    case "const":
      return list([params["allowedValue"]]);
    case "pattern":
      return `text that matches ${params["pattern"]}`;
    case "anyOf":
    case "oneOf":
      return choices(schema) ?? message ?? keyword;
    default:
      return (message ?? keyword).replace(/^must (?:NOT )?(?:be |have )?/, (verb) =>
        verb.includes("NOT") ? "not " : "",
      );
  }
}

function choices(schema: unknown): string | undefined {
  const titles = (schema as Schema[]).map(
    ({ title, type, const: value }) => title ?? type ?? JSON.stringify(value),
  );
  return titles.every((title) => title !== undefined) ? titles.flat().join(" or ") : undefined;
}

function describe({ parentSchema }: ErrorObject, key: string): string {
  const property = (parentSchema as Schema | undefined)?.properties?.[key];
  return [property?.type].flat().filter(Boolean).join(" or ") || "a value";
}

function valueAt(value: unknown, pointer: string): unknown {
  return keysOf(pointer).reduce((part, key) => (part as Record<string, unknown> | undefined)?.[key], value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function keysOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}
