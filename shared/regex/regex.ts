// Regular expressions in time linear to the text, whatever the pattern: RE2's syntax and its leftmost-first
// match, without Unicode classes (`\p{Greek}` is refused by name) and with case folding for ASCII only. Texts are UTF-8; an invalid byte counts
// as one U+FFFD.

import { Buffer, Span } from "../bytes";
import { CharClass } from "./node";
import { isWord, Parser } from "./parser";
import { Program } from "./program";
import { CodePoint, Threads } from "./threads";

const STEPS_PER_BYTE: i64 = 8;

export class Regex {
  /** Why the pattern cannot be used; "" when it can. A pattern with an error matches nothing. */
  readonly error: string;
  /** Instructions that all searches so far have followed, bytes of replacements too; and how many they may: beyond,
   * nothing is found and nothing written. */
  steps: i64 = 0;
  maxSteps: i64 = i64.MAX_VALUE;

  private program: Program;
  private classes: CharClass[];
  private groups: string[];

  constructor(pattern: string) {
    const parser = new Parser(pattern);
    const node = parser.parse();
    let error = parser.error;
    let program = new Program();
    if (error.length == 0) {
      program = Program.of(node);
      if (program.isTooLarge) error = "the pattern is too large";
    }
    this.error = error;
    this.program = program;
    this.classes = parser.classes;
    this.groups = parser.groups;
  }

  /** True when the pattern matches anywhere in the text. */
  matches(text: Span): bool {
    return this.find(text, 0) !== null;
  }

  /**
   * The first match at or after `from`: start and end of the whole match, then of each group, -1 where a group
   * took no part. Null when there is none.
   */
  find(text: Span, from: i32): StaticArray<i32> | null {
    if (this.error.length > 0 || from > text.size) return null;
    const threads = new Threads(this.program, this.classes, this.groups.length * 2);
    const found = threads.run(text, from, this.maxSteps - this.steps);
    this.steps += threads.steps;
    return found;
  }

  /**
   * The text with every match replaced by `template`, in which `$1`, `${1}`, `$name` and `${name}` stand for
   * groups and `$$` for a dollar, as in Go's `Regexp.ReplaceAllString`.
   */
  replaceAll(text: Span, template: string): Span {
    const out = new Buffer(text.size + template.length);
    const char = new CodePoint();
    let copied = 0;
    let from = 0;
    while (from <= text.size && this.steps <= this.maxSteps) {
      const match = this.find(text, from);
      if (match === null) break;
      this.count(match[0] - copied);
      out.append(text.slice(copied, match[0]));
      // An empty match right behind a match is none of its own.
      if (match[1] > copied || match[0] == 0) this.expand(out, template, text, match);
      copied = match[1];
      char.read(text, from);
      from = max(copied, from + max(char.width, 1));
    }
    out.append(text.slice(copied));
    return out.take();
  }

  /** What is written is also kept: a byte counts for more than a step. */
  private count(bytes: i32): void {
    this.steps += <i64>bytes * STEPS_PER_BYTE;
  }

  private expand(out: Buffer, template: string, text: Span, match: StaticArray<i32>): void {
    let at = 0;
    this.count(template.length);
    while (this.steps <= this.maxSteps) {
      const dollar = template.indexOf("$", at);
      if (dollar < 0) break;
      out.text(template.substring(at, dollar));
      at = dollar + 1;
      if (template.startsWith("$", at)) {
        out.push(0x24);
        at++;
        continue;
      }
      const inBraces = template.startsWith("{", at);
      const start = inBraces ? at + 1 : at;
      let end = start;
      while (end < template.length && isWord(template.charCodeAt(end))) end++;
      if (end == start || (inBraces && !template.startsWith("}", end))) {
        out.push(0x24);
        continue;
      }
      this.append(out, template.substring(start, end), text, match);
      at = inBraces ? end + 1 : end;
    }
    out.text(template.substring(at));
  }

  private append(out: Buffer, name: string, text: Span, match: StaticArray<i32>): void {
    let group = 0;
    for (let i = 0; i < name.length && group >= 0; i++) {
      const digit = name.charCodeAt(i) - 0x30;
      group = <u32>digit < 10 && group < 1000 ? group * 10 + digit : -1;
    }
    if (group < 0) group = this.groups.indexOf(name);
    if (group < 0 || group * 2 + 1 >= match.length || match[group * 2] < 0) return;
    this.count(match[group * 2 + 1] - match[group * 2]);
    if (this.steps <= this.maxSteps) out.append(text.slice(match[group * 2], match[group * 2 + 1]));
  }
}
