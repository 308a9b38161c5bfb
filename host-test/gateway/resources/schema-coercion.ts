// What plugins take although their schema does not say so: the SDK reads configurations as leniently as Higress's Go
// plugins do, which take `"true"` for true, a lone value for a list, and an empty text for one that is not given.

import type { ErrorObject } from "ajv/dist/2020.js";

/** The plugin reads the value as if it were not there. */
export const absent = Symbol("absent");

/** What a plugin reads in place of the value that this error is about; undefined when it takes it for a mistake too. */
export function coerced(value: unknown, { keyword, params }: ErrorObject): unknown {
  if (!["type", "enum", "pattern"].includes(keyword)) return undefined;
  if (value === null || value === "") return absent;
  if (keyword !== "type") return undefined;
  const types = [params["type"]].flat() as string[];
  const isScalar = typeof value !== "object";
  for (const type of types) {
    if (type === "array") return [value];
    if (!isScalar) continue;
    if (type === "string") return String(value);
    if (type === "boolean") return flagOf(value as string | number);
    if (type === "integer" || type === "number") return numberOf(value as string | number | boolean, type);
  }
  return undefined;
}

function flagOf(value: string | number): boolean | undefined {
  if (typeof value === "number") return value !== 0;
  if (/^(1|t|true)$/i.test(value)) return true;
  return /^(0|f|false)$/i.test(value) ? false : undefined;
}

function numberOf(value: string | number | boolean, type: string): number | undefined {
  const number = typeof value === "string" && value.trim() !== value ? NaN : Number(value);
  if (!Number.isFinite(number)) return undefined;
  return type === "integer" ? Math.trunc(number) : number;
}
