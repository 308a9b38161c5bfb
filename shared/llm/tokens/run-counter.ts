// Counts what weights.ts has weights for, in characters that are laid out with one byte each, 64 at a time: a bit tells of
// each whether it is a letter, a digit and so on, and runs are found by shifting the bits.
//
//   a byte below 0x80: the ASCII character | 0x9b, 0xbb: a Latin letter with a mark, with two | 0x80: where a text begins
//   0x80 + kind: a character of another kind, which has been counted

import { Kind } from "./characters";
import { PAIR_LETTERS, PAIR_WEIGHTS } from "./weights";

/** What is counted: runs of a kind at `kind * 2`, its characters at `kind * 2 + 1`, and behind these the rest. */
export const enum Feature {
  /** Weights of the pairs of letters in Latin words, in units (weights.ts). */
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

/** The low five bits of letters with marks are those behind `z`. */
export const MARKED_LETTER: u32 = 0x9b;
export const DOUBLY_MARKED_LETTER: u32 = 0xbb;
export const BEGIN: u32 = 0x80;

/** Weights of pairs by the low five bits of both letters; 0 where there is no pair. Made when first used. */
const PAIRS: usize = memory.data(1024, 16);

export class RunCounter {
  /** By `Feature`. */
  readonly counts: StaticArray<u64> = new StaticArray<u64>(Feature.COUNT);
  /** Tenths of tokens of what few texts have, which would cost nothing by weights that are fitted to them. */
  rare: u64 = 0;
  /** The last character. */
  last: u32 = BEGIN;
  /** One bit for each of the last 64 characters, the highest for the last of all. */
  private letters: u64 = 0;
  private capitals: u64 = 0;
  /** Letters that begin no word; letters behind one of these. */
  private inner: u64 = 0;
  private inner2: u64 = 0;
  private digits: u64 = 0;
  private spaces: u64 = 0;
  private newlines: u64 = 0;
  private marks: u64 = 0;
  /** Marks that differ from the mark before them; those behind one of these. */
  private varied: u64 = 0;
  private varied2: u64 = 0;
  /** Digits at the end beyond whole groups of three. */
  private looseDigits: u64 = 0;

  constructor() {
    if (load<u8>(PAIRS + 1023) == 0) preparePairs();
  }

  /** Counts the characters from `start` up to `end`. The byte before them and 64 behind them are overwritten. */
  take(start: usize, end: usize): void {
    if (start >= end) return;
    store<u8>(start - 1, <u8>this.last);
    for (let k: usize = 0; k < 64; k += 16) v128.store(end + k, i8x16.splat(<i8>BEGIN));
    for (let at = start; at < end; at += 64) this.block(at, min<u64>(end - at, 64));
    this.last = load<u8>(end - 1);
  }

  /** `size` characters, behind which there are beginnings up to the 64th. */
  private block(at: usize, size: u64): void {
    let letters: u64 = 0;
    let capitals: u64 = 0;
    let digits: u64 = 0;
    let spaces: u64 = 0;
    let newlines: u64 = 0;
    let visible: u64 = 0;
    let changes: u64 = 0;
    let breaks: u64 = 0;
    let returns: u64 = 0;
    let pairs: u64 = 0;
    let letterBefore = Characters.letter(i8x16.splat(<i8>load<u8>(at - 1)));
    for (let k: u64 = 0; k < size; k += 16) {
      const next = v128.load(at + <usize>k);
      const previous = v128.load(at + <usize>k - 1);
      const isLetter = Characters.areLetters(next);
      const isCapital = i8x16.lt_u(i8x16.sub(next, i8x16.splat(0x41)), i8x16.splat(26));
      const isDigit = i8x16.lt_u(i8x16.sub(next, i8x16.splat(0x30)), i8x16.splat(10));
      const isTab = i8x16.eq(next, i8x16.splat(0x09));
      letters |= Characters.bits(isLetter) << k;
      capitals |= Characters.bits(isCapital) << k;
      digits |= Characters.bits(isDigit) << k;
      spaces |= Characters.bits(v128.or(isTab, i8x16.eq(next, i8x16.splat(0x20)))) << k;
      newlines |= Characters.bits(v128.andnot(i8x16.lt_u(next, i8x16.splat(0x20)), isTab)) << k;
      visible |= Characters.bits(i8x16.gt_s(next, i8x16.splat(0x20))) << k;
      const isReturn = i8x16.eq(next, i8x16.splat(0x0d));
      returns |= Characters.bits(isReturn) << k;
      breaks |= Characters.bits(v128.or(isReturn, i8x16.eq(next, i8x16.splat(0x0a)))) << k;
      changes |= Characters.bits(i8x16.ne(next, previous)) << k;
      // Of each pair the low five bits of both letters; none where the second begins a word.
      const letter = v128.and(v128.and(next, isLetter), i8x16.splat(31));
      // prettier-ignore
      const before = i8x16.shuffle(letterBefore, letter, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
      letterBefore = letter;
      pairs += Characters.pairWeights(before, v128.andnot(letter, isCapital));
    }
    const marks = visible & ~(letters | digits);
    const behindMark = Characters.behind(marks, this.marks, 1);
    const words =
      letters &
      (~Characters.behind(letters, this.letters, 1) |
        (capitals & ~Characters.behind(capitals, this.capitals, 1)));
    const inner = letters & ~words;
    if (letters != 0) {
      const inner2 = inner & Characters.behind(inner, this.inner, 1);
      const inner4 = inner2 & Characters.behind(inner2, this.inner2, 2);
      this.add(<i32>Kind.Word * 2, words);
      this.add(<i32>Kind.Word * 2 + 1, letters);
      this.add(Feature.CapitalPairs, inner & capitals);
      this.add(Feature.LateLetters, inner4 & Characters.behind(inner2, this.inner2, 4));
      this.add(Feature.WordsBehindMark, words & behindMark);
      this.counts[Feature.Pairs] += pairs;
      this.inner2 = Characters.latest(inner2, this.inner2, size);
    } else this.inner2 = Characters.latest(0, this.inner2, size);
    if (digits != 0) this.takeDigits(digits, behindMark, Characters.behind(spaces, this.spaces, 1), size);
    if (spaces != 0) {
      // A single space goes with what follows; a run is told by its second.
      const later = spaces & Characters.behind(spaces, this.spaces, 1);
      const second = later & ~Characters.behind(spaces, this.spaces, 2);
      this.rare += 5 * popcnt(later & changes);
      this.add(<i32>Kind.Space * 2, second);
      this.add(<i32>Kind.Space * 2 + 1, spaces);
    }
    if (newlines != 0) {
      const starts = newlines & ~Characters.behind(newlines, this.newlines, 1);
      this.add(<i32>Kind.Newline * 2, starts);
      this.add(<i32>Kind.Newline * 2 + 1, newlines);
      this.add(Feature.NewlinesBehindMark, starts & behindMark);
      // Control characters, and returns behind a line feed.
      this.rare += 10 * popcnt((newlines & ~breaks) | (returns & changes & ~starts));
    }
    if (marks != 0) {
      this.add(<i32>Kind.Mark * 2, marks & ~behindMark);
      this.add(<i32>Kind.Mark * 2 + 1, marks);
      const varied = marks & behindMark & changes;
      const varied2 = varied & Characters.behind(varied, this.varied, 1);
      const varied4 = varied2 & Characters.behind(varied2, this.varied2, 2);
      this.add(Feature.MarkChanges, varied);
      // The seventh of a run of marks, and later ones, where each differs from the one before.
      this.rare += 6 * popcnt(varied4 & Characters.behind(varied2, this.varied2, 4));
      this.varied = Characters.latest(varied, this.varied, size);
      this.varied2 = Characters.latest(varied2, this.varied2, size);
    } else {
      this.varied = Characters.latest(0, this.varied, size);
      this.varied2 = Characters.latest(0, this.varied2, size);
    }
    this.letters = Characters.latest(letters, this.letters, size);
    this.capitals = Characters.latest(capitals, this.capitals, size);
    this.inner = Characters.latest(inner, this.inner, size);
    this.digits = Characters.latest(digits, this.digits, size);
    this.spaces = Characters.latest(spaces, this.spaces, size);
    this.newlines = Characters.latest(newlines, this.newlines, size);
    this.marks = Characters.latest(marks, this.marks, size);
  }

  private takeDigits(digits: u64, behindMark: u64, behindSpace: u64, size: u64): void {
    const starts = digits & ~Characters.behind(digits, this.digits, 1);
    this.add(<i32>Kind.Digit * 2, starts);
    this.add(<i32>Kind.Digit * 2 + 1, digits);
    this.add(Feature.WordsBehindMark, starts & behindMark);
    this.add(Feature.DigitsBehindSpace, starts & behindSpace);
    // Every third digit of a run begins a group; so do those behind a run that the last block has begun.
    let groups = starts;
    const isContinued = (digits & 1) != 0 && (starts & 1) == 0;
    if (isContinued) {
      const first = (3 - this.looseDigits) % 3;
      const run = ((<u64>2) << first) - 1;
      if ((digits & run) == run) groups |= (<u64>1) << first;
    }
    const thirds = digits & (digits << 1) & (digits << 2);
    while (groups != 0) {
      this.add(Feature.DigitGroups, groups);
      groups = (groups << 3) & thirds;
    }
    const atEnd = clz(~Characters.latest(digits, 0, size));
    this.looseDigits = (isContinued && atEnd == size ? this.looseDigits + size : atEnd) % 3;
  }

  @inline private add(feature: i32, found: u64): void {
    this.counts[feature] += popcnt(found);
  }
}

class Characters {
  @inline static areLetters(characters: v128): v128 {
    const folded = v128.or(characters, i8x16.splat(0x20));
    const isPlain = i8x16.lt_u(i8x16.sub(folded, i8x16.splat(0x61)), i8x16.splat(26));
    return v128.or(isPlain, i8x16.eq(folded, i8x16.splat(<i8>DOUBLY_MARKED_LETTER)));
  }

  @inline static letter(characters: v128): v128 {
    return v128.and(v128.and(characters, Characters.areLetters(characters)), i8x16.splat(31));
  }

  @inline static bits(which: v128): u64 {
    return <u64>i8x16.bitmask(which);
  }

  /** The bits of the characters that stand `count` before. */
  @inline static behind(bits: u64, before: u64, count: u64): u64 {
    return (bits << count) | (before >> (64 - count));
  }

  /** The bits of the last 64 characters, after `size` more, of at most 64. */
  @inline static latest(bits: u64, before: u64, size: u64): u64 {
    // Shifts take their count modulo 64.
    return (bits << (64 - size)) | (size == 64 ? 0 : before >> size);
  }

  /** The sum for 16 pairs. */
  @inline static pairWeights(first: v128, second: v128): u64 {
    const low = v128.or(i16x8.shl(i16x8.extend_low_i8x16_u(first), 5), i16x8.extend_low_i8x16_u(second));
    const high = v128.or(i16x8.shl(i16x8.extend_high_i8x16_u(first), 5), i16x8.extend_high_i8x16_u(second));
    return (
      <u64>Characters.fourWeights(i64x2.extract_lane(low, 0)) +
      Characters.fourWeights(i64x2.extract_lane(low, 1)) +
      Characters.fourWeights(i64x2.extract_lane(high, 0)) +
      Characters.fourWeights(i64x2.extract_lane(high, 1))
    );
  }

  @inline static fourWeights(pairs: u64): u32 {
    return (
      <u32>load<u8>(PAIRS + <usize>(pairs & 0xffff)) +
      load<u8>(PAIRS + <usize>((pairs >> 16) & 0xffff)) +
      load<u8>(PAIRS + <usize>((pairs >> 32) & 0xffff)) +
      load<u8>(PAIRS + <usize>(pairs >> 48))
    );
  }
}

function preparePairs(): void {
  for (let first = 0; first < PAIR_LETTERS; first++) {
    for (let second = 0; second < PAIR_LETTERS; second++) {
      store<u8>(
        PAIRS + <usize>(((first + 1) << 5) + second + 1),
        PAIR_WEIGHTS[first * PAIR_LETTERS + second],
      );
    }
  }
  store<u8>(PAIRS + 1023, 1);
}
