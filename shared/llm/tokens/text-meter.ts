// Tokens of a text, told from what its characters are: fixed memory, UTF-8 that may be cut anywhere.

import { Span } from "../../bytes";
import { Kind, kindOf, Kinds } from "./characters";
import { Family } from "./family";
import { BEGIN, DOUBLY_MARKED_LETTER, Feature, MARKED_LETTER, RunCounter } from "./run-counter";
import { FAMILY_WEIGHTS } from "./weights";

/** Weights are in 64ths of a token. */
const WEIGHT_UNIT: f64 = 64;

/** Stands for bytes that are no UTF-8. */
export const BROKEN: u32 = 0xfffd;

/** Where characters wait to be counted, for one meter at a time: between `enter` and `leave`. */
const ROOM: usize = 1024;
const STAGE: usize = memory.data(16 + 1024 + 64 + 16, 16);
const FIRST: usize = STAGE + 16;

/** Where a text ends besides at its end. */
export const enum Until {
  End,
  /** A quotation mark, a backslash. */
  Quote,
  /** These, a bracket, white space. */
  JsonMark,
}

export class TextMeter {
  private counter: RunCounter = new RunCounter();
  /** Behind the last character that waits. */
  private fill: usize = FIRST;
  /** Of a character in UTF-8 what was read, and how many bytes it lacks. */
  private point: u32 = 0;
  private lacking: i32 = 0;
  private isJoined: bool = false;

  /** By `Feature`. */
  get counts(): StaticArray<u64> {
    return this.counter.counts;
  }

  get isEmpty(): bool {
    return this.counter.last == BEGIN;
  }

  /** Tokens of what was taken, for models of the family. */
  tokens(family: Family): f64 {
    const first = family * <i32>Feature.COUNT;
    if (first < 0 || first + <i32>Feature.COUNT > FAMILY_WEIGHTS.length) return 0;
    const counts = this.counter.counts;
    let sum: f64 = 0;
    for (let i = 0; i < <i32>Feature.COUNT; i++) {
      const count = <f64>counts[i] * <f64>FAMILY_WEIGHTS[first + i];
      sum += i == Feature.Pairs ? count / WEIGHT_UNIT : count;
    }
    return sum / WEIGHT_UNIT + <f64>this.counter.rare / 10;
  }

  /** Takes a text in UTF-8, which may be cut anywhere. */
  text(bytes: Span): void {
    this.enter();
    this.take(bytes.start, bytes.end, Until.End);
    this.leave();
  }

  /** Before `take`, `push` and `separate`. No other meter may be between this and `leave`. */
  enter(): void {
    this.fill = FIRST;
    store<u8>(FIRST - 1, <u8>this.counter.last);
  }

  leave(): void {
    this.counter.take(FIRST, this.fill);
    this.fill = FIRST;
  }

  /** Takes UTF-8 from `at` up to `end`, or up to where `until` says. Returns where. */
  take(at: usize, end: usize, until: Until): usize {
    const quote = i8x16.splat(until == Until.End ? -1 : 0x22);
    const backslash = i8x16.splat(until == Until.End ? -1 : 0x5c);
    while (at < end) {
      if (this.lacking > 0 || load<u8>(at) >= 0x80) {
        at = this.wide(at, end);
      } else if (end - at >= 16) {
        const bytes = v128.load(at);
        let isStop = v128.or(bytes, v128.or(i8x16.eq(bytes, quote), i8x16.eq(bytes, backslash)));
        if (until == Until.JsonMark) {
          const folded = v128.or(bytes, i8x16.splat(0x20));
          const isBracket = v128.or(i8x16.eq(folded, i8x16.splat(0x7b)), i8x16.eq(folded, i8x16.splat(0x7d)));
          isStop = v128.or(isStop, v128.or(isBracket, i8x16.lt_s(bytes, i8x16.splat(0x21))));
        }
        const stops = i8x16.bitmask(isStop);
        const fill = this.reserve();
        v128.store(fill, bytes);
        const size: usize = stops == 0 ? 16 : <usize>ctz(stops);
        this.fill = fill + size;
        at += size;
        if (stops != 0 && load<u8>(at) < 0x80) return at;
      } else {
        const byte = <u32>load<u8>(at);
        if (until != Until.End && (byte == 0x22 || byte == 0x5c)) return at;
        if (until == Until.JsonMark) {
          const folded = byte | 0x20;
          if (byte <= 0x20 || folded == 0x7b || folded == 0x7d) return at;
        }
        this.put(byte);
        at++;
      }
    }
    return at;
  }

  /** The next character, as a code point. */
  push(point: u32): void {
    if (point < 0x80) return this.put(point);
    const known = point < 0x10000 ? Kinds.known(point) : 0;
    const kind = isAlike(known) ? <Kind>known : kindOf(point);
    const counts = this.counter.counts;
    const fill = this.reserve();
    let character = 0x80 | (<u32>kind);
    if (kind == Kind.Word) {
      const isDoubly = point >= 0x1e00;
      counts[isDoubly ? Feature.DoublyMarkedLetters : Feature.MarkedLetters]++;
      character = isDoubly ? DOUBLY_MARKED_LETTER : MARKED_LETTER;
    } else {
      counts[kind * 2] += <u64>(<u32>load<u8>(fill - 1) != character);
      counts[kind * 2 + 1]++;
      if (kind == Kind.Other && isRare(point)) this.counter.rare += 10;
    }
    store<u8>(fill, <u8>character);
    this.fill = fill + 1;
  }

  /** What follows is another text. */
  separate(): void {
    if (!this.isJoined) this.put(BEGIN);
    this.isJoined = false;
  }

  /** A text by itself, also where the next one goes on with the last. */
  insert(start: usize, end: usize): void {
    this.put(BEGIN);
    this.take(start, end, Until.End);
    this.put(BEGIN);
  }

  /** The next text goes on where the last has ended. */
  join(): void {
    this.isJoined = true;
  }

  private put(character: u32): void {
    const fill = this.reserve();
    store<u8>(fill, <u8>character);
    this.fill = fill + 1;
  }

  /** Where the next 16 characters may be put. */
  private reserve(): usize {
    if (this.fill - FIRST >= ROOM) {
      this.leave();
      this.enter();
    }
    return this.fill;
  }

  /** Characters beyond ASCII, and what is no UTF-8. Returns where it ends. */
  private wide(at: usize, end: usize): usize {
    while (at < end) {
      if (this.lacking == 0) at = this.whole(at, end);
      if (at == end) break;
      const byte = <u32>load<u8>(at);
      if (byte < 0x80) {
        if (this.lacking > 0) this.push(BROKEN);
        this.lacking = 0;
        break;
      }
      this.byte(byte);
      at++;
    }
    return at;
  }

  /** Whole characters of two and three bytes beyond Latin, of which most texts beyond ASCII are made. Returns where they end. */
  private whole(at: usize, end: usize): usize {
    const counts = this.counter.counts;
    let fill = this.reserve();
    let kind = (<u32>load<u8>(fill - 1)) ^ 0x80;
    let count: u64 = 0;
    while (end - at > 2 && fill < FIRST + ROOM) {
      const lead = <u32>load<u8>(at);
      const second = (<u32>load<u8>(at, 1)) ^ 0x80;
      let point = ((lead & 31) << 6) | second;
      let size: usize = 2;
      if (lead - 0xe0 < 16) {
        const third = (<u32>load<u8>(at, 2)) ^ 0x80;
        if (third >= 0x40) break;
        point = ((lead & 15) << 12) | (second << 6) | third;
        size = 3;
      } else if (lead - 0xc0 >= 32) break;
      if (second >= 0x40) break;
      const next = Kinds.known(point);
      if (!isAlike(next)) break;
      if (next == <u32>Kind.Other) break;
      if (next != kind) {
        if (count != 0) counts[kind * 2 + 1] += count;
        count = 0;
        kind = next;
        counts[kind * 2]++;
      }
      store<u8>(fill, <u8>(0x80 | kind));
      fill++;
      at += size;
      count++;
    }
    this.fill = fill;
    if (count != 0) counts[kind * 2 + 1] += count;
    return at;
  }

  /** The next byte of UTF-8, beyond ASCII. */
  private byte(byte: u32): void {
    if (byte < 0xc0 && this.lacking > 0) {
      this.point = (this.point << 6) | (byte & 0x3f);
      if (--this.lacking == 0) this.push(this.point);
      return;
    }
    if (this.lacking > 0) {
      this.lacking = 0;
      this.push(BROKEN);
    }
    if (byte < 0xc0) return this.push(BROKEN);
    const lacking = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    this.point = byte & (0x3f >> lacking);
    this.lacking = lacking;
  }
}

/** True for a kind beyond Latin, of 64 characters that are alike. */
function isAlike(known: u32): bool {
  return known - <u32>Kind.Quote < <u32>Kind.COUNT - <u32>Kind.Quote;
}

/** True for scripts of which no vocabulary has many words; Armenian and Georgian are the others of their kind. */
function isRare(point: u32): bool {
  return point > 0x6ff && point - 0x10a0 >= 0x60;
}
