// Reads one Redis reply (RESP2, and RESP3's null). A reply that is cut off or malformed reads as `Broken`.

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

export class RespValue {
  kind: RespKind = RespKind.Broken;
  bytes: Span = Span.empty();
  integer: i64 = 0;
  items: RespValue[] = [];

  get isError(): bool {
    return this.kind == RespKind.Error || this.kind == RespKind.Broken;
  }

  get isNull(): bool {
    return this.kind == RespKind.Null;
  }

  /** Integers as they are, decimal text parsed, anything else 0. */
  toInteger(): i64 {
    if (this.kind == RespKind.Integer) return this.integer;
    const parsed = decimal(this.bytes);
    return parsed.valid ? parsed.value : 0;
  }

  toString(): string {
    if (this.kind == RespKind.Integer) return this.integer.toString();
    return this.bytes.toString();
  }

  /** The item at `index`; a broken value outside the list. */
  at(index: i32): RespValue {
    return index >= 0 && index < this.items.length ? this.items[index] : new RespValue();
  }
}

class Decimal {
  constructor(
    public valid: bool,
    public value: i64,
  ) {}
}

function decimal(text: Span): Decimal {
  const negative = text.at(0) == 0x2d;
  const first = negative ? 1 : 0;
  if (text.size == first || text.size > 19 + first) return new Decimal(false, 0);
  let value: i64 = 0;
  for (let i = first; i < text.size; i++) {
    const digit = text.at(i) - 0x30;
    if (digit < 0 || digit > 9) return new Decimal(false, 0);
    value = value * 10 + digit;
  }
  return new Decimal(true, negative ? -value : value);
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
      result.kind = RespKind.Null;
      return result;
    }
    const number = decimal(line);
    if (!number.valid) return result;
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
      result.kind = RespKind.Null;
      return;
    }
    const end = <i64>this.position + size;
    if (end + 2 > <i64>this.bytes.size) return;
    result.kind = RespKind.Bulk;
    result.bytes = this.bytes.slice(this.position, <i32>end);
    this.position = <i32>end + 2;
  }

  private list(result: RespValue, count: i64, depth: i32): void {
    if (count < 0) {
      result.kind = RespKind.Null;
      return;
    }
    if (depth >= MAX_DEPTH || count > MAX_ITEMS) return;
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
