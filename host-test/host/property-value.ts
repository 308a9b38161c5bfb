// Values of properties and their bytes at the ABI (compat/abi.md §11).

import { encodePairs } from "./pairs.ts";
import { latin1 } from "./plugin.ts";
import type { Metadata, MetadataValue } from "./types.ts";

/** A protobuf message: its fields by name, and its bytes. */
export class MessageValue {
  readonly fields: Record<string, PropertyValue>;
  readonly encode: () => Uint8Array;

  constructor(fields: Record<string, PropertyValue>, encode: () => Uint8Array) {
    this.fields = fields;
    this.encode = encode;
  }
}

/** A map whose members are looked up by key, such as headers. Lists have decimal keys. */
export class MapValue {
  readonly get: (key: string) => PropertyValue | undefined;
  readonly entries: () => [string, PropertyValue][];
  /** False for groups of attributes such as `request`: members can be read, the whole cannot. */
  readonly isWhole: boolean;

  constructor(
    get: (key: string) => PropertyValue | undefined,
    entries: () => [string, PropertyValue][],
    isWhole = true,
  ) {
    this.isWhole = isWhole;
    this.get = get;
    this.entries = entries;
  }
}

export class ListValue {
  readonly items: PropertyValue[];

  constructor(items: PropertyValue[]) {
    this.items = items;
  }
}

/** Strings are bytes as latin-1; bigint is int, uint, timestamp or duration; number is double; null has no bytes. */
export type PropertyValue = string | bigint | number | boolean | null | MessageValue | MapValue | ListValue;

/** Follows `path` into `value`: message field, map key or list index. */
export function descend(
  value: PropertyValue | undefined,
  path: readonly string[],
): PropertyValue | undefined {
  let current = value;
  for (const segment of path) {
    if (current instanceof MapValue) current = current.get(segment);
    else if (current instanceof MessageValue) {
      current = Object.hasOwn(current.fields, segment) ? current.fields[segment] : undefined;
    } else if (current instanceof ListValue) {
      current = /^\d{1,9}$/.test(segment) ? current.items[Number(segment)] : undefined;
    } else return undefined;
  }
  return current;
}

/** undefined: the value has no serialized form. */
export function serialize(value: PropertyValue): string | Uint8Array | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
    return bytes;
  }
  if (typeof value === "number") {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return bytes;
  }
  if (typeof value === "boolean") return value ? "\x01" : "\x00";
  if (value instanceof MessageValue) return value.encode();
  if (value instanceof MapValue) return value.isWhole ? serializePairs(value.entries()) : undefined;
  if (value instanceof ListValue) {
    const pairs: [string, string][] = [];
    for (const item of value.items) {
      const text = asText(item);
      if (text === undefined) return undefined;
      pairs.push([text, ""]);
    }
    return encodePairs(pairs);
  }
  return undefined;
}

function serializePairs(entries: [string, PropertyValue][]): Uint8Array | undefined {
  const pairs: [string, string][] = [];
  for (const [key, item] of entries) {
    const text = asText(item);
    if (text === undefined) return undefined;
    pairs.push([key, text]);
  }
  return encodePairs(pairs);
}

function asText(value: PropertyValue): string | undefined {
  const bytes = serialize(value);
  return bytes === undefined || typeof bytes === "string" ? bytes : Buffer.from(bytes).toString("latin1");
}

/** Metadata as CEL sees it: objects are maps, arrays are lists, numbers are doubles. */
export function fromMetadata(value: MetadataValue): PropertyValue {
  if (value === null || typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "string") return latin1(value);
  if (Array.isArray(value)) return new ListValue(value.map(fromMetadata));
  return mapOf(value);
}

export function mapOf(object: Metadata): MapValue {
  return new MapValue(
    (key) => {
      const name = Buffer.from(key, "latin1").toString("utf8");
      return Object.hasOwn(object, name) ? fromMetadata(object[name]!) : undefined;
    },
    () => Object.entries(object).map(([key, item]) => [latin1(key), fromMetadata(item)]),
  );
}
