// Schemas of an API description as JSON Schema 2020-12 that stands alone: every reference written out, what OpenAPI
// 3.0 and Swagger 2.0 say in words of their own said in JSON Schema's.

import type { References, SpecNode } from "./node.ts";
import { unicodePattern } from "./patterns.ts";
import type { Remark, RemarkKind, Report } from "./report.ts";
import { keywords, types, typeSlips } from "./schema-keywords.ts";

export type JsonSchema = Record<string, unknown>;

/** What a client sends has no read-only members, what it gets no write-only ones. */
export type Direction = "request" | "response";

/** Subschemas of one schema that are written out. A model reads all of them. */
const most = 400;
/** Levels that are tried, the deepest first, until there are no more than `most`. */
const levels: Record<Direction, number[]> = {
  request: [10, 8, 6, 5, 4, 3, 2, 1, 0],
  // Of an answer a summary is told.
  response: [2, 1, 0],
};

export class SchemaReader {
  readonly #derived: Set<string>;
  /** What was read before: descriptions refer to the same schemas again and again. */
  readonly #read = new Map<string, JsonSchema>();

  readonly #references: References;
  readonly #report: Report;
  /** From OpenAPI 3.1 on a reference may have other keywords beside it. */
  readonly #hasSiblings: boolean;

  constructor(references: References, report: Report, hasSiblings: boolean) {
    this.#references = references;
    this.#report = report;
    this.#hasSiblings = hasSiblings;
    this.#derived = derivedFrom(references);
  }

  /**
   * What the node says as JSON Schema. A schema that is met again within itself, and one that lies too deep for the
   * whole to stay readable, is written without what is inside it; the report says so.
   */
  read(node: SpecNode, direction: Direction): JsonSchema {
    const reference =
      Object.keys((node.value ?? {}) as object).length === 1 ? node.get("$ref").text : undefined;
    const key = `${direction} ${reference === undefined ? node.id : `${node.source.name} ${reference}`}`;
    const known = this.#read.get(key);
    if (known) return known;
    const schema = this.#write(node, direction);
    this.#read.set(key, schema);
    return schema;
  }

  #write(node: SpecNode, direction: Direction): JsonSchema {
    for (const depth of levels[direction]) {
      const writing = new Writing(this.#references, this.#hasSiblings, this.#derived, direction, depth);
      const schema = writing.schema(node, 0);
      if (writing.count > most && depth > 0) continue;
      if (direction === "request") {
        for (const remark of writing.remarks) this.#report.add(remark.kind, remark, remark.message);
        if (writing.cut > 0) this.#report.leftOut(node, cutMessage(writing.cut, depth));
      }
      return writing.count > most ? {} : schema;
    }
    return {};
  }
}

class Writing {
  count = 0;
  /** Schemas whose inside lies too deep. */
  cut = 0;
  readonly remarks: Remark[] = [];
  /** Targets of references whose schemas are being written. */
  readonly #open = new Set<string>();

  readonly #references: References;
  readonly #hasSiblings: boolean;
  readonly #derived: Set<string>;
  readonly #direction: Direction;
  readonly #depth: number;

  constructor(
    references: References,
    hasSiblings: boolean,
    derived: Set<string>,
    direction: Direction,
    depth: number,
  ) {
    this.#references = references;
    this.#hasSiblings = hasSiblings;
    this.#derived = derived;
    this.#direction = direction;
    this.#depth = depth;
  }

  schema(node: SpecNode, depth: number): JsonSchema {
    if (++this.count > most) return {};
    if (typeof node.value === "boolean") return node.value ? {} : { not: {} };
    if (!node.isObject) {
      this.#remark("invalid", node, "expected a schema");
      return {};
    }
    return typeof node.get("$ref").value === "string" ? this.#referred(node, depth) : this.#own(node, depth);
  }

  #referred(node: SpecNode, depth: number): JsonSchema {
    const target = this.#references.follow(node);
    const siblings = this.#siblings(node, depth);
    if (!target) return siblings;
    if (this.#open.has(target.id)) {
      const name = nameOf(target);
      this.#remark("left out", node, `what is inside ${name} where it stands within itself`);
      return { ...plain(target), description: `As the ${name} around it.`, ...siblings };
    }
    this.#open.add(target.id);
    const schema = this.schema(target, depth);
    this.#open.delete(target.id);
    const isDisjoint = Object.keys(siblings).every(
      (key) => key === "description" || !Object.hasOwn(schema, key),
    );
    return isDisjoint ? { ...schema, ...siblings } : { allOf: [schema, siblings] };
  }

  /** What stands beside a reference. A description is kept in every version: it can only help. */
  #siblings(node: SpecNode, depth: number): JsonSchema {
    const holder = node.value as Record<string, unknown>;
    const { $ref: _, ...others } = holder;
    if (!this.#hasSiblings)
      return typeof holder["description"] === "string" ? { description: holder["description"].trim() } : {};
    if (!Object.keys(others).some((key) => !key.startsWith("x-"))) return {};
    return this.#own(node, depth);
  }

  #own(node: SpecNode, depth: number): JsonSchema {
    const schema: JsonSchema = {};
    const named = this.#types(node);
    if (depth > this.#depth) {
      this.cut++;
      return plain(node);
    }
    if (named.length > 0) schema["type"] = named.length === 1 ? named[0] : named;
    for (const [key, child] of node.named()) this.#keyword(schema, key, child, depth, named);
    this.#bounds(schema, node);
    this.#members(schema, node);
    if (schema["type"] === undefined && schema["enum"] === undefined) {
      if (schema["properties"] !== undefined) schema["type"] = "object";
      else if (schema["items"] !== undefined) schema["type"] = "array";
    }
    if (schema["type"] === "array" && !("items" in schema) && !("prefixItems" in schema))
      schema["items"] = {};
    this.#discriminator(schema, node);
    return schema;
  }

  #types(node: SpecNode): string[] {
    const type = node.get("type");
    const words = type.isList ? type.texts() : type.text === undefined ? [] : [type.text];
    const named = words.flatMap((word) => {
      if (types.includes(word)) return word;
      const slip = word.toLowerCase();
      if (types.includes(slip)) return slip;
      if (typeSlips.has(slip)) return typeSlips.get(slip) ?? [];
      this.#remark("invalid", type, `${JSON.stringify(word)} is no type: any value is taken`);
      return [];
    });
    if (named.length > 0 && node.get("nullable").isTrue) named.push("null");
    return [...new Set(named)];
  }

  #keyword(schema: JsonSchema, key: string, child: SpecNode, depth: number, named: string[]): void {
    if (key === "enum") this.#choices(schema, child, named);
    else if (key === "items") {
      if (child.isList) schema["prefixItems"] = child.items().map((item) => this.schema(item, depth + 1));
      else schema["items"] = this.schema(child, depth + 1);
    } else if (key === "pattern") this.#pattern(schema, child);
    const kind = keywords.get(key);
    if (kind === undefined) return;
    const { value } = child;
    switch (kind) {
      case "text":
        if (typeof value === "string" && value.trim() !== "") schema[key] = value.trim();
        return;
      case "number":
      case "count": {
        const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
        const isRight =
          typeof number === "number" &&
          Number.isFinite(number) &&
          (kind === "number" || (number >= 0 && Number.isInteger(number)));
        if (isRight && !(key === "multipleOf" && number <= 0)) schema[key] = number;
        else if (child.exists)
          this.#remark("invalid", child, `expected a number, found ${JSON.stringify(value)}`);
        return;
      }
      case "flag":
        if (child.isTrue) schema[key] = true;
        return;
      case "any":
        if (value !== undefined) schema[key] = key === "default" ? asType(value, named) : value;
        return;
      case "schema":
        schema[key] = typeof value === "boolean" ? value : this.schema(child, depth + 1);
        return;
      case "schemas": {
        const isPart = key === "allOf" || key === "anyOf" || key === "oneOf";
        const list = child.items().map((item) => this.schema(item, isPart ? depth : depth + 1));
        if (list.length > 0) schema[key] = list;
        return;
      }
      case "members": {
        const members = child.named().filter(([, member]) => !this.#isHidden(member));
        schema[key] = Object.fromEntries(
          members.map(([name, member]) => [name, this.schema(member, depth + 1)]),
        );
        return;
      }
    }
  }

  #choices(schema: JsonSchema, node: SpecNode, named: string[]): void {
    if (!Array.isArray(node.value) || node.value.length === 0) {
      if (node.exists) this.#remark("invalid", node, "expected a list of values: any value is taken");
      return;
    }
    const values = node.value.map((value) => asType(value, named));
    if (named.includes("null")) values.push(null);
    const distinct = new Map(values.map((value) => [JSON.stringify(value), value]));
    schema["enum"] = [...distinct.values()];
  }

  #pattern(schema: JsonSchema, node: SpecNode): void {
    const pattern = node.text === undefined ? undefined : unicodePattern(node.text);
    if (pattern !== undefined) schema["pattern"] = pattern;
    else if (node.exists)
      this.#remark("left out", node, "the pattern: it is no regular expression of ECMAScript");
  }

  /** `exclusiveMinimum: true` makes of `minimum` what later versions call `exclusiveMinimum`. */
  #bounds(schema: JsonSchema, node: SpecNode): void {
    for (const [exclusive, bound] of [
      ["exclusiveMinimum", "minimum"],
      ["exclusiveMaximum", "maximum"],
    ] as const) {
      const value = node.get(exclusive);
      if (typeof value.value === "number") schema[exclusive] = value.value;
      else if (value.isTrue && typeof schema[bound] === "number") {
        schema[exclusive] = schema[bound];
        delete schema[bound];
      }
    }
  }

  /** `required`, without the members that are not there in this direction. */
  #members(schema: JsonSchema, node: SpecNode): void {
    const list = node
      .get("required")
      .items()
      .flatMap(({ value }) => (typeof value === "string" ? value : []));
    const hidden = new Set<string>();
    for (const [name, member] of node.get("properties").named()) {
      if (this.#isHidden(member)) hidden.add(name);
      // An older notation, in the member itself.
      else if (member.get("required").value === true) list.push(name);
    }
    const required = [...new Set(list)].filter((name) => !hidden.has(name));
    if (required.length > 0) schema["required"] = required;
  }

  #isHidden(member: SpecNode): boolean {
    const mark = this.#direction === "request" ? "readOnly" : "writeOnly";
    if (member.get(mark).isTrue) return true;
    return member.get("$ref").exists && this.#references.follow(member)?.get(mark).value === true;
  }

  #discriminator(schema: JsonSchema, node: SpecNode): void {
    const discriminator = node.get("discriminator");
    if (!discriminator.exists || schema["oneOf"] !== undefined || schema["anyOf"] !== undefined) return;
    if (!this.#derived.has(node.id)) return;
    this.#remark("left out", discriminator, `the members of the schemas derived from ${nameOf(node)}`);
  }

  #remark(kind: RemarkKind, { source, pointer }: SpecNode, message: string): void {
    this.remarks.push({ kind, source, pointer, message });
  }
}

function cutMessage(places: number, depth: number): string {
  const what = `what lies deeper than ${depth === 1 ? "1 level" : `${depth} levels`} (${places === 1 ? "1 place" : `${places} places`})`;
  return depth === levels.request[0] ? what : `${what}: with it the schema has more than ${most} parts`;
}

/** Schemas that others extend by `allOf`. */
function derivedFrom(references: References): Set<string> {
  const { root } = references;
  const schemas = [...root.get("components").get("schemas").named(), ...root.get("definitions").named()];
  const bases = schemas.flatMap(([, schema]) => schema.get("allOf").items());
  return new Set(
    bases.flatMap((base) => {
      const reference = base.get("$ref").value;
      return typeof reference === "string" && reference.startsWith("#")
        ? `${base.source.name}${reference}`
        : [];
    }),
  );
}

/** The schema without what is inside it. */
function plain(node: SpecNode): JsonSchema {
  const type = node.get("type").value;
  const description = node.get("description").value;
  const schema: JsonSchema = {};
  if (typeof type === "string" && types.includes(type)) schema["type"] = type;
  else if (node.get("properties").exists) schema["type"] = "object";
  if (schema["type"] === "array") schema["items"] = {};
  if (typeof description === "string" && description.trim() !== "")
    schema["description"] = description.trim();
  return schema;
}

/** A value as the type has it, where it was written in another notation: `1` for `"1"`. */
function asType(value: unknown, named: string[]): unknown {
  if (named.length === 0) return value;
  const isScalar = typeof value === "number" || typeof value === "boolean";
  if (
    isScalar &&
    named.includes("string") &&
    !named.some((name) => name === "number" || name === "integer" || name === "boolean")
  )
    return String(value);
  if (typeof value !== "string" || named.includes("string")) return value;
  if (
    (named.includes("number") || named.includes("integer")) &&
    value.trim() !== "" &&
    Number.isFinite(Number(value))
  )
    return Number(value);
  if (named.includes("boolean") && /^(true|false)$/i.test(value)) return /^true$/i.test(value);
  return value;
}

function nameOf(node: SpecNode): string {
  return (
    node.pointer
      .slice(node.pointer.lastIndexOf("/") + 1)
      .replaceAll("~1", "/")
      .replaceAll("~0", "~") || "the document"
  );
}
