// Iterators over one object or array: `while (it.next()) { it.key; it.value }`.

import { Buffer, Span, decodeLossy } from "../bytes";
import { Cursor } from "./cursor";
import { JsonError } from "./error";
import { Scan } from "./scan";
import { checkKey, compareKey, unescapeInto } from "./string";
import { Json } from "./view";

/** The members of an object in document order, duplicates included. */
export class JsonMembers {
  /** Why the iteration stopped early, or `None`. */
  error: JsonError = JsonError.None;

  private cursor: Cursor = new Cursor();
  private held: Json | null = null;

  /** For `Json.members`; `start` 0 gives an iterator without members. */
  constructor(
    private source: Span,
    start: usize,
  ) {
    if (start != 0) this.cursor.open(start, source.end);
  }

  /** Moves to the next member. False at the end, and at an error, which `error` tells. */
  next(): bool {
    const cursor = this.cursor;
    const held = this.held;
    if (held) cursor.valueEnd = held.knownEnd;
    this.held = null;
    const found = cursor.nextMember();
    if (found && !checkKey(cursor.keyStart, cursor.keyEnd)) cursor.stop(Scan.error, Scan.errorAt);
    this.error = cursor.error;
    return found && cursor.error == JsonError.None;
  }

  /** The member's name. */
  get key(): string {
    return decodeLossy(this.keyBytes());
  }

  /** The member's name as UTF-8. */
  keyBytes(): Span {
    const cursor = this.cursor;
    if (cursor.valueStart == 0) return Span.empty();
    const content = new Span(this.source.owner, cursor.keyStart, <i32>(cursor.keyEnd - cursor.keyStart));
    if (!cursor.keyEscaped) return content;
    const name = new Buffer(content.size);
    unescapeInto(name, content);
    return name.span();
  }

  /** Whether the member has this name, given as UTF-8. */
  keyIs(name: Span): bool {
    const cursor = this.cursor;
    if (cursor.valueStart == 0) return false;
    return compareKey(cursor.keyStart, cursor.keyEnd, cursor.keyEscaped, name.start, <usize>name.size) > 0;
  }

  /** The member's value; missing before the first `next` and after the last. */
  get value(): Json {
    let held = this.held;
    if (!held) this.held = held = valueAt(this.source, this.cursor);
    return held;
  }
}

/** The items of an array in order. */
export class JsonItems {
  /** Why the iteration stopped early, or `None`. */
  error: JsonError = JsonError.None;
  /** Index of the present item, -1 before the first. */
  index: i32 = -1;

  private cursor: Cursor = new Cursor();
  private held: Json | null = null;
  private single: Json | null = null;

  /** For `Json.items`; `start` 0 gives an iterator without items. */
  constructor(
    private source: Span,
    start: usize,
  ) {
    if (start != 0) this.cursor.open(start, source.end);
  }

  /** An iterator over this one value. */
  static one(source: Span, value: Json): JsonItems {
    const items = new JsonItems(source, 0);
    items.single = value;
    return items;
  }

  /** Moves to the next item. False at the end, and at an error, which `error` tells. */
  next(): bool {
    const cursor = this.cursor;
    const held = this.held;
    if (held) cursor.valueEnd = held.knownEnd;
    this.held = this.single;
    this.single = null;
    if (!this.held && !cursor.nextItem()) {
      this.error = cursor.error;
      return false;
    }
    this.index++;
    return true;
  }

  /** The present item; missing before the first `next` and after the last. */
  get value(): Json {
    let held = this.held;
    if (!held) this.held = held = valueAt(this.source, this.cursor);
    return held;
  }
}

function valueAt(source: Span, cursor: Cursor): Json {
  if (cursor.valueStart != 0) return Json.from(source, cursor.valueStart);
  return Json.broken(source, cursor.error, cursor.errorAt);
}
