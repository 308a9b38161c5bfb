// A header or trailer map of the stream. Names are lower case. Values the plugin writes go through one guard:
// Envoy checks request headers only, and lets CR LF in a response header out on the wire as it is.

import * as host from "../abi/messages";
import { isSameName, PairIndex } from "../abi/pairs";
import { MapKind, Status } from "../abi/codes";
import { Buffer } from "../bytes/buffer";
import { Span } from "../bytes/span";
import { log } from "./log";

/** RFC 9110 token characters, one bit each: 0x00-0x3f and 0x40-0x7f. */
const TOKENS_LOW: u64 = 0x03ff6cfa00000000;
const TOKENS_HIGH: u64 = 0x57ffffffc7fffffe;

/** A token, with `:` in front for pseudo headers. */
function isName(name: Span): bool {
  const first = name.at(0) == 0x3a ? 1 : 0;
  if (first == name.size) return false;
  for (let i = first; i < name.size; i++) {
    const byte = <i32>load<u8>(name.start + <usize>i);
    const tokens = byte < 0x40 ? TOKENS_LOW : TOKENS_HIGH;
    if (byte > 0x7f || ((tokens >> (<u64>(byte & 0x3f))) & 1) == 0) return false;
  }
  return true;
}

/** RFC 9110 field values: no control byte but TAB. */
function isValue(value: Span): bool {
  for (let i = 0; i < value.size; i++) {
    const c = <i32>load<u8>(value.start + <usize>i);
    if ((c < 0x20 && c != 0x09) || c == 0x7f) return false;
  }
  return true;
}

/** Bodies that are not text, or not readable as they are, are left alone (compat: "binary body"). */
export function isReadableBody(head: Head): bool {
  const type = head.bytes("content-type");
  if (type !== null && (type.indexOfAscii("octet-stream") >= 0 || type.indexOfAscii("grpc") >= 0))
    return false;
  const encoding = head.bytes("content-encoding");
  return encoding === null || encoding.isEmpty;
}

export function isSafeHeader(name: Span, value: Span): bool {
  return isName(name) && isValue(value);
}

export class Head {
  /** The map as it was when `remember` was called; empty: the host is asked for every name. */
  private known: PairIndex = new PairIndex();
  /** Names that have been written since. */
  private written: string[] = [];

  constructor(private map: MapKind) {}

  /**
   * Reads the whole map with one call of the host: a plugin asks for a dozen names, most of which are not there.
   * Good until `forget`, which comes before the host can change the map.
   */
  remember(): void {
    this.known.read(host.headerPairs(this.map));
  }

  forget(): void {
    if (this.known.isEmpty) return;
    this.known.clear();
    if (this.written.length > 0) this.written = [];
  }

  private isKnown(name: string): bool {
    if (this.known.isEmpty) return false;
    for (let i = 0; i < this.written.length; i++) if (isSameName(this.written[i], name)) return false;
    return true;
  }

  private changed(name: string): void {
    if (this.isKnown(name)) this.written.push(name);
  }

  /** First value, "" when absent; invalid UTF-8 shows as U+FFFD. */
  get(name: string): string {
    const value = this.bytes(name);
    return value === null ? "" : value.toString();
  }

  /** First value byte for byte, null when absent. */
  bytes(name: string): Span | null {
    return this.isKnown(name) ? this.known.value(name) : host.headerValue(this.map, name);
  }

  has(name: string): bool {
    return this.bytes(name) !== null;
  }

  /** False when the host does not offer this map in this phase. */
  get isReadable(): bool {
    host.headerValue(this.map, ":");
    return host.headerStatus() != Status.BadArgument;
  }

  /** Replaces every value of `name`. False, with a warning, when name or value could break the message. */
  set(name: string, value: string): bool {
    return this.setBytes(name, Span.text(value));
  }

  setBytes(name: string, value: Span): bool {
    const nameBytes = Span.text(name);
    if (!this.admits(nameBytes, value)) return false;
    this.changed(name);
    return host.replaceHeader(this.map, nameBytes, value) == Status.Ok;
  }

  /** Appends a value beside those there are. False as with `set`. */
  add(name: string, value: string): bool {
    return this.addBytes(name, Span.text(value));
  }

  addBytes(name: string, value: Span): bool {
    const nameBytes = Span.text(name);
    if (!this.admits(nameBytes, value)) return false;
    this.changed(name);
    return host.addHeader(this.map, nameBytes, value) == Status.Ok;
  }

  remove(name: string): void {
    if (this.isKnown(name) && this.known.value(name) === null) return;
    this.changed(name);
    host.removeHeader(this.map, name);
  }

  /** All pairs in order. */
  pairs(): HeaderPairs {
    return new HeaderPairs(host.headerPairs(this.map));
  }

  protected admits(name: Span, value: Span): bool {
    if (isSafeHeader(name, value)) return true;
    log.warn(
      `header ${isName(name) ? name.toString() : "with an invalid name"} not set: control byte or invalid name`,
    );
    return false;
  }

  get path(): string {
    return this.get(":path");
  }
  get method(): string {
    return this.get(":method");
  }
  get authority(): string {
    return this.get(":authority");
  }
  get status(): i32 {
    const status = this.bytes(":status");
    if (status === null) return 0;
    let value = 0;
    for (let i = 0; i < status.size && i < 3; i++) {
      const digit = status.at(i) - 0x30;
      if (digit < 0 || digit > 9) return 0;
      value = value * 10 + digit;
    }
    return value;
  }
  get contentType(): string {
    return this.get("content-type");
  }
}

/** Walks the host's serialized map: u32 count, sizes, then key NUL value NUL. A malformed map reads as empty. */
export class HeaderPairs {
  name: Span = Span.empty();
  value: Span = Span.empty();
  private index: i32 = 0;
  private position: i32;
  private count: i32;

  constructor(private bytes: Span) {
    this.count = bytes.size >= 4 ? this.number(0) : 0;
    if (this.count < 0 || this.count > (bytes.size - 4) / 8) this.count = 0;
    this.position = 4 + this.count * 8;
  }

  next(): bool {
    if (this.index >= this.count) return false;
    const nameSize = this.number(4 + this.index * 8);
    const valueSize = this.number(8 + this.index * 8);
    if (nameSize < 0 || valueSize < 0) return false;
    this.name = this.bytes.slice(this.position, this.position + nameSize);
    this.position += nameSize + 1;
    this.value = this.bytes.slice(this.position, this.position + valueSize);
    this.position += valueSize + 1;
    this.index++;
    return true;
  }

  private number(offset: i32): i32 {
    return (
      this.bytes.at(offset) |
      (this.bytes.at(offset + 1) << 8) |
      (this.bytes.at(offset + 2) << 16) |
      (this.bytes.at(offset + 3) << 24)
    );
  }
}

/** Headers to send: of a call, or of a local reply. The same guard as `Head`. */
export class HeaderList {
  private names: Span[] = [];
  private values: Span[] = [];

  add(name: string, value: string): HeaderList {
    return this.addBytes(name, Span.text(value));
  }

  addBytes(name: string, value: Span): HeaderList {
    const nameBytes = Span.text(name);
    if (isSafeHeader(nameBytes, value)) {
      this.names.push(nameBytes);
      this.values.push(value);
    } else {
      log.warn("header not sent: control byte or invalid name");
    }
    return this;
  }

  addAll(other: HeaderList): HeaderList {
    for (let i = 0; i < other.names.length; i++) {
      this.names.push(other.names[i]);
      this.values.push(other.values[i]);
    }
    return this;
  }

  /** Replaces the headers of these names. */
  writeTo(head: Head): void {
    for (let i = 0; i < this.names.length; i++) head.setBytes(this.names[i].toString(), this.values[i]);
  }

  /** The host's serialized form. */
  serialize(): Span {
    const count = this.names.length;
    if (count == 0) return Span.empty();
    const out = new Buffer(256);
    number(out, count);
    for (let i = 0; i < count; i++) {
      number(out, this.names[i].size);
      number(out, this.values[i].size);
    }
    for (let i = 0; i < count; i++) {
      out.append(this.names[i]);
      out.push(0);
      out.append(this.values[i]);
      out.push(0);
    }
    return out.take();
  }
}

function number(out: Buffer, value: i32): void {
  out.push(value & 0xff);
  out.push((value >> 8) & 0xff);
  out.push((value >> 16) & 0xff);
  out.push((value >> 24) & 0xff);
}
