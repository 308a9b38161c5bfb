// Generated documents: the same ones for the same seed, with the place of every value.

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A value of a document: its bytes are `start` up to `end`. */
export interface Place {
  kind: "object" | "array" | "string" | "number" | "literal";
  start: number;
  end: number;
  /** Members of an object, duplicates included. */
  members: { name: string; value: Place }[];
  /** Items of an array. */
  items: Place[];
}

export interface Document {
  bytes: Buffer;
  root: Place;
}

// Short names collide, so that duplicates occur; some need escapes or are not ASCII.
const names = [
  "a",
  "b",
  "model",
  "stream",
  "messages",
  "",
  "na.me",
  "ключ",
  "0",
  "1",
  'quo"te',
  "new\nline",
  "😀",
  "back\\slash",
];
const words = [
  "the ",
  "gateway ",
  "reads ",
  "{[]}",
  '\\"',
  "\\\\",
  "\\n",
  "\\u00e9",
  "\\ud83d\\ude00",
  "\\ud800",
  "\\/",
  "é",
  "日本",
  "😀",
  ",:",
];

/** Writes documents of up to about `size` values. */
export class Documents {
  private readonly random: () => number;
  private parts: string[] = [];
  private length = 0;
  private left = 0;

  constructor(seed: number) {
    this.random = randomFrom(seed);
  }

  /** A number below `bound`. */
  below(bound: number): number {
    return Math.floor(this.random() * bound);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** A document whose value is an object, or where `anyRoot` is set whatever comes. */
  next(anyRoot = false): Document {
    this.parts = [];
    this.length = 0;
    this.left = 1 + this.below(24);
    this.space();
    const root = this.value(anyRoot ? this.below(5) : 0);
    this.space();
    return { bytes: Buffer.from(this.parts.join("")), root };
  }

  /** The bytes with one to three random faults. */
  damage(bytes: Buffer): Buffer {
    let damaged = bytes;
    for (let faults = 1 + this.below(3); faults > 0; faults--) {
      const at = this.below(damaged.length + 1);
      const rest = damaged.subarray(at + this.pick([0, 1, 1, 2, 9]));
      const put = this.pick(['"', "\\", "{", "}", "[", "]", ",", ":", "x", "\0", "\n", "", "", "1", "\\u"]);
      damaged = Buffer.concat([damaged.subarray(0, at), Buffer.from(put), rest]);
      if (this.below(8) === 0 && damaged.length > 0) damaged[this.below(damaged.length)] = this.below(256);
      if (this.below(8) === 0) damaged = damaged.subarray(0, this.below(damaged.length + 1));
    }
    return damaged;
  }

  /** The bytes cut into random pieces, some of them empty. */
  cut(bytes: Buffer): Buffer[] {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length;) {
      const size = this.pick([0, 1, 2, 7, 33, 64, 100, 1000]);
      pieces.push(bytes.subarray(at, at + size));
      at += size;
    }
    return pieces;
  }

  /** String content, escaped. */
  content(): string {
    if (this.below(3) === 0)
      return this.pick(["", "x", "plain", "plain text of some length that fills a vector or two"]);
    let content = this.below(8) === 0 ? "plain text ".repeat(this.below(30)) : "";
    for (let count = this.below(this.below(4) === 0 ? 60 : 8); count > 0; count--)
      content += this.pick(words);
    return content;
  }

  private put(text: string): void {
    this.parts.push(text);
    this.length += Buffer.byteLength(text);
  }

  private space(): void {
    if (this.below(3) === 0) this.put(this.pick([" ", "\n", "\t", "\r\n", "\n        ", " ".repeat(70)]));
  }

  private value(kind: number): Place {
    const place: Place = { kind: "object", start: this.length, end: 0, members: [], items: [] };
    this.left--;
    if (kind === 0) this.object(place);
    else if (kind === 1) this.array(place);
    else if (kind === 2) {
      place.kind = "string";
      this.put(`"${this.content()}"`);
    } else if (kind === 3) {
      place.kind = "number";
      this.put(
        this.pick(["0", "-0", "1", "42", "-17", "3.25", "1e3", "1E-7", "12345678901234567890", "0.1"]),
      );
    } else {
      place.kind = "literal";
      this.put(this.pick(["true", "false", "null"]));
    }
    place.end = this.length;
    return place;
  }

  private object(place: Place): void {
    this.put("{");
    this.space();
    for (let first = true; this.left > 0 && this.below(6) > 0; first = false) {
      if (!first) this.put(",");
      this.space();
      const name = this.pick(names);
      this.put(this.name(name));
      this.space();
      this.put(":");
      this.space();
      place.members.push({ name, value: this.value(this.below(5)) });
      this.space();
    }
    this.put("}");
  }

  private array(place: Place): void {
    place.kind = "array";
    this.put("[");
    this.space();
    for (let first = true; this.left > 0 && this.below(6) > 0; first = false) {
      if (!first) this.put(",");
      this.space();
      place.items.push(this.value(this.below(5)));
      this.space();
    }
    this.put("]");
  }

  /** The name in quotes, at times with an escape that it does not need. */
  private name(name: string): string {
    if (name.length === 0 || this.below(4) > 0) return JSON.stringify(name);
    const at = this.below(name.length);
    const unit = name.charCodeAt(at);
    if (unit >= 0xd800 && unit < 0xe000) return JSON.stringify(name);
    const hex = unit.toString(16).padStart(4, "0");
    const escape = `\\u${this.below(2) === 0 ? hex : hex.toUpperCase()}`;
    return `${JSON.stringify(name.slice(0, at)).slice(0, -1)}${escape}${JSON.stringify(name.slice(at + 1)).slice(1)}`;
  }
}
