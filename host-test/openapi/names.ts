// Names that the protocol, and every model provider, takes: of tools letters, digits, `_` and `-`, at most 64; of
// arguments also `.`.

import { createHash } from "node:crypto";

const longest = 64;

/** Names given out one after another, each once. */
export class Names {
  readonly #taken = new Set<string>();

  readonly #letters: RegExp;

  constructor(letters: RegExp) {
    this.#letters = letters;
  }

  static ofTools(): Names {
    return new Names(/[^A-Za-z0-9_-]+/g);
  }

  static ofArguments(): Names {
    return new Names(/[^A-Za-z0-9_.-]+/g);
  }

  /** The first wish of which something is left once it is written with the letters allowed, made unique. */
  take(...wishes: string[]): string {
    const clean = wishes.map((wish) => this.#clean(wish)).find((name) => name !== "") ?? "unnamed";
    let name = clean;
    for (let number = 2; this.#taken.has(name); number++) {
      const suffix = `_${number}`;
      name = clean.slice(0, longest - suffix.length) + suffix;
    }
    this.#taken.add(name);
    return name;
  }

  has(name: string): boolean {
    return this.#taken.has(name);
  }

  #clean(wish: string): string {
    const name = wish
      .normalize("NFKD")
      .replaceAll(/\p{M}/gu, "")
      .replaceAll(this.#letters, "_")
      .replaceAll(/_{2,}/g, (run) => (wish.includes(run) ? run : "_"))
      .replaceAll(/^_+|_+$/g, "");
    if (name.length <= longest) return name;
    // Long names differ at the end as often as at the start.
    const digest = createHash("sha256").update(name).digest("hex").slice(0, 8);
    return `${name.slice(0, longest - 9)}_${digest}`;
  }
}

/** A name for resources: lower case letters, digits and hyphens, at most 63. */
export function resourceName(title: string): string {
  const name = title
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, "");
  return name === "" ? "api" : name;
}
