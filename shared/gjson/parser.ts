// Taking a path apart. Brackets and quotes are followed only inside queries, multipaths and arguments.

import { Buffer, Span } from "../bytes";
import { JsonWriter } from "../json";
import { stringEnd, skipValue } from "../json/scan";
import { modifierNamed } from "./modifiers";
import { GjsonPath, Segment, SegmentKind, Stage, StageKind } from "./path";
import { Query } from "./query";

/** Paths within paths: queries, multipaths, rests of `#`. */
const MAX_DEPTH = 24;
const MAX_SIZE = 1 << 16;

export class PathParser {
  private path: GjsonPath = new GjsonPath();
  private at: i32 = 0;

  constructor(
    private text: Span,
    /** Offset of `text` in the whole path. */
    private base: i32 = 0,
    private depth: i32 = 0,
  ) {}

  parse(): GjsonPath {
    if (this.text.size > MAX_SIZE) return this.fail("the path is too long", 0);
    if (this.depth > MAX_DEPTH) return this.fail("the path is nested too deeply", 0);
    for (let more = true; more && this.path.error.length == 0;) {
      const first = this.text.at(this.at);
      const next = this.text.at(this.at + 1);
      if (first == 0x40 && next >= 0 && this.isModifier(this.at)) more = this.modifier();
      else if (first == 0x21 && this.literalEnd(this.at) > 0) more = this.literal();
      else if ((first == 0x5b || first == 0x7b) && this.isMultipath()) more = this.multipath();
      else {
        if (first == 0x2e && next == 0x2e) {
          this.at += 2;
          this.path.stages.push(new Stage(StageKind.Lines));
        }
        more = this.chain();
      }
    }
    return this.path;
  }

  /** Reads up to a pipe, or to a dot before what starts a stage of its own. True when a stage follows. */
  private chain(): bool {
    const stage = new Stage(StageKind.Chain);
    this.path.stages.push(stage);
    while (true) {
      const first = this.text.at(this.at);
      const next = this.text.at(this.at + 1);
      let segment: Segment;
      if (first == 0x23 && (next == 0x28 || next == 0x5b)) {
        segment = this.query();
      } else if (first == 0x23 && (next == 0x2e || next == 0x7c || next < 0)) {
        this.at++;
        segment = new Segment(next == 0x2e ? SegmentKind.Each : SegmentKind.Length, Span.empty());
      } else {
        segment = this.key();
      }
      stage.segments.push(segment);
      if (this.path.error.length > 0) return false;
      const stop = this.text.at(this.at++);
      if (stop != 0x2e) return stop == 0x7c;
      if (segment.kind > SegmentKind.Pattern) return this.rest(segment);
      if (this.startsStage()) return true;
    }
  }

  /** What is applied to each item: the path up to the next pipe. True when a stage follows. */
  private rest(segment: Segment): bool {
    const start = this.at;
    let depth = 0;
    for (; this.at < this.text.size; this.at++) {
      const byte = this.text.at(this.at);
      if (byte == 0x5c) this.at++;
      else if (byte == 0x22 && depth > 0) this.at = this.quoteEnd(this.at);
      else if (isOpening(byte)) depth++;
      else if (isClosing(byte)) depth--;
      else if (byte == 0x7c && depth <= 0) break;
    }
    segment.rest = this.inner(start, this.at);
    return this.text.at(this.at++) == 0x7c;
  }

  private key(): Segment {
    const start = this.at;
    const name = new Buffer(16);
    let isPattern = false;
    let isDigits = true;
    for (; this.at < this.text.size; this.at++) {
      let byte = this.text.at(this.at);
      if (byte == 0x2e || byte == 0x7c) break;
      if (<u32>(byte - 0x30) > 9) isDigits = false;
      if (byte == 0x2a || byte == 0x3f) isPattern = true;
      else if (byte == 0x5c) {
        if (++this.at >= this.text.size) break;
        byte = this.text.at(this.at);
      }
      name.push(byte);
    }
    // A pattern keeps its backslashes.
    const segment = new Segment(
      isPattern ? SegmentKind.Pattern : SegmentKind.Key,
      isPattern ? this.text.slice(start, this.at) : name.span(),
    );
    const digits = this.at - start;
    if (isDigits && digits > 0 && digits < 10) {
      let index = 0;
      for (let i = start; i < this.at; i++) index = index * 10 + this.text.at(i) - 0x30;
      segment.index = index;
    }
    return segment;
  }

  private query(): Segment {
    const start = this.at;
    const query = new Query();
    const segment = new Segment(SegmentKind.Query, Span.empty());
    segment.query = query;
    let operator = 0;
    let depth = 1;
    for (this.at += 2; this.at < this.text.size; this.at++) {
      const byte = this.text.at(this.at);
      if (depth == 1 && operator == 0 && isOperator(byte)) operator = this.at;
      else if (byte == 0x5c) this.at++;
      else if (byte == 0x22) this.at = this.quoteEnd(this.at);
      else if (byte == 0x28 || byte == 0x5b) depth++;
      else if ((byte == 0x29 || byte == 0x5d) && --depth == 0) break;
    }
    if (this.at >= this.text.size) {
      this.fail("a query is not closed", start);
      return segment;
    }
    const end = operator > 0 ? operator : this.at;
    const path = trim(this.text.slice(start + 2, end));
    if (operator > 0 && !query.compare(this.text.slice(operator, this.at))) {
      this.fail("a query has no comparison that exists", operator);
      return segment;
    }
    query.isEmpty = path.isEmpty;
    query.path = this.innerOf(path);
    if (this.text.at(++this.at) == 0x23) {
      query.isAll = true;
      this.at++;
    }
    const stop = this.text.at(this.at);
    if (stop >= 0 && stop != 0x2e && stop != 0x7c)
      this.fail("a query ends with text that is no path", this.at);
    return segment;
  }

  private modifier(): bool {
    const stage = new Stage(StageKind.Modifier);
    this.path.stages.push(stage);
    const end = this.nameEnd(this.at + 1);
    stage.modifier = modifierNamed(this.text.slice(this.at + 1, end));
    this.at = end;
    if (this.text.at(end) == 0x3a) {
      const start = ++this.at;
      const first = this.text.at(start);
      if (first == 0x7b || first == 0x5b || first == 0x22) this.at = this.balanced(start);
      else {
        for (; this.at < this.text.size && this.text.at(this.at) != 0x7c; this.at++) {
          const byte = this.text.at(this.at);
          if (isOpening(byte) || byte == 0x22) this.at = this.balanced(this.at) - 1;
        }
      }
      stage.text = this.text.slice(start, this.at);
    }
    return this.endOfStage();
  }

  private literal(): bool {
    const stage = new Stage(StageKind.Literal);
    this.path.stages.push(stage);
    const end = this.literalEnd(this.at);
    stage.text = this.text.slice(this.at + 1, end);
    this.at = end;
    return this.endOfStage();
  }

  /** Offset after the literal whose `!` is at `start`, or 0. */
  private literalEnd(start: i32): i32 {
    const at = start + 1;
    const first = this.text.at(at);
    if (first == 0x7b || first == 0x5b || first == 0x22 || first == 0x2d || <u32>(first - 0x30) < 10) {
      if (first == 0x7b || first == 0x5b || first == 0x22) return this.balanced(at);
      let end = at + 1;
      while (end < this.text.size && isNumberByte(this.text.at(end))) end++;
      return end;
    }
    let end = at;
    while (end < this.text.size && this.text.at(end) != 0x2e && this.text.at(end) != 0x7c) end++;
    const word = this.text.slice(at, end);
    return word.equalsAscii("true") || word.equalsAscii("false") || word.equalsAscii("null") ? end : 0;
  }

  private isMultipath(): bool {
    const end = this.multipathEnd(this.at);
    const stop = this.text.at(end);
    return end > 0 && (stop < 0 || stop == 0x2e || stop == 0x7c);
  }

  /** Offset after the bracket that closes the one at `start`, or 0. */
  private multipathEnd(start: i32): i32 {
    let depth = 0;
    for (let at = start; at < this.text.size; at++) {
      const byte = this.text.at(at);
      if (byte == 0x5c) at++;
      else if (byte == 0x22) at = this.quoteEnd(at);
      else if (isOpening(byte)) depth++;
      else if (isClosing(byte) && --depth == 0) return at + 1;
    }
    return 0;
  }

  private multipath(): bool {
    const stage = new Stage(StageKind.Multipath);
    this.path.stages.push(stage);
    stage.isObject = this.text.at(this.at) == 0x7b;
    const end = this.multipathEnd(this.at) - 1;
    let start = this.at + 1;
    let colon = -1;
    let depth = 0;
    let inModifier = false;
    for (let at = start; at <= end; at++) {
      const byte = this.text.at(at);
      const before = this.text.at(at - 1);
      if (at == end || (byte == 0x2c && depth == 0)) {
        this.member(stage, start, colon, at);
        start = at + 1;
        colon = -1;
        inModifier = false;
      } else if (byte == 0x5c) at++;
      else if (byte == 0x22) at = this.quoteEnd(at);
      else if (byte == 0x40 && (before == 0x2e || before == 0x7c)) inModifier = true;
      else if (byte == 0x3a && depth == 0 && !inModifier) colon = at;
      else if (isOpening(byte)) depth++;
      else if (isClosing(byte)) depth--;
    }
    this.at = end + 1;
    return this.endOfStage();
  }

  private member(stage: Stage, start: i32, colon: i32, end: i32): void {
    const name = colon < 0 ? Span.empty() : this.text.slice(start, colon);
    const from = colon < 0 ? start : colon + 1;
    stage.members.push(this.inner(from, end));
    let quoted: Span;
    if (name.at(0) == 0x22 && skipValue(name.start, name.end) == name.end) quoted = name;
    else if (!name.isEmpty) quoted = quote(name);
    else {
      const last = this.lastName(from, end);
      quoted = last.isEmpty ? Span.text('"_"') : quote(last);
    }
    stage.names.push(quoted);
  }

  /** The last component of a path where it is a plain name, else nothing. */
  private lastName(start: i32, end: i32): Span {
    let from = end;
    while (from > start && isPlain(this.text.at(from - 1))) from--;
    const before = from > start ? this.text.at(from - 1) : 0x2e;
    const escaped = from > start + 1 && this.text.at(from - 2) == 0x5c;
    return (before == 0x2e || before == 0x7c) && !escaped ? this.text.slice(from, end) : Span.empty();
  }

  /** True where a stage follows the one that ends here. */
  private endOfStage(): bool {
    const stop = this.text.at(this.at);
    if (stop >= 0 && stop != 0x2e && stop != 0x7c) this.fail("a dot or a pipe is expected", this.at);
    this.at++;
    return stop >= 0;
  }

  /** Whether what follows a dot is a stage of its own. */
  private startsStage(): bool {
    const first = this.text.at(this.at);
    return first == 0x5b || first == 0x7b || first == 0x21 || (first == 0x40 && this.isModifier(this.at));
  }

  private isModifier(at: i32): bool {
    return modifierNamed(this.text.slice(at + 1, this.nameEnd(at + 1))) >= 0;
  }

  private nameEnd(at: i32): i32 {
    for (; at < this.text.size; at++) {
      const byte = this.text.at(at);
      if (byte == 0x2e || byte == 0x7c || byte == 0x3a) break;
    }
    return at;
  }

  /** Offset after the string or the brackets that open at `start`, or the end. */
  private balanced(start: i32): i32 {
    if (this.text.at(start) == 0x22) return min(this.quoteEnd(start) + 1, this.text.size);
    const end = this.multipathEnd(start);
    return end > 0 ? end : this.text.size;
  }

  /** Offset of the quote that closes the one at `at`, or the end. */
  private quoteEnd(at: i32): i32 {
    const quote = stringEnd(this.text.start + <usize>at + 1, this.text.end);
    return quote != 0 ? <i32>(quote - this.text.start) : this.text.size;
  }

  private inner(start: i32, end: i32): GjsonPath {
    return this.innerOf(this.text.slice(start, end));
  }

  /** The path that a part of this one is; its error is this one's. */
  private innerOf(text: Span): GjsonPath {
    const base = this.base + (text.start != 0 ? <i32>(text.start - this.text.start) : 0);
    const path = new PathParser(text, base, this.depth + 1).parse();
    if (path.error.length > 0 && this.path.error.length == 0) {
      this.path.error = path.error;
      this.path.errorAt = path.errorAt;
    }
    return path;
  }

  private fail(error: string, at: i32): GjsonPath {
    if (this.path.error.length == 0) {
      this.path.error = error;
      this.path.errorAt = this.base + at;
    }
    return this.path;
  }
}

function quote(name: Span): Span {
  const out = new Buffer(name.size + 2);
  new JsonWriter(out, true).bytes(name);
  return out.span();
}

/** The bytes without spaces and control characters around them. */
export function trim(text: Span): Span {
  let from = 0;
  let to = text.size;
  while (from < to && text.at(from) <= 0x20) from++;
  while (to > from && text.at(to - 1) <= 0x20) to--;
  return text.slice(from, to);
}

function isOperator(byte: i32): bool {
  return byte == 0x21 || byte == 0x25 || (byte >= 0x3c && byte <= 0x3e);
}

function isOpening(byte: i32): bool {
  return byte == 0x28 || byte == 0x5b || byte == 0x7b;
}

function isClosing(byte: i32): bool {
  return byte == 0x29 || byte == 0x5d || byte == 0x7d;
}

function isNumberByte(byte: i32): bool {
  return <u32>(byte - 0x30) < 10 || byte == 0x2e || byte == 0x2b || byte == 0x2d || (byte | 0x20) == 0x65;
}

/** No control character, no bracket, quote or sign that paths give a meaning. */
function isPlain(byte: i32): bool {
  if (byte < 0x20) return false;
  const special = '[]{}().|"\\*?#@!,:';
  return byte >= 0x80 || special.indexOf(String.fromCharCode(byte)) < 0;
}
