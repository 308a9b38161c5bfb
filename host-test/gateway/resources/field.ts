// A value of a YAML document that knows where it stands, and the reads that say what they expected.

import { isAlias, isMap, isScalar, isSeq, type Document, type LineCounter, type Node, type Pair } from "yaml";
import type { Position } from "../model.ts";
import { suggestion, type Problems } from "./problems.ts";

/** What the fields of one document share. */
export interface Source {
  file: string;
  document: Document;
  lines: LineCounter;
  problems: Problems;
}

export class Field {
  readonly source: Source;
  readonly path: string;
  #node: Node | null | undefined;
  /** Where to point when the value itself is absent or empty. */
  #line: number;

  constructor(source: Source, node: unknown, path: string, fallbackLine: number) {
    this.source = source;
    this.path = path;
    this.#node = isAlias(node) ? node.resolve(source.document) : (node as Node | null | undefined);
    const offset = (node as Node | null | undefined)?.range?.[0];
    this.#line = offset === undefined ? fallbackLine : source.lines.linePos(offset).line;
  }

  get position(): Position {
    return { file: this.source.file, line: this.#line, path: this.path };
  }

  get isMissing(): boolean {
    return this.#node === undefined;
  }

  /** Missing, or an explicit null: Kubernetes treats both alike. */
  get isEmpty(): boolean {
    return (
      this.#node === undefined || this.#node === null || (isScalar(this.#node) && this.#node.value === null)
    );
  }

  /** What stands here, in words for a message. */
  get found(): string {
    const node = this.#node;
    if (node === undefined) return "nothing";
    if (isMap(node)) return "a mapping";
    if (isSeq(node)) return "a list";
    if (!isScalar(node) || node.value === null) return "null";
    return typeof node.value === "string"
      ? JSON.stringify(node.value)
      : `the ${typeof node.value} ${String(node.value)}`;
  }

  get(key: string): Field {
    const path = this.path === "" ? key : `${this.path}.${key}`;
    if (!isMap(this.#node)) return new Field(this.source, undefined, path, this.#line);
    const pair = this.#node.items.find((item) => keyText(item) === key);
    if (!pair) return new Field(this.source, undefined, path, this.#line);
    const line = this.#keyLine(pair);
    return new Field(this.source, pair.value ?? null, path, line);
  }

  /** Items of a list; anything else is reported and has none. */
  items(): Field[] {
    if (this.isEmpty) return [];
    if (!isSeq(this.#node)) {
      this.mismatch("a list");
      return [];
    }
    return this.#node.items.map(
      (item, index) => new Field(this.source, item, `${this.path}[${index}]`, this.#line),
    );
  }

  /** Members of a mapping; anything else is reported and has none. */
  entries(): [key: string, value: Field][] {
    if (this.isEmpty) return [];
    if (!isMap(this.#node)) {
      this.mismatch("a mapping");
      return [];
    }
    return this.#node.items.map((pair) => [keyText(pair), this.get(keyText(pair))]);
  }

  keys(): string[] {
    return isMap(this.#node) ? this.#node.items.map(keyText) : [];
  }

  /** Where the key of a member stands: a message about a key points at the key. */
  keyPosition(key: string): Position {
    const member = this.get(key);
    const pair = isMap(this.#node) ? this.#node.items.find((item) => keyText(item) === key) : undefined;
    return { ...member.position, line: pair ? this.#keyLine(pair) : this.#line };
  }

  /** A string, `undefined` when absent; any other type is reported. */
  text(): string | undefined {
    if (this.isEmpty) return undefined;
    if (isScalar(this.#node) && typeof this.#node.value === "string") return this.#node.value;
    this.mismatch("a string");
    return undefined;
  }

  requiredText(expected: string): string | undefined {
    const text = this.text();
    if (this.isEmpty || text === "") this.source.problems.fatal(this.position, "is required", { expected });
    return text === "" ? undefined : text;
  }

  /** One of the given words, else reported. */
  word<T extends string>(words: readonly T[]): T | undefined {
    const text = this.text();
    if (text === undefined || (words as readonly string[]).includes(text)) return text as T | undefined;
    this.mismatch(`one of ${words.join(", ")}`, suggestion(text, words));
    return undefined;
  }

  /** A whole number within bounds. Digits in quotes count: that is what a substituted variable is. */
  integer(minimum: number, maximum: number): number | undefined {
    if (this.isEmpty) return undefined;
    const value = isScalar(this.#node) ? this.#node.value : undefined;
    const number = typeof value === "string" && /^-?\d+$/.test(value) ? Number(value) : value;
    if (typeof number === "number" && Number.isInteger(number) && number >= minimum && number <= maximum)
      return number;
    this.mismatch(`a whole number from ${minimum} to ${maximum}`);
    return undefined;
  }

  boolean(): boolean | undefined {
    if (this.isEmpty) return undefined;
    if (isScalar(this.#node) && typeof this.#node.value === "boolean") return this.#node.value;
    this.mismatch("true or false");
    return undefined;
  }

  texts(): string[] {
    return this.items().flatMap((item) => {
      const text = item.text();
      if (item.isEmpty) item.mismatch("a string");
      return text === undefined ? [] : [text];
    });
  }

  /** The plain JavaScript value, aliases resolved. */
  value(): unknown {
    return this.#node === undefined || this.#node === null
      ? this.#node
      : this.#node.toJS(this.source.document);
  }

  /** The node itself, for a visit. */
  node(): Node | undefined {
    return this.#node ?? undefined;
  }

  isMapping(): boolean {
    return isMap(this.#node);
  }

  mismatch(expected: string, hint = ""): void {
    this.source.problems.fatal(this.position, `has the wrong value${hint}`, { expected, found: this.found });
  }

  /** Members that nothing reads: a slip that would otherwise stay silent. */
  refuseOthers(known: readonly string[]): void {
    for (const key of this.keys()) {
      if (known.includes(key)) continue;
      this.source.problems.error(this.keyPosition(key), `unknown field${suggestion(key, known)}`);
    }
  }

  #keyLine(pair: Pair): number {
    const offset = (pair.key as Node | null)?.range?.[0];
    return offset === undefined ? this.#line : this.source.lines.linePos(offset).line;
  }
}

function keyText(pair: Pair): string {
  return String(isScalar(pair.key) ? pair.key.value : pair.key);
}
