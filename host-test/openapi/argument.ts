// An argument of a tool: what the model reads of it, and where it goes in the request.

import type { Notation, Place } from "./operation.ts";
import type { JsonSchema } from "./schema.ts";

/** As in the plugin's schema.json. */
export interface Argument {
  name: string;
  description?: string;
  type?: string;
  required?: true;
  default?: unknown;
  enum?: unknown[];
  items?: unknown;
  properties?: unknown;
  schema?: JsonSchema;
  position?: Place | "body";
  sentAs?: string;
  style?: string;
  explode?: boolean;
  file?: true;
  contentType?: string;
}

export interface ArgumentPlan extends Notation {
  /** Its name in the tool. */
  name: string;
  /** Its name in the request. */
  sentAs: string;
  description: string;
  required: boolean;
  position: Place | "body" | undefined;
  schema: JsonSchema;
}

/** What the plugin's own keys say of a schema goes there, so that it reads as a configuration of Higress's does. */
const ownKeys: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ["type", (value: unknown) => typeof value === "string"],
  ["enum", Array.isArray],
  ["items", isObject],
  ["properties", isObject],
]);

const single = new Set(["string", "number", "integer", "boolean", "null"]);

export function argumentOf(plan: ArgumentPlan): Argument {
  const { description: own, ...schema } = plan.schema;
  const argument: Argument = { name: plan.name };
  const description = [plan.description, typeof own === "string" && own !== plan.description ? own : ""];
  const text = description.filter((part) => part !== "").join("\n");
  if (text !== "") argument.description = text;
  const only = onlyValue(schema);
  const rest: JsonSchema = {};
  for (const [key, value] of Object.entries(schema)) {
    const isOwn = ownKeys.get(key)?.(value) ?? false;
    const isUsed =
      key === "items" ? schema["type"] === "array" : key !== "properties" || schema["type"] === "object";
    if (isOwn && isUsed) Object.assign(argument, { [key]: value });
    // A default is the service's to fill in: sent, it would overwrite what is there.
    else rest[key] = value;
  }
  // What can have one value only is not asked for.
  if (plan.required && only !== undefined) {
    argument.default = only;
    delete rest["default"];
  } else if (plan.required) argument.required = true;
  if (Object.keys(rest).length > 0 || argument.type === undefined) argument.schema = rest;
  if (plan.position !== undefined) argument.position = plan.position;
  if (plan.sentAs !== plan.name && plan.position !== "path") argument.sentAs = plan.sentAs;
  if (plan.style !== undefined) argument.style = plan.style;
  if (plan.style !== undefined && plan.explode !== undefined && plan.explode !== (plan.style === "form"))
    argument.explode = plan.explode;
  return argument;
}

/** Whether values may be lists or objects, of which a style says how they are written. */
export function hasParts(schema: JsonSchema): boolean {
  const { type } = schema;
  if (type === undefined) return schema["enum"] === undefined;
  return (Array.isArray(type) ? type : [type]).some((word) => !single.has(String(word)));
}

function onlyValue(schema: JsonSchema): unknown {
  if (schema["const"] !== undefined) return schema["const"];
  const choices = schema["enum"];
  return Array.isArray(choices) && choices.length === 1 ? choices[0] : undefined;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
