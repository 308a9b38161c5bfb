// RE2's syntax without Unicode classes, whose table would be larger than all the rest (docs/decisions):
// https://github.com/google/re2/wiki/Syntax

import { Assertion, CharClass, Node, NodeKind } from "./node";

const MAX_DEPTH = 50;
const MAX_REPEAT = 1000;
const MAX_CODE_POINT = 0x10ffff;
const END = -1;

/** The classes of ASCII by name, as in `[[:alpha:]]`, and their ranges. */
const CLASS_NAMES: StaticArray<string> = [
  "alnum",
  "alpha",
  "ascii",
  "blank",
  "cntrl",
  "digit",
  "graph",
  "lower",
  "print",
  "punct",
  "space",
  "upper",
  "word",
  "xdigit",
];
const CLASS_RANGES: StaticArray<string> = [
  "09AZaz",
  "AZaz",
  "\0\x7f",
  "\t\t  ",
  "\0\x1f\x7f\x7f",
  "09",
  "!~",
  "az",
  " ~",
  "!/:@[`{~",
  "\t\r  ",
  "AZ",
  "09AZ__az",
  "09AFaf",
];

export class Parser {
  /** What is wrong with the pattern; "" when nothing is. */
  error: string = "";
  classes: CharClass[] = [];
  /** Names of the groups by their number; "" where a group has none. The first is the whole match. */
  groups: string[] = [""];

  private at: i32 = 0;
  private depth: i32 = 0;
  // Flags of the present group.
  private ignoresCase: bool = false;
  private dotIsAll: bool = false;
  private isMultiLine: bool = false;

  constructor(private pattern: string) {}

  parse(): Node {
    const node = this.alternation();
    if (this.error.length == 0 && this.at < this.pattern.length) this.fail("unexpected )");
    return node;
  }

  private fail(what: string): void {
    if (this.error.length == 0) this.error = `${what} at position ${this.at}`;
  }

  private peek(): i32 {
    return this.at < this.pattern.length && this.error.length == 0 ? this.pattern.codePointAt(this.at) : END;
  }

  private take(): i32 {
    const char = this.peek();
    if (char != END) this.at += char > 0xffff ? 2 : 1;
    return char;
  }

  private takeIf(char: i32): bool {
    if (this.peek() != char) return false;
    this.at++;
    return true;
  }

  private alternation(): Node {
    const first = this.concatenation();
    if (this.peek() != 0x7c) return first;
    const node = new Node(NodeKind.Alternate);
    node.children.push(first);
    while (this.takeIf(0x7c)) node.children.push(this.concatenation());
    return node;
  }

  private concatenation(): Node {
    const node = new Node(NodeKind.Concat);
    for (let next = this.peek(); next != END && next != 0x7c && next != 0x29; next = this.peek()) {
      if (this.pattern.startsWith("\\Q", this.at)) this.quotation(node);
      else node.children.push(this.repeated(this.atom()));
    }
    return node;
  }

  /** Takes `\Q…\E`, whose characters stand for themselves. */
  private quotation(node: Node): void {
    this.at += 2;
    const mark = this.pattern.indexOf("\\E", this.at);
    const end = mark < 0 ? this.pattern.length : mark;
    let last: Node | null = null;
    while (this.at < end) {
      if (last !== null) node.children.push(last);
      last = this.literal(this.take());
    }
    if (mark >= 0) this.at += 2;
    if (last !== null) node.children.push(this.repeated(last));
  }

  private repeated(atom: Node): Node {
    if (!this.repetition()) return atom;
    const node = Node.repeat(atom, this.least, this.most);
    node.isLazy = this.takeIf(0x3f);
    if (this.repetition()) this.fail("repetition of a repetition");
    return node;
  }

  /** Takes `*`, `+`, `?` or counts in braces, and sets `least` and `most`. */
  private repetition(): bool {
    const next = this.peek();
    if (next == 0x7b) return this.counts();
    if (next != 0x2a && next != 0x2b && next != 0x3f) return false;
    this.at++;
    this.least = next == 0x2b ? 1 : 0;
    this.most = next == 0x3f ? 1 : -1;
    return true;
  }

  private least: i32 = 0;
  private most: i32 = 0;

  /** Takes `{2}`, `{2,}` or `{2,5}`; anything else in braces is literal. */
  private counts(): bool {
    const start = this.at++;
    this.least = this.number();
    this.most = this.least;
    if (this.takeIf(0x2c)) this.most = this.peek() == 0x7d ? -1 : this.number();
    if (this.least < 0 || this.most < -1 || !this.takeIf(0x7d)) {
      this.at = start;
      return false;
    }
    if (this.least > MAX_REPEAT || this.most > MAX_REPEAT || (this.most >= 0 && this.most < this.least)) {
      this.fail("bad repeat count");
    }
    return true;
  }

  /** Decimal digits, -2 when there is none; more than four digits count as too many. */
  private number(): i32 {
    let value = -2;
    for (let digit = this.peek() - 0x30; <u32>digit < 10; digit = this.peek() - 0x30) {
      value = min(max(value, 0) * 10 + digit, MAX_REPEAT + 1);
      this.at++;
    }
    return value;
  }

  private atom(): Node {
    const char = this.take();
    switch (char) {
      case 0x28:
        return this.group();
      case 0x5b:
        return this.charClass();
      case 0x2e:
        return this.ofClass(this.dot());
      case 0x5e:
        return new Node(NodeKind.Assert, this.isMultiLine ? Assertion.LineStart : Assertion.TextStart);
      case 0x24:
        return new Node(NodeKind.Assert, this.isMultiLine ? Assertion.LineEnd : Assertion.TextEnd);
      case 0x5c:
        return this.escape();
      case 0x2a:
      case 0x2b:
      case 0x3f:
        this.at--;
        this.fail("nothing to repeat");
        return new Node(NodeKind.Empty);
      default:
        return this.literal(char);
    }
  }

  private literal(char: i32): Node {
    const isLetter = (char | 0x20) >= 0x61 && (char | 0x20) <= 0x7a;
    if (!this.ignoresCase || !isLetter) return new Node(NodeKind.Char, char);
    const both = new CharClass();
    both.add(char | 0x20, char | 0x20);
    both.add(char & ~0x20, char & ~0x20);
    return this.ofClass(both);
  }

  private ofClass(chars: CharClass): Node {
    this.classes.push(chars);
    return new Node(NodeKind.Class, this.classes.length - 1);
  }

  private dot(): CharClass {
    const chars = new CharClass();
    chars.isNegated = true;
    if (!this.dotIsAll) chars.add(0x0a, 0x0a);
    return chars;
  }

  private group(): Node {
    if (++this.depth > MAX_DEPTH) this.fail("groups too deep");
    const ignoresCase = this.ignoresCase;
    const dotIsAll = this.dotIsAll;
    const isMultiLine = this.isMultiLine;
    let number = 0;
    let isFlags = false;
    if (!this.takeIf(0x3f)) {
      number = this.groups.push("") - 1;
    } else if (this.peek() == 0x50 || this.peek() == 0x3c) {
      this.takeIf(0x50);
      number = this.groups.push(this.name()) - 1;
    } else {
      isFlags = this.flags();
    }
    // `(?i)` holds to the end of the group around it, `(?i:…)` and the rest end with themselves.
    if (isFlags) {
      this.depth--;
      return new Node(NodeKind.Empty);
    }
    const inner = this.alternation();
    if (!this.takeIf(0x29)) this.fail("missing )");
    this.depth--;
    this.ignoresCase = ignoresCase;
    this.dotIsAll = dotIsAll;
    this.isMultiLine = isMultiLine;
    if (number == 0) return inner;
    const node = new Node(NodeKind.Capture, number);
    node.children.push(inner);
    return node;
  }

  private name(): string {
    if (!this.takeIf(0x3c)) this.fail("bad group name");
    const start = this.at;
    while (isWord(this.peek())) this.at++;
    const name = this.pattern.substring(start, this.at);
    if (name.length == 0 || this.groups.includes(name) || !this.takeIf(0x3e)) this.fail("bad group name");
    return name;
  }

  /** Takes `i`, `s`, `m`, each after `-` too; true for `(?i)`, false for `(?i:` and `(?:`. */
  private flags(): bool {
    let isOn = true;
    let flag = this.take();
    for (; flag != 0x3a && flag != 0x29; flag = this.take()) {
      if (flag == 0x69) this.ignoresCase = isOn;
      else if (flag == 0x73) this.dotIsAll = isOn;
      else if (flag == 0x6d) this.isMultiLine = isOn;
      else if (flag == 0x2d && isOn) isOn = false;
      else {
        this.fail("unsupported group");
        return false;
      }
    }
    return flag == 0x29;
  }

  private escape(): Node {
    const char = this.take();
    switch (char) {
      case 0x41:
        return new Node(NodeKind.Assert, Assertion.TextStart);
      case 0x7a:
        return new Node(NodeKind.Assert, Assertion.TextEnd);
      case 0x62:
        return new Node(NodeKind.Assert, Assertion.WordBoundary);
      case 0x42:
        return new Node(NodeKind.Assert, Assertion.NoWordBoundary);
    }
    const chars = perlClass(char | 0x20);
    if (chars !== null) {
      chars.isNegated = (char & 0x20) == 0;
      return this.ofClass(chars);
    }
    return this.literal(this.escapedChar(char));
  }

  /** The character that `\` and `char` stand for. */
  private escapedChar(char: i32): i32 {
    switch (char) {
      case 0x6e:
        return 0x0a;
      case 0x72:
        return 0x0d;
      case 0x74:
        return 0x09;
      case 0x66:
        return 0x0c;
      case 0x76:
        return 0x0b;
      case 0x61:
        return 0x07;
      case 0x78:
        return this.hexChar();
    }
    if ((char | 0x20) == 0x70) this.fail("Unicode classes are not supported");
    if (char == END || (isWord(char) && char != 0x5f) || char > 0x7f) this.fail("unknown escape");
    return char;
  }

  /** What follows `\x`: two digits, or any number in braces. */
  private hexChar(): i32 {
    const inBraces = this.takeIf(0x7b);
    const most = inBraces ? 6 : 2;
    let value = 0;
    let count = 0;
    for (; count < most; count++) {
      const digit = hexValue(this.peek());
      if (digit < 0) break;
      value = value * 16 + digit;
      this.at++;
    }
    if (
      count == 0 ||
      (!inBraces && count < 2) ||
      (inBraces && !this.takeIf(0x7d)) ||
      value > MAX_CODE_POINT
    ) {
      this.fail("bad \\x escape");
    }
    return value;
  }

  private charClass(): Node {
    const chars = new CharClass();
    chars.isNegated = this.takeIf(0x5e);
    // A bracket that comes first stands for itself.
    for (let first = true; first || this.peek() != 0x5d; first = false) {
      if (this.peek() == END) {
        this.fail("missing ]");
        break;
      }
      if (this.named(chars)) continue;
      const low = this.classChar(chars);
      if (low < 0) continue;
      let high = low;
      if (
        this.peek() == 0x2d &&
        this.at + 1 < this.pattern.length &&
        this.pattern.charCodeAt(this.at + 1) != 0x5d
      ) {
        this.at++;
        high = this.classChar(chars);
        if (high < low) this.fail("bad range");
      }
      chars.add(low, high);
    }
    this.takeIf(0x5d);
    if (this.ignoresCase) chars.foldCase();
    return this.ofClass(chars);
  }

  /** One character of a class, or -1 for an escape that stands for several, which it adds. */
  private classChar(chars: CharClass): i32 {
    const char = this.take();
    if (char != 0x5c) return char;
    const escaped = this.take();
    const several = perlClass(escaped | 0x20);
    if (several === null) return escaped == 0x62 ? 0x08 : this.escapedChar(escaped);
    addAll(chars, several, (escaped & 0x20) == 0);
    return -1;
  }

  /** Takes `[:alpha:]` or `[:^alpha:]`; without `:]` the bracket stands for itself. */
  private named(chars: CharClass): bool {
    if (!this.pattern.startsWith("[:", this.at)) return false;
    const end = this.pattern.indexOf(":]", this.at + 2);
    if (end < 0) return false;
    const isNegated = this.pattern.startsWith("^", this.at + 2);
    const name = this.pattern.substring(this.at + (isNegated ? 3 : 2), end);
    const index = CLASS_NAMES.indexOf(name);
    if (index < 0) this.fail("unknown class");
    else addAll(chars, classOf(CLASS_RANGES[index]), isNegated);
    this.at = end + 2;
    return true;
  }
}

/** What `\d`, `\s` and `\w` stand for; null for other letters. */
function perlClass(letter: i32): CharClass | null {
  if (letter == 0x64) return classOf("09");
  if (letter == 0x73) return classOf("\t\n\f\r  ");
  return letter == 0x77 ? classOf("09AZ__az") : null;
}

/** Ranges, each as its first and its last character, in order. */
function classOf(ranges: string): CharClass {
  const chars = new CharClass();
  for (let i = 0; i + 1 < ranges.length; i += 2) chars.add(ranges.charCodeAt(i), ranges.charCodeAt(i + 1));
  return chars;
}

/** Adds what is in a class of ranges in order, or what is not. */
function addAll(chars: CharClass, several: CharClass, isNegated: bool): void {
  const ranges = several.ranges;
  let next = 0;
  for (let i = 0; i + 1 < ranges.length; i += 2) {
    if (!isNegated) chars.add(ranges[i], ranges[i + 1]);
    else if (ranges[i] > next) chars.add(next, ranges[i] - 1);
    next = ranges[i + 1] + 1;
  }
  if (isNegated) chars.add(next, MAX_CODE_POINT);
}

/** Letters, digits and `_` of ASCII. */
export function isWord(char: i32): bool {
  return <u32>char - 0x30 < 10 || <u32>(char | 0x20) - 0x61 < 26 || char == 0x5f;
}

function hexValue(char: i32): i32 {
  if (<u32>char - 0x30 < 10) return char - 0x30;
  if (<u32>(char | 0x20) - 0x61 < 6) return (char | 0x20) - 0x57;
  return -1;
}
