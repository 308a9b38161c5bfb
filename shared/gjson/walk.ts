// Following a chain of segments into a value. Where a pattern, or a name that is there twice, leads nowhere, the
// next member is tried, as gjson does.

import { Buffer, Span, writeInteger } from "../bytes";
import { Cursor } from "../json/cursor";
import { compareKey, unescapeInto } from "../json/string";
import { Budget } from "./budget";
import { globMatches } from "./glob";
import { GjsonPath, Segment, SegmentKind } from "./path";
import { Query } from "./query";

export class Walk {
  found: Span = Span.empty();
  /** Whether the last segment was looked for in any value. */
  isReached: bool = false;

  constructor(
    private json: Span,
    private budget: Budget,
  ) {}

  /** Follows the segments from the first bracket of the text, which need not be JSON before it. */
  start(segments: Segment[]): void {
    const json = this.json;
    if (json.at(0) == 0x22) return;
    for (let i = 0; i < json.size; i++) {
      const byte = json.at(i);
      if (byte != 0x7b && byte != 0x5b) continue;
      this.budget.spend(<i64>i);
      this.descend(segments, 0, json.start + <usize>i);
      return;
    }
  }

  /** Follows the segments from `index` on in the value at `at`; true when that leads to a value. */
  private descend(segments: Segment[], index: i32, at: usize): bool {
    const bracket = load<u8>(at);
    if (bracket != 0x7b && bracket != 0x5b) return false;
    const segment = segments[index];
    const isLast = index == segments.length - 1;
    if (isLast) this.isReached = true;
    const cursor = new Cursor();
    cursor.open(at, this.json.end);
    if (bracket == 0x5b && segment.kind > SegmentKind.Pattern) return this.items(segment, cursor);
    for (let i = 0; bracket == 0x7b ? cursor.nextMember() : cursor.nextItem(); i++) {
      const isWanted = bracket == 0x7b ? this.isNamed(segment, cursor) : i == segment.index;
      if (isWanted) {
        if (isLast) {
          this.found = this.valueOf(cursor);
          return !this.found.isEmpty;
        }
        if (this.descend(segments, index + 1, cursor.valueStart)) return true;
        // There is no other item of this number.
        if (bracket == 0x5b) return false;
      }
      if (this.valueOf(cursor).isEmpty) return false;
    }
    return false;
  }

  private isNamed(segment: Segment, cursor: Cursor): bool {
    const name = segment.name;
    if (segment.kind == SegmentKind.Pattern) {
      let key = new Span(this.json.owner, cursor.keyStart, <i32>(cursor.keyEnd - cursor.keyStart));
      if (cursor.keyEscaped) {
        const plain = new Buffer(key.size);
        unescapeInto(plain, key);
        key = plain.span();
      }
      return globMatches(key, name, this.budget);
    }
    if (segment.kind != SegmentKind.Key) return false;
    return compareKey(cursor.keyStart, cursor.keyEnd, cursor.keyEscaped, name.start, <usize>name.size) > 0;
  }

  private items(segment: Segment, cursor: Cursor): bool {
    if (segment.kind == SegmentKind.Length) return this.count(cursor);
    const rest = segment.rest;
    const query = segment.query;
    const isFirst = query !== null && !query.isAll;
    const out = new Buffer(64);
    out.push(0x5b);
    while (cursor.nextItem() && out.size <= this.budget.maxBytes) {
      const item = this.valueOf(cursor);
      if (item.isEmpty) break;
      if (query !== null && !this.isChosen(query, item)) continue;
      const part = this.partOf(item, rest);
      if (isFirst) {
        this.found = part;
        return true;
      }
      if (part.isEmpty) continue;
      if (out.size > 1) out.push(0x2c);
      this.budget.spend(<i64>part.size);
      out.append(part);
    }
    if (isFirst || this.budget.isExhausted) return false;
    out.push(0x5d);
    this.found = out.span();
    return true;
  }

  private isChosen(query: Query, item: Span): bool {
    return query.matches(item, this.budget);
  }

  private partOf(item: Span, rest: GjsonPath | null): Span {
    return rest === null ? item : rest.select(item, this.budget);
  }

  private count(cursor: Cursor): bool {
    let count: i64 = 0;
    while (cursor.nextItem()) {
      if (this.valueOf(cursor).isEmpty) break;
      count++;
    }
    const out = new Buffer(20);
    writeInteger(out, count);
    this.found = out.span();
    return true;
  }

  /** The cursor's value, counted as steps; empty where it is broken or the budget is exhausted. */
  private valueOf(cursor: Cursor): Span {
    const start = cursor.valueStart;
    const end = cursor.endOfValue();
    if (end == 0) return Span.empty();
    const size = <i32>(end - start);
    if (!this.budget.spend(<i64>size + 8)) return Span.empty();
    return new Span(this.json.owner, start, size);
  }
}
