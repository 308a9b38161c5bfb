// Writing a document straight into a buffer:
// `new JsonWriter(out).object().key("a").text("b").key("c").raw(span).end()`. Commas are set by the writer.

import { Buffer, Span, writeInteger } from "../bytes";
import { JsonError } from "./error";
import { escapeHtmlInto, escapeInto } from "./escape";
import { MAX_DEPTH } from "./skim";

/** Where the buffer is full, pieces are missing: `out.overflowed` tells. */
export class JsonWriter {
  /** `Depth` once a container stood more than 128 levels deep: `null` was written in its place. */
  error: JsonError = JsonError.None;

  // One bit for each open container, the innermost lowest: 1 for an object.
  private outer: u64 = 0;
  private inner: u64 = 0;
  private depth: i32 = 0;
  /** Containers open inside the one that was replaced by `null`; nothing is written while there are any. */
  private dropped: i32 = 0;
  private needsComma: bool = false;

  /** `html` escapes `<`, `>`, `&`, U+2028 and U+2029 in names and text as Go's `encoding/json` does. */
  constructor(
    private out: Buffer,
    private html: bool = false,
  ) {}

  /** Opens an object; `end` closes it. */
  object(): JsonWriter {
    return this.open(1);
  }

  /** Opens an array; `end` closes it. */
  array(): JsonWriter {
    return this.open(0);
  }

  /** Closes the innermost object or array; nothing happens where none is open. */
  end(): JsonWriter {
    if (this.dropped > 0) {
      this.dropped--;
    } else if (this.depth > 0) {
      this.out.push(this.inner & 1 ? 0x7d : 0x5d);
      this.inner = (this.inner >> 1) | (this.outer << 63);
      this.outer >>= 1;
      this.depth--;
      this.needsComma = true;
    }
    return this;
  }

  /** The name of the next member. */
  key(name: string): JsonWriter {
    if (this.begin()) {
      if (!this.quotedPlain(name)) this.quoted(Span.text(name));
      this.colon();
    }
    return this;
  }

  /** The name of the next member, as UTF-8. */
  keyBytes(name: Span): JsonWriter {
    if (this.begin()) {
      this.quoted(name);
      this.colon();
    }
    return this;
  }

  /** A string value. */
  text(value: string): JsonWriter {
    if (this.begin() && !this.quotedPlain(value)) this.quoted(Span.text(value));
    return this;
  }

  /** A string value, given as UTF-8; invalid sequences become U+FFFD. */
  bytes(text: Span): JsonWriter {
    if (this.begin()) this.quoted(text);
    return this;
  }

  /** A string value whose content is escaped already, as `Json.escaped` gives it. */
  escaped(content: Span): JsonWriter {
    if (this.begin()) {
      this.out.push(0x22);
      this.out.append(content);
      this.out.push(0x22);
    }
    return this;
  }

  /** A value as it stands, as `Json.raw` gives it; nothing gives `null`. */
  raw(value: Span): JsonWriter {
    if (value.isEmpty) return this.null_();
    if (this.begin()) this.out.append(value);
    return this;
  }

  integer(value: i64): JsonWriter {
    if (this.begin()) writeInteger(this.out, value);
    return this;
  }

  /** `null` for what JSON cannot say: infinities and NaN. */
  number(value: f64): JsonWriter {
    if (!isFinite(value)) return this.null_();
    if (this.begin()) {
      const text = value.toString();
      this.out.text(text.endsWith(".0") ? text.substring(0, text.length - 2) : text);
    }
    return this;
  }

  bool(value: bool): JsonWriter {
    return this.literal(value ? "true" : "false");
  }

  null_(): JsonWriter {
    return this.literal("null");
  }

  private literal(text: string): JsonWriter {
    if (this.begin()) this.out.text(text);
    return this;
  }

  private open(isObject: u64): JsonWriter {
    if (this.dropped > 0 || this.depth == MAX_DEPTH) {
      if (this.dropped == 0) {
        this.null_();
        this.error = JsonError.Depth;
      }
      this.dropped++;
    } else if (this.begin()) {
      this.out.push(isObject ? 0x7b : 0x5b);
      this.outer = (this.outer << 1) | (this.inner >> 63);
      this.inner = (this.inner << 1) | isObject;
      this.depth++;
      this.needsComma = false;
    }
    return this;
  }

  /** Sets the comma before a name or value; false where nothing is to be written. */
  private begin(): bool {
    if (this.dropped > 0) return false;
    if (this.needsComma && this.depth > 0) this.out.push(0x2c);
    this.needsComma = true;
    return true;
  }

  private colon(): void {
    this.out.push(0x3a);
    this.needsComma = false;
  }

  private quoted(text: Span): void {
    this.out.push(0x22);
    if (this.html) escapeHtmlInto(this.out, text);
    else escapeInto(this.out, text);
    this.out.push(0x22);
  }

  /** Writes a string that needs no escape, as most names do, without a copy of it; false for another. */
  private quotedPlain(text: string): bool {
    const length = text.length;
    const room = this.out.reserve(length + 2);
    if (room == 0) return false;
    let to = room;
    store<u8>(to++, 0x22);
    let at = changetype<usize>(text);
    for (const end = at + ((<usize>length) << 1); at < end; at += 2) {
      const unit = load<u16>(at);
      // ASCII but the quote, the backslash, control characters and what HTML escapes.
      if (unit < 0x20 || unit > 0x7e || unit == 0x22 || unit == 0x5c || unit == 0x26 || (unit | 2) == 0x3e)
        return false;
      store<u8>(to++, unit);
    }
    store<u8>(to, 0x22);
    this.out.wrote(length + 2);
    return true;
  }
}
