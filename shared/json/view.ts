// Reading a document on demand: a value is an address, found when asked for and checked when used. The rest
// of the document is not judged. After simdjson On-Demand, but values may be kept and read in any order.

import { Buffer, Span, decodeLossy, isUtf8 } from "../bytes";
import { encodeUtf8Unchecked, utf8Size } from "../bytes/utf8";
import { checkDocument } from "./check";
import { Cursor } from "./cursor";
import { JsonError, JsonKind } from "./error";
import { lenientBool, lenientInteger, lenientNumber, lenientText } from "./lenient";
import { JsonItems, JsonMembers } from "./members";
import { MemberIndex } from "./member-index";
import { Decimal, readNumber } from "./number";
import { JsonPath } from "./path";
import { Scan, documentStart, kindOf, literalEnd, skipValue } from "./scan";
import { Content, compareKey, contentEnd, unescapeUnchecked } from "./string";

/** Objects of this size get an index of their members when they are searched a second time. */
const INDEX_FROM_BYTES: usize = 1024;

/** Reused by every search: none of them calls back. */
const cursor = new Cursor();
/** The name looked for, as UTF-8. */
const wanted = new Buffer(64);

export class Json {
  /** What the value is; `Missing` where there is none or it could not be read. */
  kind: JsonKind = JsonKind.Missing;
  /** `None` unless this value, or the way to it, is broken. Reading the value may find out and set it. */
  error: JsonError = JsonError.None;
  /** Offset of the error in the document, or -1. `positionOf` gives line and column. */
  errorAt: i32 = -1;

  private start: usize = 0;
  /** Address after the value, where known; else 0. */
  private stop: usize = 0;
  /** Whether the content that `escaped` found holds a backslash. */
  private isEscaped: bool = false;
  private index: MemberIndex | null = null;

  private constructor(private source: Span) {}

  /** The document's value. What follows it is not looked at; a byte order mark before it is passed over. */
  static read(bytes: Span): Json {
    const start = documentStart(bytes.start, bytes.end);
    if (start < bytes.end) return Json.from(bytes, start);
    return Json.broken(bytes, JsonError.Empty, bytes.end);
  }

  /** As `read`, after `check`: a document that is no JSON gives a missing value that tells why. */
  static checked(bytes: Span): Json {
    return checkDocument(bytes) ? Json.read(bytes) : Json.broken(bytes, Scan.error, Scan.errorAt);
  }

  /** Checks the whole document against RFC 8259, at most 128 levels deep. */
  static check(bytes: Span): JsonError {
    return checkDocument(bytes) ? JsonError.None : Scan.error;
  }

  /** For the iterators: the value whose first byte is at `start`, an address inside `source`. */
  static from(source: Span, start: usize): Json {
    const value = new Json(source);
    value.start = start;
    const kind = kindOf(load<u8>(start));
    if (kind < JsonKind.String) {
      value.stop = kind == JsonKind.Number ? readNumber(start, source.end) : literalEnd(start, source.end);
      if (value.stop == 0) {
        value.fail(Scan.error, Scan.errorAt);
        return value;
      }
    }
    value.kind = kind;
    return value;
  }

  /** For the iterators: a missing value; `error` may be `None`. */
  static broken(source: Span, error: JsonError, at: usize): Json {
    const value = new Json(source);
    if (error != JsonError.None) value.fail(error, at);
    return value;
  }

  /** True unless the value is missing; `null` is a value. */
  @inline get exists(): bool {
    return this.kind != JsonKind.Missing;
  }

  /** True for the literal `true` only. */
  get isTrue(): bool {
    return this.kind == JsonKind.Bool && load<u8>(this.start) == 0x74;
  }

  /** Offset of the value's first byte in the document. */
  get offset(): i32 {
    return this.start != 0 ? <i32>(this.start - this.source.start) : 0;
  }

  /** For the iterators: address after the value where known, else 0. */
  get knownEnd(): usize {
    return this.stop;
  }

  /** The member with this name, the last where there are several. Missing where this is no object. */
  get(key: string): Json {
    if (this.kind != JsonKind.Object || this.error != JsonError.None) return this.missing();
    const size = utf8Size(key);
    wanted.clear();
    const name = wanted.reserve(size);
    if (name == 0) return this.missing();
    encodeUtf8Unchecked(key, name);
    return this.child(this.memberNamed(name, <usize>size));
  }

  /** The item at this index. Missing where this is no array. */
  at(index: i32): Json {
    if (this.kind != JsonKind.Array || this.error != JsonError.None) return this.missing();
    return this.child(itemAt(this.start, this.source.end, index));
  }

  /** Follows a dotted path, `choices.0.delta`; `\.` is a dot in a name. */
  path(path: string): Json {
    return this.follow(new JsonPath(path));
  }

  /** Follows a path that is kept for many documents. Nothing is allocated but the result. */
  follow(path: JsonPath): Json {
    if (this.error != JsonError.None) return this.missing();
    const segments = path.segments;
    const end = this.source.end;
    let kind = this.kind;
    let at = this.start;
    for (let i = 0; i < segments.length && kind != JsonKind.Missing; i++) {
      const segment = segments[i];
      const name = segment.name;
      if (kind == JsonKind.Array) at = itemAt(at, end, segment.index);
      else if (kind != JsonKind.Object) return this.missing();
      else if (i == 0) at = this.memberNamed(name.start, <usize>name.size);
      else at = memberAt(at, end, name.start, <usize>name.size);
      if (at == 0) return Json.broken(this.source, cursor.error, cursor.errorAt);
      kind = kindOf(load<u8>(at));
    }
    return at != 0 ? Json.from(this.source, at) : this.missing();
  }

  /** Number of items or members, duplicates counted; 0 for other values and where `error` is set. */
  length(): i32 {
    if (this.kind < JsonKind.Array) return 0;
    cursor.open(this.start, this.source.end);
    let count = 0;
    while (this.kind == JsonKind.Array ? cursor.nextItem() : cursor.nextMember()) count++;
    this.learn();
    return this.error == JsonError.None ? count : 0;
  }

  /** The members of an object; none for other values. */
  members(): JsonMembers {
    return new JsonMembers(this.source, this.kind == JsonKind.Object ? this.start : 0);
  }

  /** The items of an array; none for other values. */
  items(): JsonItems {
    return new JsonItems(this.source, this.kind == JsonKind.Array ? this.start : 0);
  }

  /** The value's own bytes, from the document. What is inside strings, arrays and objects is not judged. */
  raw(): Span {
    return this.findStop() ? this.span(this.start, this.stop) : Span.empty();
  }

  /** A string's content as it stands between the quotes, checked. Empty for other values. */
  escaped(): Span {
    if (this.kind != JsonKind.String) return Span.empty();
    const start = this.start + 1;
    const end = this.source.end;
    const quote = contentEnd(start, end);
    this.isEscaped = Content.hasEscape;
    if (quote == 0) this.fail(Scan.error, Scan.errorAt);
    else if (quote == end) this.fail(JsonError.Truncated, end);
    else {
      this.stop = quote + 1;
      const content = this.span(start, quote);
      if (isUtf8(content)) return content;
      this.fail(JsonError.Utf8, start);
    }
    return Span.empty();
  }

  /**
   * A string's content as UTF-8, unescaped; half of a surrogate pair becomes U+FFFD. Borrowed from the
   * document where nothing is escaped. Empty for other values.
   */
  bytes(): Span {
    const content = this.escaped();
    if (content.isEmpty || !this.isEscaped) return content;
    const text = new Buffer(content.size);
    const room = text.reserve(content.size);
    if (room == 0) return Span.empty();
    text.wrote(<i32>(unescapeUnchecked(content.start, content.end, room) - room));
    return text.span();
  }

  /** As `bytes`, as a string for configuration and logs. */
  text(): string {
    return this.kind == JsonKind.String ? decodeLossy(this.bytes()) : "";
  }

  /** A number that is an integer of 64 bits; `1e3` and `1.0` are integers. `fallback` for all else. */
  integer(fallback: i64): i64 {
    if (this.kind != JsonKind.Number) return fallback;
    readNumber(this.start, this.source.end);
    return Decimal.integer(fallback);
  }

  /** A number in the range of a double. `fallback` for all else, `1e400` included. */
  number(fallback: f64): f64 {
    if (this.kind != JsonKind.Number) return fallback;
    readNumber(this.start, this.source.end);
    const value = Decimal.float();
    return isFinite(value) ? value : fallback;
  }

  /** As gjson reads a string from any value: a number's or literal's text, the raw bytes of what is larger. */
  lenientText(): string {
    return lenientText(this);
  }

  /** As gjson reads an integer: numbers truncated, digits in a string, `true` as 1; else 0. */
  lenientInteger(): i64 {
    return lenientInteger(this);
  }

  /** As gjson reads a float: a string holding a number counts, `true` as 1; else 0. */
  lenientNumber(): f64 {
    return lenientNumber(this);
  }

  /** As gjson reads a truth value: non-zero numbers, and `1`, `t`, `true` in a string; else false. */
  lenientBool(): bool {
    return lenientBool(this);
  }

  /** As gjson reads a list: an array's items, nothing for `null` and missing, else the value itself. */
  lenientArray(): JsonItems {
    return this.kind == JsonKind.Array || this.kind <= JsonKind.Null
      ? this.items()
      : JsonItems.one(this.source, this);
  }

  /** As `memberAt` for this object, through the index where that pays. */
  private memberNamed(name: usize, size: usize): usize {
    if (this.stop != 0 && this.stop - this.start > INDEX_FROM_BYTES) {
      cursor.open(this.start, this.source.end);
      let index = this.index;
      if (!index) this.index = index = new MemberIndex(cursor);
      if (index.isComplete) return index.find(name, size);
    }
    return memberAt(this.start, this.source.end, name, size);
  }

  /** The value at an address that a search of this value gave, or what the search found out. */
  private child(at: usize): Json {
    this.learn();
    return at != 0 ? Json.from(this.source, at) : this.missing();
  }

  /** Takes over what the cursor found out about this value. */
  private learn(): void {
    if (cursor.error != JsonError.None) this.fail(cursor.error, cursor.errorAt);
    else if (cursor.close != 0) this.stop = cursor.close;
  }

  private missing(): Json {
    return Json.broken(this.source, this.error, this.source.start + <usize>max(this.errorAt, 0));
  }

  private findStop(): bool {
    if (this.stop == 0 && this.start != 0) {
      this.stop = skipValue(this.start, this.source.end);
      if (this.stop == 0) this.fail(Scan.error, Scan.errorAt);
    }
    return this.stop != 0;
  }

  private fail(error: JsonError, at: usize): void {
    this.error = error;
    this.errorAt = <i32>(at - this.source.start);
  }

  private span(from: usize, to: usize): Span {
    return new Span(this.source.owner, from, <i32>(to - from));
  }
}

/**
 * Address of the value of the last member with this name in the object at `at`, or 0. The cursor then stands
 * at the end of the object or tells the error.
 */
function memberAt(at: usize, end: usize, name: usize, size: usize): usize {
  let found: usize = 0;
  cursor.open(at, end);
  while (cursor.nextMember()) {
    const order = compareKey(cursor.keyStart, cursor.keyEnd, cursor.keyEscaped, name, size);
    if (order > 0) found = cursor.valueStart;
    else if (order < 0) cursor.stop(Scan.error, Scan.errorAt);
  }
  return cursor.error == JsonError.None ? found : 0;
}

/** Address of the item at this index in the array at `at`, or 0. */
function itemAt(at: usize, end: usize, index: i32): usize {
  cursor.open(at, end);
  for (let i = 0; index >= 0 && cursor.nextItem(); i++) {
    if (i == index) return cursor.valueStart;
  }
  return 0;
}
