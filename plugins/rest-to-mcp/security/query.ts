// The parameters of a query as application/x-www-form-urlencoded has them: read, replaced, and written sorted by
// name, as Go's url.Values does. https://url.spec.whatwg.org/#application/x-www-form-urlencoded

import { Buffer, percentDecode, percentEncode, Span } from "as-proxy-wasm-sdk/bytes";

export class Parameters {
  private names: string[] = [];
  private values: Span[] = [];
  /** Whether a value is written as it is. */
  private areEncoded: bool[] = [];

  /** Pairs that are broken, or hold a semicolon, are left out, as in Go. */
  static read(query: Span): Parameters {
    const parameters = new Parameters();
    for (let from = 0; from < query.size;) {
      let to = query.indexOf(0x26, from);
      if (to < 0) to = query.size;
      const pair = query.slice(from, to);
      from = to + 1;
      if (pair.isEmpty || pair.indexOf(0x3b) >= 0) continue;
      const equals = pair.indexOf(0x3d);
      const name = pair.slice(0, equals < 0 ? pair.size : equals);
      const value = equals < 0 ? Span.empty() : pair.slice(equals + 1);
      if (!hasWholeEscapes(name) || !hasWholeEscapes(value)) continue;
      parameters.add(decoded(name).toString(), decoded(value));
    }
    return parameters;
  }

  get isEmpty(): bool {
    return this.names.length == 0;
  }

  add(name: string, value: Span): void {
    this.put(name, value, false);
  }

  /** The value is percent-encoded but for what parts it. */
  addEncoded(name: string, value: Span): void {
    this.put(name, value, true);
  }

  private put(name: string, value: Span, isEncoded: bool): void {
    this.names.push(name);
    this.values.push(value);
    this.areEncoded.push(isEncoded);
  }

  /** The first value of this name, or null. */
  get(name: string): Span | null {
    const index = this.names.indexOf(name);
    return index < 0 ? null : this.values[index];
  }

  /** Replaces all values of this name. */
  set(name: string, value: Span): void {
    this.remove(name);
    this.add(name, value);
  }

  remove(name: string): void {
    for (let i = this.names.length - 1; i >= 0; i--) {
      if (this.names[i] != name) continue;
      this.names.splice(i, 1);
      this.values.splice(i, 1);
      this.areEncoded.splice(i, 1);
    }
  }

  /** Sorted by name; of one name in the order they came. */
  encode(): Span {
    const order: i32[] = [];
    for (let i = 0; i < this.names.length; i++) order.push(i);
    sortedNames = this.names;
    order.sort(byName);
    const out = new Buffer(128);
    for (let i = 0; i < order.length; i++) {
      if (i > 0) out.push(0x26);
      encodeForm(out, Span.text(this.names[order[i]]));
      out.push(0x3d);
      if (this.areEncoded[order[i]]) out.append(this.values[order[i]]);
      else encodeForm(out, this.values[order[i]]);
    }
    return out.span();
  }
}

/** What `byName` compares: functions hold nothing of their own. */
let sortedNames: string[] = [];

function byName(left: i32, right: i32): i32 {
  const a = sortedNames[left];
  const b = sortedNames[right];
  return a == b ? left - right : a < b ? -1 : 1;
}

function encodeForm(out: Buffer, text: Span): void {
  for (let from = 0; from <= text.size;) {
    const space = text.indexOf(0x20, from);
    const to = space < 0 ? text.size : space;
    percentEncode(out, text.slice(from, to));
    if (space >= 0) out.push(0x2b);
    from = to + 1;
  }
}

function decoded(text: Span): Span {
  const plus = text.indexOf(0x2b);
  if (plus < 0) return percentDecode(text);
  const spaced = new Buffer(text.size);
  for (let i = 0; i < text.size; i++) spaced.push(text.at(i) == 0x2b ? 0x20 : text.at(i));
  return percentDecode(spaced.span());
}

/** False where a `%` stands without two digits. */
export function hasWholeEscapes(text: Span): bool {
  for (let at = text.indexOf(0x25); at >= 0; at = text.indexOf(0x25, at + 1)) {
    if (!isHex(text.at(at + 1)) || !isHex(text.at(at + 2))) return false;
  }
  return true;
}

function isHex(byte: i32): bool {
  return <u32>(byte - 0x30) < 10 || <u32>((byte | 0x20) - 0x61) < 6;
}
