// Expressions over attributes: the foreign functions expr_create, expr_evaluate and expr_delete
// (compat/abi.md §13). Language: https://cel.dev

import { Environment } from "@marcbachmann/cel-js";
import type { Context } from "./context.ts";
import { latin1 } from "./plugin.ts";
import { rootValue } from "./properties.ts";
import { ListValue, MapValue, MessageValue } from "./property-value.ts";
import type { PropertyValue } from "./property-value.ts";

export type Expression = (context: Context) => PropertyValue;

/** The expression has no value: an unknown name, a missing key, a division by zero. */
export class EvaluationFailed extends Error {}

const environment = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });

const attributes = [
  "request",
  "response",
  "source",
  "destination",
  "connection",
  "connection_id",
  "upstream",
  "xds",
  "metadata",
  "filter_state",
  "plugin_name",
  "plugin_root_id",
  "plugin_vm_id",
];

/** undefined: `source` is not an expression. */
export function parseExpression(source: string): Expression | undefined {
  let program: (variables: Record<string, unknown>) => unknown;
  try {
    program = environment.parse(source);
  } catch {
    return undefined;
  }
  return (context) => {
    let result: unknown;
    try {
      result = program(variablesOf(context));
    } catch (error) {
      throw new EvaluationFailed((error as Error).message.split("\n", 1)[0]);
    }
    return fromCel(result);
  };
}

function variablesOf(context: Context): Record<string, unknown> {
  const variables: Record<string, unknown> = {};
  const define = (name: string, get: () => PropertyValue | undefined) => {
    Object.defineProperty(variables, name, {
      enumerable: true,
      get: () => {
        const value = get();
        return value === undefined ? undefined : toCel(value);
      },
    });
  };
  for (const [name, value] of context.stream?.http.filterState ?? []) {
    if (name.startsWith("wasm.") && !attributes.includes(name.slice(5))) define(name.slice(5), () => value);
  }
  for (const name of attributes) {
    if (rootValue(context, name) !== undefined) define(name, () => rootValue(context, name));
  }
  return variables;
}

/** Groups of attributes: CEL can read their members, but they are no result. The library takes no subclass of Map. */
const groups = new WeakSet<object>();

function group(members: [string, unknown][]): Map<string, unknown> {
  const map = new Map(members);
  groups.add(map);
  return map;
}

function toCel(value: PropertyValue): unknown {
  if (typeof value === "string") return Buffer.from(value, "latin1").toString("utf8");
  if (value instanceof ListValue) return value.items.map(toCel);
  if (value instanceof MessageValue) {
    return group(Object.entries(value.fields).map(([key, item]) => [key, toCel(item)]));
  }
  if (value instanceof MapValue) {
    const members: [string, unknown][] = value
      .entries()
      .map(([key, item]) => [Buffer.from(key, "latin1").toString("utf8"), toCel(item)]);
    return value.isWhole ? new Map(members) : group(members);
  }
  return value;
}

function fromCel(value: unknown): PropertyValue {
  if (typeof value === "string") return latin1(value);
  if (typeof value === "bigint" || typeof value === "number" || typeof value === "boolean") return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  if (value instanceof Date) return BigInt(value.getTime()) * 1_000_000n;
  if (Array.isArray(value)) return new ListValue(value.map(fromCel));
  if (value === null || typeof value !== "object" || groups.has(value)) return null;
  // The library exports these two classes as types only.
  if (isUnsigned(value)) return value.valueOf();
  if (isDuration(value)) return BigInt(value.seconds) * 1_000_000_000n + BigInt(value.nanos);
  const members: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  const entries = members.map(([key, item]): [string, PropertyValue] => [latin1(String(key)), fromCel(item)]);
  return new MapValue(
    (key) => entries.find(([name]) => name === key)?.[1],
    () => entries,
  );
}

function isUnsigned(value: object): value is { valueOf(): bigint } {
  return value.constructor.name === "UnsignedInt";
}

function isDuration(value: object): value is { seconds: bigint | number; nanos: number } {
  return value.constructor.name === "Duration" && "seconds" in value && "nanos" in value;
}
