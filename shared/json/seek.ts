// Where the top-level members of an object are, found while its bytes pass by in windows of any size. Keeps a
// fixed amount of memory, judges nothing but the structure of the outermost object.

import { Buffer, Span } from "../bytes";
import { findByte } from "../bytes/find";
import { JsonError, JsonKind } from "./error";
import { Scan, isDelimiter, kindOf } from "./scan";
import { MAX_DEPTH, Skim, skim } from "./skim";
import { LONGEST_ESCAPE, compareKey } from "./string";

const enum State {
  ByteOrderMark,
  Open,
  FirstName,
  Name,
  InName,
  Colon,
  Value,
  InValue,
  InScalar,
  AfterValue,
  Done,
  Failed,
}

class Found {
  count: i32 = 0;
  start: i32 = -1;
  end: i32 = -1;
  kind: JsonKind = JsonKind.Missing;
}

/** Names of members to look for, made once for many documents. */
export class JsonNames {
  /** Unescaped. */
  readonly spans: Span[];
  /** Bytes that the longest name can have in a document. */
  readonly longest: i32;

  constructor(readonly texts: string[]) {
    const spans: Span[] = [];
    let longest = 0;
    for (let i = 0; i < texts.length; i++) {
      spans.push(Span.text(texts[i]));
      longest = max(longest, spans[i].size * <i32>LONGEST_ESCAPE);
    }
    this.spans = spans;
    this.longest = longest;
  }

  /** Index of a name, or -1. */
  indexOf(text: string): i32 {
    return this.texts.indexOf(text);
  }
}

/**
 * `const seek = new JsonSeek(new JsonNames(["model", "stream"]))`, then `feed` every window in order, then `finish`.
 * Offsets count from the first byte fed; a document beyond 2 GiB fails with `Limit`.
 */
export class JsonSeek {
  error: JsonError = JsonError.None;
  /** Offset of the error, or -1. */
  errorAt: i32 = -1;

  private state: State = State.ByteOrderMark;
  private members: Found[];
  /** Bytes fed before the present window. */
  private passed: i32 = 0;
  private markBytes: i32 = 0;

  /** The part of a name that earlier windows held; cut where no wanted name can be so long. */
  private name: Buffer = new Buffer(0);
  private current: i32 = -1;
  private valueStart: i32 = 0;
  private valueKind: JsonKind = JsonKind.Missing;

  // State of `skim` between two windows.
  private depth: i32 = 0;
  private inString: u64 = 0;
  private afterBackslash: u64 = 0;

  constructor(private names: JsonNames) {
    const members: Found[] = [];
    for (let i = 0; i < names.texts.length; i++) members.push(new Found());
    this.members = members;
  }

  /** True once the object is closed: no member follows, what was found stays so. */
  get done(): bool {
    return this.state == State.Done;
  }

  /** True when the bytes are no object, or a broken one; `error` tells. */
  get failed(): bool {
    return this.state == State.Failed;
  }

  /** Whether the member `i` of the names was seen to its end. Before `done` a later duplicate may replace it. */
  found(i: i32): bool {
    return this.count(i) > 0;
  }

  /** How often the member was seen. */
  count(i: i32): i32 {
    return this.isName(i) ? this.members[i].count : 0;
  }

  /** Offset of the first byte of the member's last value, or -1. */
  start(i: i32): i32 {
    return this.isName(i) ? this.members[i].start : -1;
  }

  /** Offset after the member's last value, or -1. */
  end(i: i32): i32 {
    return this.isName(i) ? this.members[i].end : -1;
  }

  /** Offset of the first byte of a wanted value that the windows so far have begun and not ended, or -1. */
  get openStart(): i32 {
    const isOpen = this.state == State.InValue || this.state == State.InScalar;
    return isOpen && this.current >= 0 ? this.valueStart : -1;
  }

  /** Kind of the member's last value, told by its first byte. */
  kind(i: i32): JsonKind {
    return this.isName(i) ? this.members[i].kind : JsonKind.Missing;
  }

  /** Takes the next window. After `done` or `failed` nothing is looked at. */
  feed(window: Span): void {
    if (window.size > i32.MAX_VALUE - this.passed) this.fail(JsonError.Limit, 0);
    const start = window.start;
    const end = window.end;
    let at = start;
    while (at < end && this.state < State.Done) at = this.advance(at, start, end);
    this.passed += this.state < State.Done ? window.size : 0;
  }

  /** Tells that no window follows: an object that is not closed fails with `Truncated` or `Empty`. */
  finish(): void {
    if (this.state >= State.Done) return;
    this.fail(this.state <= State.Open ? JsonError.Empty : JsonError.Truncated, 0);
  }

  /** Walks on from `at` in the window [start, end) to the next change of state, and returns where that is. */
  private advance(at: usize, start: usize, end: usize): usize {
    switch (this.state) {
      case State.ByteOrderMark:
        return this.byteOrderMark(at, start);
      case State.InName:
        return this.inName(at, start, end);
      case State.InValue:
        return this.inValue(at, start, end);
      case State.InScalar:
        while (at < end && !isDelimiter(load<u8>(at))) at++;
        if (at < end) this.valueEnded(at, start);
        return at;
    }
    at = Scan.space(at, end);
    if (at == end) return end;
    const byte = <u32>load<u8>(at);
    switch (this.state) {
      case State.Open:
        if (byte == 0x7b) this.state = State.FirstName;
        else return this.failAt(JsonError.NotObject, at, start);
        break;
      case State.Value:
        return this.value(at, start, byte);
      case State.Colon:
        if (byte == 0x3a) this.state = State.Value;
        else return this.failAt(JsonError.Syntax, at, start);
        break;
      case State.AfterValue:
        if (byte == 0x2c) this.state = State.Name;
        else if (byte == 0x7d) this.state = State.Done;
        else return this.failAt(JsonError.Syntax, at, start);
        break;
      default:
        // FirstName and Name
        if (byte == 0x7d && this.state == State.FirstName) this.state = State.Done;
        else if (byte == 0x22) {
          this.name.clear();
          this.restart(0);
          this.state = State.InName;
        } else return this.failAt(JsonError.Syntax, at, start);
    }
    return at + 1;
  }

  private byteOrderMark(at: usize, start: usize): usize {
    const mark: u32 = 0xbfbbef;
    if (<u32>load<u8>(at) == ((mark >> (8 * this.markBytes)) & 0xff)) {
      if (++this.markBytes == 3) this.state = State.Open;
      return at + 1;
    }
    if (this.markBytes > 0) return this.failAt(JsonError.Syntax, at, start);
    this.state = State.Open;
    return at;
  }

  private inName(at: usize, start: usize, end: usize): usize {
    const after = this.walk(at, end);
    let from = at;
    let to = after != 0 ? after - 1 : end;
    if (after == 0 || !this.name.isEmpty) {
      // One byte more than any wanted name has tells a name that is too long.
      const kept = min(<i32>(to - from), this.names.longest + 1 - this.name.size);
      const room = this.name.reserve(kept);
      if (room != 0) memory.copy(room, from, <usize>kept);
      this.name.wrote(kept);
      if (after == 0) return end;
      const name = this.name.span();
      from = name.start;
      to = name.end;
    }
    this.state = State.Colon;
    this.current = -1;
    if (to - from > <usize>this.names.longest) return after;
    const escaped = findByte(from, to, 0x5c) < to;
    for (let i = 0; i < this.members.length; i++) {
      const name = this.names.spans[i];
      const order = compareKey(from, to, escaped, name.start, <usize>name.size);
      if (order < 0) return this.failAt(Scan.error, after, start);
      if (order > 0) {
        this.current = i;
        break;
      }
    }
    return after;
  }

  private value(at: usize, start: usize, first: u32): usize {
    this.valueStart = this.passed + <i32>(at - start);
    const kind = kindOf(first);
    this.valueKind = kind;
    if (kind == JsonKind.Missing) return this.failAt(JsonError.Syntax, at, start);
    this.state = kind < JsonKind.String ? State.InScalar : State.InValue;
    this.restart(kind == JsonKind.String ? 0 : 1);
    return at + 1;
  }

  private inValue(at: usize, start: usize, end: usize): usize {
    const after = this.walk(at, end);
    if (after != 0) this.valueEnded(after, start);
    else if (this.depth > MAX_DEPTH) return this.failAt(JsonError.Depth, Scan.errorAt, start);
    return after != 0 ? after : end;
  }

  private valueEnded(at: usize, start: usize): void {
    this.state = State.AfterValue;
    if (this.current < 0) return;
    const member = this.members[this.current];
    member.count++;
    member.start = this.valueStart;
    member.end = this.passed + <i32>(at - start);
    member.kind = this.valueKind;
  }

  private restart(depth: i32): void {
    Skim.start(depth);
    this.keep();
  }

  /** `skim` with this object's state. */
  private walk(at: usize, end: usize): usize {
    Skim.depth = this.depth;
    Skim.inString = this.inString;
    Skim.afterBackslash = this.afterBackslash;
    const after = skim(at, end);
    this.keep();
    return after;
  }

  private keep(): void {
    this.depth = Skim.depth;
    this.inString = Skim.inString;
    this.afterBackslash = Skim.afterBackslash;
  }

  private isName(i: i32): bool {
    return <u32>i < <u32>this.members.length;
  }

  /** Fails at an address of the window that begins at `start`. */
  private failAt(error: JsonError, at: usize, start: usize): usize {
    this.fail(error, <i32>(at - start));
    return at;
  }

  private fail(error: JsonError, offset: i32): void {
    if (this.state >= State.Done) return;
    this.state = State.Failed;
    this.error = error;
    this.errorAt = this.passed + offset;
  }
}
