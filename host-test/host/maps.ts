// Header maps: wire order, duplicates kept, names lower case (compat/abi.md §6).

import type { Header, Headers } from "./types.ts";

const upperCase = /[A-Z]/;

/** ASCII only: other bytes are not letters in a header name. */
export function lowerCase(name: string): string {
  return upperCase.test(name) ? name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : name;
}

export class HeaderMap {
  #entries: Headers;
  /** The array now belongs to somebody else too; copied before the next change. */
  #shared = false;
  /** Counts changes. */
  version = 0;

  constructor(entries: Headers, shared = false) {
    this.#entries = entries;
    this.#shared = shared;
  }

  /** The entries of this moment; later changes of the map do not reach them. */
  release(): Headers {
    this.#shared = true;
    return this.#entries;
  }

  /** Not to be changed by the caller. */
  get entries(): readonly Header[] {
    return this.#entries;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** First value. */
  get(name: string): string | undefined {
    const entries = this.#entries;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!;
      if (entry[0] === name) return entry[1];
    }
    return undefined;
  }

  /** All values, comma-joined, as `request.headers.<name>` reads. */
  joined(name: string): string | undefined {
    let value: string | undefined;
    for (const entry of this.#entries) {
      if (entry[0] === name) value = value === undefined ? entry[1] : `${value},${entry[1]}`;
    }
    return value;
  }

  add(name: string, value: string): void {
    this.#own().push([name, value]);
  }

  /** Removes all of that name and sets one, where the first one stood or else at the end. */
  replace(name: string, value: string): void {
    const entries = this.#own();
    let kept = 0;
    let found = false;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!;
      if (entry[0] !== name) entries[kept++] = entry;
      else if (!found) {
        found = true;
        entries[kept++] = [name, value];
      }
    }
    entries.length = kept;
    if (!found) entries.push([name, value]);
  }

  remove(name: string): void {
    const entries = this.#own();
    let kept = 0;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!;
      if (entry[0] !== name) entries[kept++] = entry;
    }
    entries.length = kept;
  }

  replaceAll(entries: Headers): void {
    this.#entries = entries;
    this.#shared = false;
    this.version++;
  }

  /** Sum of the lengths of names and values: Envoy's `byteSize`. */
  byteSize(): number {
    let size = 0;
    for (const [name, value] of this.#entries) size += name.length + value.length;
    return size;
  }

  #own(): Headers {
    this.version++;
    if (this.#shared) {
      this.#entries = this.#entries.slice();
      this.#shared = false;
    }
    return this.#entries;
  }
}
