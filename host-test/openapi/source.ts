// The text of an API description, what it says, and on which line.

import { LineCounter, parseDocument, type Document } from "yaml";

export class UnreadableSource extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UnreadableSource";
  }
}

export class Source {
  readonly root: unknown;
  /** Of YAML only: JSON is parsed faster without it, and its lines are found when they are asked for. */
  readonly #yaml: { document: Document; lines: LineCounter } | undefined;

  /** Throws `UnreadableSource`. `name` is what reports call it: a path or a URL. */
  readonly name: string;
  readonly text: string;

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
    const json = /^[\s\uFEFF]*[{[]/.test(text) ? parseJson(text) : undefined;
    if (json !== undefined) {
      this.root = json;
      return;
    }
    const lines = new LineCounter();
    const document = parseDocument(text, {
      lineCounter: lines,
      merge: true,
      strict: false,
      uniqueKeys: false,
    });
    const error = document.errors[0];
    if (error) {
      const line = lines.linePos(error.pos[0]).line;
      throw new UnreadableSource(`${name}:${line}: ${error.message.split("\n")[0]!.replace(/:$/, "")}`);
    }
    try {
      this.root = document.toJS() as unknown;
    } catch (thrown) {
      throw new UnreadableSource(`${name}: ${(thrown as Error).message}`);
    }
    this.#yaml = { document, lines };
  }

  /** Lines, from 1, at which the values at these JSON pointers begin. What is not there has none. */
  linesOf(pointers: Iterable<string>): Map<string, number> {
    const wanted = new Set(pointers);
    return this.#yaml ? yamlLines(this.#yaml, wanted) : jsonLines(this.text, wanted);
  }
}

export function pointerOf(parts: readonly (string | number)[]): string {
  return parts.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

export function partsOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, "")) as unknown;
  } catch {
    // It may be YAML in flow style; if it is not, the YAML parser says where it breaks.
    return undefined;
  }
}

function yamlLines(
  { document, lines }: { document: Document; lines: LineCounter },
  wanted: Set<string>,
): Map<string, number> {
  const found = new Map<string, number>();
  for (const pointer of wanted) {
    const node = nodeAt(document, partsOf(pointer));
    if (node?.range) found.set(pointer, lines.linePos(node.range[0]).line);
  }
  return found;
}

function nodeAt(
  document: Document,
  parts: string[],
): { range?: [number, number, number] | null } | undefined {
  for (const path of [parts, parts.map((part) => (/^\d+$/.test(part) ? Number(part) : part))]) {
    const node = document.getIn(path, true);
    if (typeof node === "object" && node !== null) return node;
  }
  return undefined;
}

/** What is wanted of the value at a place, and of those inside it. */
interface Wanted {
  pointer?: string;
  inside: Map<string, Wanted>;
}

/** One pass over the text, however many pointers are wanted. The text is known to be JSON. */
function jsonLines(text: string, pointers: Set<string>): Map<string, number> {
  const found = new Map<string, number>();
  const open: { wanted: Wanted | undefined; index: number }[] = [];
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:\n]|[^\s"{}[\],:]+/gs;
  let line = 1;
  let wanted: Wanted | undefined = tree(pointers);
  let isKey = false;
  const begin = (): void => {
    if (wanted?.pointer !== undefined && !found.has(wanted.pointer)) found.set(wanted.pointer, line);
  };
  for (const [word] of text.matchAll(token)) {
    const holder = open.at(-1);
    if (word === "\n") line++;
    else if (word === "{" || word === "[") {
      begin();
      open.push({ wanted, index: word === "[" ? 0 : -1 });
      isKey = word === "{";
      wanted = word === "[" ? wanted?.inside.get("0") : undefined;
    } else if (word === "}" || word === "]") {
      wanted = open.pop()?.wanted;
      isKey = false;
    } else if (word === "," && holder) {
      isKey = holder.index < 0;
      if (!isKey) wanted = holder.wanted?.inside.get(String(++holder.index));
    } else if (isKey) {
      wanted = holder?.wanted?.inside.get(JSON.parse(word) as string);
      isKey = false;
    } else if (word !== ":") begin();
    if (found.size === pointers.size) break;
  }
  return found;
}

function tree(pointers: Set<string>): Wanted {
  const root: Wanted = { inside: new Map() };
  for (const pointer of pointers) {
    let place = root;
    for (const part of partsOf(pointer)) {
      const inner = place.inside.get(part) ?? { inside: new Map() };
      place.inside.set(part, inner);
      place = inner;
    }
    place.pointer = pointer;
  }
  return root;
}
