// Reads one Redis reply (RESP2, and RESP3's null). A reply that is cut off or malformed reads as `Broken`.

import { Buffer } from "../bytes/buffer";
import { Integer, readInteger, writeInteger } from "../bytes/integer";
import { Span } from "../bytes/span";

export enum RespKind {
  Broken,
  Text,
  Error,
  Integer,
  Bulk,
  Null,
  List,
}

/** Redis nests replies two or three deep; a deeper one is not an answer to anything we ask. */
const MAX_DEPTH = 8;
const MAX_ITEMS = 1 << 20;

/** Shared by all values that have none. */
const noItems: RespValue[] = [];
const nothing = Span.empty();

export class RespValue {
  kind: RespKind = RespKind.Broken;
  /** Of a text, an error or a bulk string; borrowed from the reply. */
  bytes: Span = nothing;
  integer: i64 = 0;
  items: RespValue[] = noItems;

  get isError(): bool {
    return this.kind == RespKind.Error || this.kind == RespKind.Broken;
  }

  get isNull(): bool {
    return this.kind == RespKind.Null;
  }

  /** Integers as they are, decimal text parsed, anything else 0. */
  toInteger(): i64 {
    if (this.kind == RespKind.Integer) return this.integer;
    const parsed = readInteger(this.bytes);
    return parsed.failed ? 0 : parsed.value;
  }

  /** Integers in decimal, a list as `[a b …]` like the Go SDK, anything else its text. */
  toString(): string {
    if (this.kind == RespKind.Integer) return this.integer.toString();
    if (this.kind != RespKind.List) return this.bytes.toString();
    const out = new Buffer(256);
    this.appendTo(out);
    return out.span().toString();
  }

  /** Nested as deep as the reader goes, no deeper. */
  private appendTo(out: Buffer): void {
    if (this.kind == RespKind.Integer) {
      writeInteger(out, this.integer);
    } else if (this.kind == RespKind.List) {
      out.push(0x5b);
      for (let i = 0; i < this.items.length; i++) {
        if (i > 0) out.push(0x20);
        this.items[i].appendTo(out);
      }
      out.push(0x5d);
    } else {
      out.append(this.bytes);
    }
  }

  /** The item at `index`; a broken value outside the list. */
  at(index: i32): RespValue {
    return index >= 0 && index < this.items.length ? this.items[index] : new RespValue();
  }
}

class Reader {
  private position: i32 = 0;
  constructor(private bytes: Span) {}

  value(depth: i32): RespValue {
    const result = new RespValue();
    const type = this.bytes.at(this.position);
    const lineEnd = this.bytes.indexOf(0x0d, this.position);
    if (type < 0 || lineEnd < 0 || this.bytes.at(lineEnd + 1) != 0x0a) return result;
    const line = this.bytes.slice(this.position + 1, lineEnd);
    this.position = lineEnd + 2;
    if (type == 0x2b /* + */ || type == 0x2d /* - */) {
      result.kind = type == 0x2b ? RespKind.Text : RespKind.Error;
      result.bytes = line;
      return result;
    }
    if (type == 0x5f /* _ */) {
      if (line.isEmpty) result.kind = RespKind.Null;
      return result;
    }
    const number: Integer = readInteger(line);
    if (number.failed) return result;
    if (type == 0x3a /* : */) {
      result.kind = RespKind.Integer;
      result.integer = number.value;
    } else if (type == 0x24 /* $ */) {
      this.bulk(result, number.value);
    } else if (type == 0x2a /* * */) {
      this.list(result, number.value, depth);
    }
    return result;
  }

  private bulk(result: RespValue, size: i64): void {
    if (size < 0) {
      if (size == -1) result.kind = RespKind.Null;
      return;
    }
    if (size > <i64>(this.bytes.size - this.position)) return;
    const end = this.position + <i32>size;
    if (this.bytes.at(end) != 0x0d || this.bytes.at(end + 1) != 0x0a) return;
    result.kind = RespKind.Bulk;
    result.bytes = this.bytes.slice(this.position, end);
    this.position = end + 2;
  }

  private list(result: RespValue, count: i64, depth: i32): void {
    if (count < 0) {
      if (count == -1) result.kind = RespKind.Null;
      return;
    }
    if (depth >= MAX_DEPTH || count > MAX_ITEMS) return;
    result.items = [];
    for (let i: i64 = 0; i < count; i++) {
      const item = this.value(depth + 1);
      if (item.kind == RespKind.Broken) return;
      result.items.push(item);
    }
    result.kind = RespKind.List;
  }
}

export function readResp(bytes: Span): RespValue {
  return new Reader(bytes).value(0);
}
