// A value in an API description together with its place, and what references to other places lead to.

import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, resolve, sep } from "node:path";
import type { Report } from "./report.ts";
import { partsOf, pointerOf, Source, UnreadableSource } from "./source.ts";

export class SpecNode {
  readonly source: Source;
  /** JSON pointer. */
  readonly pointer: string;
  readonly value: unknown;

  constructor(source: Source, pointer: string, value: unknown) {
    this.source = source;
    this.pointer = pointer;
    this.value = value;
  }

  get exists(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  get isObject(): boolean {
    return typeof this.value === "object" && this.value !== null && !Array.isArray(this.value);
  }

  get isList(): boolean {
    return Array.isArray(this.value);
  }

  /** The text of a string or number, and of nothing else. */
  get text(): string | undefined {
    if (typeof this.value === "number") return String(this.value);
    return typeof this.value === "string" ? this.value : undefined;
  }

  get isTrue(): boolean {
    return this.value === true || this.value === "true";
  }

  get(key: string | number): SpecNode {
    const holder = this.value;
    const has = typeof holder === "object" && holder !== null && Object.hasOwn(holder, key);
    const value = has ? (holder as Record<string | number, unknown>)[key] : undefined;
    return new SpecNode(this.source, this.pointer + pointerOf([key]), value);
  }

  /** Members of an object that are no extensions (`x-…`). */
  entries(): [string, SpecNode][] {
    if (!this.isObject) return [];
    return Object.keys(this.value as object)
      .filter((key) => !key.startsWith("x-"))
      .map((key) => [key, this.get(key)]);
  }

  /** As `entries`, but for objects whose keys are names of the author's, which may begin with `x-`. */
  named(): [string, SpecNode][] {
    if (!this.isObject) return [];
    return Object.keys(this.value as object).map((key) => [key, this.get(key)]);
  }

  items(): SpecNode[] {
    return Array.isArray(this.value) ? this.value.map((_, index) => this.get(index)) : [];
  }

  /** Texts of a list of strings. */
  texts(): string[] {
    return this.items().flatMap(({ text }) => text ?? []);
  }

  get id(): string {
    return `${this.source.name}#${this.pointer}`;
  }
}

/** References within the description, and to files beside or below it. Nothing is fetched. */
export class References {
  readonly #sources = new Map<string, Source | undefined>();

  readonly #main: Source;
  readonly #report: Report;

  constructor(main: Source, report: Report) {
    this.#main = main;
    this.#report = report;
    this.#sources.set(main.name, main);
  }

  get root(): SpecNode {
    return new SpecNode(this.#main, "", this.#main.root);
  }

  /** What the node says, or what it refers to; `undefined`, and reported, where that is nowhere. */
  follow(node: SpecNode): SpecNode | undefined {
    const seen = new Set<string>();
    let target: SpecNode = node;
    for (;;) {
      const reference = target.get("$ref").value;
      if (typeof reference !== "string") return target;
      if (seen.has(target.id)) {
        this.#report.invalid(node, `the reference ${shown(reference)} leads back to itself`);
        return undefined;
      }
      seen.add(target.id);
      const next = this.#find(target, reference);
      if (!next) return undefined;
      target = next;
    }
  }

  #find(from: SpecNode, reference: string): SpecNode | undefined {
    const [, file = "", fragment = ""] = /^([^#]*)#?(.*)$/s.exec(reference)!;
    const source = file === "" ? from.source : this.#open(from, file);
    if (!source) return undefined;
    if (fragment !== "" && !fragment.startsWith("/")) {
      this.#report.leftOut(
        from,
        `the reference ${shown(reference)}: anchors are not followed, only JSON pointers`,
      );
      return undefined;
    }
    const root = new SpecNode(source, "", source.root);
    for (const pointer of [fragment, decoded(fragment)]) {
      const found = partsOf(pointer).reduce<SpecNode>((node, part) => node.get(part), root);
      if (found.exists) return found;
    }
    this.#report.invalid(from, `the reference ${shown(reference)} leads nowhere`);
    return undefined;
  }

  #open(from: SpecNode, file: string): Source | undefined {
    if (/^[a-z][a-z0-9+.-]+:/i.test(file) || /^https?:/.test(from.source.name)) {
      this.#report.leftOut(from, `the reference ${shown(file)}: nothing is fetched over the network`);
      return undefined;
    }
    const path = resolve(dirname(from.source.name), decoded(file));
    if (!existsSync(path)) {
      this.#report.invalid(from, `the reference ${shown(file)} leads nowhere`);
      return undefined;
    }
    // Descriptions are written by others: none may have a file of this machine printed.
    const folder = realpathSync(dirname(resolve(this.#main.name)));
    if (!realpathSync(path).startsWith(folder + sep)) {
      this.#report.leftOut(
        from,
        `the reference ${shown(file)}: only files beside or below the description are read`,
      );
      return undefined;
    }
    if (!this.#sources.has(path)) this.#sources.set(path, this.#read(from, path));
    return this.#sources.get(path);
  }

  #read(from: SpecNode, path: string): Source | undefined {
    try {
      return new Source(path, readFileSync(path, "utf8"));
    } catch (error) {
      if (!(error instanceof UnreadableSource)) throw error;
      this.#report.invalid(from, error.message);
      return undefined;
    }
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function shown(reference: string): string {
  return reference.length > 100 ? `${reference.slice(0, 100)}…` : reference;
}
