// What tokenizers see in a text: runs of letters, digits, marks and spaces, script by script. Characters come one at a
// time, so a text may be cut anywhere; what is counted does not depend on the model, whose weights come afterwards.
//
// Tokenizers of today first split a text into such runs and then merge the characters of a run (byte pair encoding).
// How far a Latin word is merged shows in its pairs of letters: `PAIR_WEIGHTS` has how often a token ends between the two.

import { Span } from "../../bytes";
import { Family } from "./family";
import { FAMILY_WEIGHTS, PAIR_LETTERS, PAIR_WEIGHTS } from "./weights";

/** Kinds of characters. Each counts its runs and its characters. */
export const enum Kind {
  Space = 0,
  Newline = 1,
  /** Latin letters, with or without marks. */
  Word = 2,
  Digit = 3,
  /** ASCII marks. */
  Mark = 4,
  /** Quotation marks, dashes and other marks beyond ASCII. */
  Quote = 5,
  /** Arrows, boxes, mathematics. */
  Symbol = 6,
  WideMark = 7,
  Han = 8,
  Kana = 9,
  Hangul = 10,
  Cyrillic = 11,
  Greek = 12,
  Hebrew = 13,
  Arabic = 14,
  Devanagari = 15,
  /** Scripts of South Asia besides Devanagari. */
  Indic = 16,
  Thai = 17,
  Emoji = 18,
  /** What else there is, such as Georgian, Ethiopic, Khmer; and broken UTF-8. */
  Other = 19,
  COUNT = 20,
}

/** What is counted: runs of a kind at `kind * 2`, its characters at `kind * 2 + 1`, and behind these the rest. */
export const enum Feature {
  /** Weights of the pairs of letters in Latin words. */
  Pairs = 40,
  /** Pairs of capital letters. */
  CapitalPairs = 41,
  /** Latin letters with marks. */
  MarkedLetters = 42,
  /** Letters of Latin words beyond the sixth. */
  LateLetters = 43,
  /** Groups of three digits. */
  DigitGroups = 44,
  /** Marks that differ from the mark before them. */
  MarkChanges = 45,
  /** Words, and numbers, right behind a mark. */
  WordsBehindMark = 46,
  DigitsBehindSpace = 47,
  NewlinesBehindMark = 48,
  /** Letters with two marks, as Vietnamese has them. */
  DoublyMarkedLetters = 49,
  COUNT = 50,
}

/** Weights are in 64ths of a token. */
const WEIGHT_UNIT: f64 = 64;

/** Stands for bytes that are no UTF-8. */
export const BROKEN: u32 = 0xfffd;

/** Where ranges of characters begin, and their kinds. */
const STARTS: StaticArray<u32> = [
  0x80, 0xaa, 0xab, 0xb5, 0xb6, 0xba, 0xbb, 0xc0, 0x250, 0x370, 0x400, 0x530, 0x590, 0x600, 0x700, 0x750,
  0x780, 0x900, 0x980, 0xe00, 0xe80, 0x1100, 0x1200, 0x1c80, 0x1e00, 0x1f00, 0x2000, 0x2070, 0x2600, 0x27c0,
  0x2c00, 0x2d00, 0x2e80, 0x3000, 0x3040, 0x3100, 0x3130, 0x3190, 0x3400, 0xa000, 0xac00, 0xd7b0, 0xf900,
  0xfb00, 0xfb1d, 0xfb50, 0xfe00, 0xfe10, 0xfe70, 0xff00, 0xff61, 0xffa0, 0xfff0, 0x1f000, 0x20000, 0x30000,
];
const KINDS: StaticArray<Kind> = [
  Kind.Quote,
  Kind.Word,
  Kind.Quote,
  Kind.Word,
  Kind.Quote,
  Kind.Word,
  Kind.Quote,
  Kind.Word,
  Kind.Other,
  Kind.Greek,
  Kind.Cyrillic,
  Kind.Other,
  Kind.Hebrew,
  Kind.Arabic,
  Kind.Other,
  Kind.Arabic,
  Kind.Other,
  Kind.Devanagari,
  Kind.Indic,
  Kind.Thai,
  Kind.Other,
  Kind.Hangul,
  Kind.Other,
  Kind.Cyrillic,
  Kind.Word,
  Kind.Greek,
  Kind.Quote,
  Kind.Symbol,
  Kind.Emoji,
  Kind.Symbol,
  Kind.Other,
  Kind.Other,
  Kind.Han,
  Kind.WideMark,
  Kind.Kana,
  Kind.Other,
  Kind.Hangul,
  Kind.WideMark,
  Kind.Han,
  Kind.Other,
  Kind.Hangul,
  Kind.Other,
  Kind.Han,
  Kind.Word,
  Kind.Hebrew,
  Kind.Arabic,
  Kind.Emoji,
  Kind.WideMark,
  Kind.Arabic,
  Kind.WideMark,
  Kind.Kana,
  Kind.Hangul,
  Kind.Other,
  Kind.Emoji,
  Kind.Han,
  Kind.Other,
];

function kindOf(point: u32): Kind {
  if (point - 0x4e00 < 0x5200) return Kind.Han;
  let low = 0;
  let high = STARTS.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (STARTS[middle] <= point) low = middle;
    else high = middle;
  }
  return KINDS[low];
}

export class TextMeter {
  /** By `Feature`. */
  readonly counts: StaticArray<f64> = new StaticArray<f64>(Feature.COUNT);
  /** Of the last character; `COUNT` at the start of a text. */
  private kind: Kind = Kind.COUNT;
  /** Characters of the present run. */
  private run: i32 = 0;
  /** Of a word the last letter, 26 for one with marks; of marks the last one. */
  private last: u32 = 0;
  private wasCapital: bool = false;
  /** Of a character in UTF-8 what was read, and how many bytes it lacks. */
  private point: u32 = 0;
  private lacking: i32 = 0;
  private isJoined: bool = false;

  /** Tokens of what was taken, for models of the family. */
  tokens(family: Family): f64 {
    const first = family * <i32>Feature.COUNT;
    if (first < 0 || first + <i32>Feature.COUNT > FAMILY_WEIGHTS.length) return 0;
    let sum: f64 = 0;
    for (let i = 0; i < <i32>Feature.COUNT; i++) sum += this.counts[i] * <f64>FAMILY_WEIGHTS[first + i];
    return max(sum / WEIGHT_UNIT, 0);
  }

  /** Takes UTF-8, which may be cut anywhere. */
  text(bytes: Span): void {
    this.range(bytes.start, bytes.end);
  }

  /** The same, of the bytes in memory from `start` up to `end`. */
  range(start: usize, end: usize): void {
    let at = start;
    while (at < end) {
      const byte = <u32>load<u8>(at);
      if (this.kind == Kind.Word && this.lacking == 0 && byte - 0x61 < 26) {
        at = this.smallLetters(at, end);
      } else {
        this.byte(byte);
        at++;
      }
    }
  }

  /** Letters inside a word, of which most texts are made, at once. Returns where they end. */
  private smallLetters(start: usize, end: usize): usize {
    let last = this.last;
    let weight = 0;
    let at = start;
    for (; at < end; at++) {
      const letter = <u32>load<u8>(at) - 0x61;
      if (letter >= 26) break;
      weight += weightOf(last * <u32>PAIR_LETTERS + letter);
      last = letter;
    }
    const letters = <i32>(at - start);
    this.counts[Kind.Word * 2 + 1] += <f64>letters;
    this.counts[Feature.Pairs] += <f64>weight / WEIGHT_UNIT;
    this.counts[Feature.LateLetters] += <f64>(max(this.run + letters, 6) - max(this.run, 6));
    this.run += letters;
    this.last = last;
    this.wasCapital = false;
    return at;
  }

  /** The next byte of UTF-8. */
  byte(byte: u32): void {
    if (byte - 0x80 < 0x40 && this.lacking > 0) {
      this.point = (this.point << 6) | (byte & 0x3f);
      if (--this.lacking == 0) this.push(this.point);
      return;
    }
    if (this.lacking > 0) {
      this.lacking = 0;
      this.push(BROKEN);
    }
    if (byte < 0x80) return this.push(byte);
    if (byte < 0xc0) return this.push(BROKEN);
    const lacking = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    this.point = byte & (0x3f >> lacking);
    this.lacking = lacking;
  }

  /** What follows is another text. */
  separate(): void {
    if (this.isJoined) this.isJoined = false;
    else this.kind = Kind.COUNT;
  }

  /** The next text goes on where the last has ended. */
  join(): void {
    this.isJoined = true;
  }

  /** The next character, as a code point. */
  push(point: u32): void {
    const letter = (point | 0x20) - 0x61;
    if (letter < 26) return this.letter(letter, point < 0x61);
    if (point >= 0x80) {
      const kind = kindOf(point);
      if (kind != Kind.Word) return this.character(kind);
      this.count(point < 0x1e00 ? Feature.MarkedLetters : Feature.DoublyMarkedLetters);
      return this.letter(PAIR_LETTERS - 1, false);
    }
    if (point - 0x30 < 10) {
      this.character(Kind.Digit);
      if (this.run % 3 == 1) this.count(Feature.DigitGroups);
    } else if (point == 0x20 || point == 0x09) {
      this.character(Kind.Space);
    } else if (point < 0x20) {
      this.character(Kind.Newline);
    } else {
      if (this.kind == Kind.Mark && this.last != point) this.count(Feature.MarkChanges);
      this.character(Kind.Mark);
      this.last = point;
    }
  }

  /** A capital letter behind a small one begins a word: `camelCase`. */
  private letter(letter: u32, isCapital: bool): void {
    const last = this.last;
    if (this.kind == Kind.Word && isCapital && !this.wasCapital) this.kind = Kind.COUNT;
    const isFirst = this.kind != Kind.Word;
    this.character(Kind.Word);
    if (!isFirst) {
      if (isCapital) this.count(Feature.CapitalPairs);
      else this.counts[Feature.Pairs] += <f64>weightOf(last * <u32>PAIR_LETTERS + letter) / WEIGHT_UNIT;
      if (this.run > 6) this.count(Feature.LateLetters);
    }
    this.last = letter;
    this.wasCapital = isCapital;
  }

  private character(kind: Kind): void {
    const before = this.kind;
    if (kind == before) {
      this.run++;
      // A single space goes with what follows; a run is told by its second.
      if (kind == Kind.Space && this.run == 2) this.count(Kind.Space * 2);
    } else {
      if (kind != Kind.Space) this.count(kind * 2);
      if (before == Kind.Mark) {
        if (kind == Kind.Word || kind == Kind.Digit) this.count(Feature.WordsBehindMark);
        else if (kind == Kind.Newline) this.count(Feature.NewlinesBehindMark);
      } else if (before == Kind.Space && kind == Kind.Digit) this.count(Feature.DigitsBehindSpace);
      this.kind = kind;
      this.run = 1;
    }
    this.count(kind * 2 + 1);
  }

  private count(feature: i32): void {
    this.counts[feature]++;
  }
}

function weightOf(pair: u32): i32 {
  return pair < <u32>PAIR_WEIGHTS.length ? <i32>PAIR_WEIGHTS[pair] : 0;
}
