// A header or trailer map of the stream. Names are lower case. Values the plugin writes go through one guard:
// Envoy checks request headers only, and lets CR LF in a response header out on the wire as it is.

import * as host from "../abi/messages";
import { MapKind, Status } from "../abi/codes";
import { HeaderName, headerName } from "../abi/names";
import { PairIndex } from "../abi/pairs";
import { utf8, writtenSize } from "../abi/text";
import { Buffer } from "../bytes/buffer";
import { Span } from "../bytes/span";
import { log } from "./log";

/** RFC 9110 field values: no control byte but TAB. */
function isValue(start: usize, size: i32): bool {
  const end = start + <usize>size;
  let at = start;
  if (ASC_FEATURE_SIMD) {
    for (; at + 16 <= end; at += 16) {
      const block = v128.load(at);
      const controls = v128.and(i8x16.lt_u(block, i8x16.splat(0x20)), i8x16.ne(block, i8x16.splat(0x09)));
      if (v128.any_true(v128.or(controls, i8x16.eq(block, i8x16.splat(0x7f))))) return false;
    }
  }
  for (; at < end; at++) {
    const byte = load<u8>(at);
    if ((byte < 0x20 && byte != 0x09) || byte == 0x7f) return false;
  }
  return true;
}

const JSON_TYPE = "application/json";

/** Bodies that are not text, or not readable as they are, are left alone (compat: "binary body"). */
export function isReadableBody(head: Head): bool {
  const type = head.bytes("content-type");
  if (type !== null && !type.equalsAscii(JSON_TYPE)) {
    if (type.indexOfAscii("octet-stream") >= 0 || type.indexOfAscii("grpc") >= 0) return false;
  }
  const encoding = head.bytes("content-encoding");
  return encoding === null || encoding.isEmpty;
}

export class Head {
  /** The map as it was when `remember` was called; empty: the host is asked for every name. */
  private known: PairIndex = new PairIndex();
  /** Bit n: a name with the place n has been written since; in the other half one with 64 + n. */
  private writtenLow: u64 = 0;
  private writtenHigh: u64 = 0;
  /** Names whose removal the host has not been told of: most of them get a new value, which removes the old ones. */
  private removed: HeaderName[] = [];

  constructor(private map: MapKind) {}

  /**
   * Reads the whole map with one call of the host: a plugin asks for a dozen names, most of which are not there.
   * Good until `forget`, which comes before the host can change the map.
   */
  remember(): void {
    this.known.read(host.headerPairs(this.map));
    this.writtenLow = 0;
    this.writtenHigh = 0;
  }

  forget(): void {
    this.finishRemovals();
    this.known.clear();
  }

  private isKnown(name: HeaderName): bool {
    if (this.known.isEmpty) return false;
    const written = name.place & 0x40 ? this.writtenHigh : this.writtenLow;
    return ((written >> (<u64>(name.place & 0x3f))) & 1) == 0;
  }

  private changed(name: HeaderName): void {
    const one: u64 = 1;
    const place = <u64>(name.place & 0x3f);
    if (name.place & 0x40) this.writtenHigh |= one << place;
    else this.writtenLow |= one << place;
  }

  /** True, and no more, when the removal of `name` was put off. */
  private takeRemoval(name: HeaderName): bool {
    const removed = this.removed;
    for (let i = 0; i < removed.length; i++) {
      if (!removed[i].equals(name)) continue;
      removed[i] = removed[removed.length - 1];
      removed.pop();
      return true;
    }
    return false;
  }

  private finishRemovals(): void {
    const removed = this.removed;
    if (removed.length == 0) return;
    for (let i = 0; i < removed.length; i++) host.removeHeader(this.map, removed[i]);
    removed.length = 0;
  }

  /** First value, "" when absent; invalid UTF-8 shows as U+FFFD. */
  get(name: string): string {
    const value = this.bytes(name);
    return value === null ? "" : value.toString();
  }

  /** First value byte for byte, null when absent. */
  bytes(name: string): Span | null {
    const key = headerName(name);
    if (this.isKnown(key)) {
      const index = this.known.indexOf(key);
      return index < 0 ? null : this.known.value(index);
    }
    this.finishRemovals();
    return host.headerValue(this.map, key);
  }

  has(name: string): bool {
    const key = headerName(name);
    return this.isKnown(key) ? this.known.indexOf(key) >= 0 : this.bytes(name) !== null;
  }

  /** False when the host does not offer this map in this phase. */
  get isReadable(): bool {
    host.headerValue(this.map, headerName(":"));
    return host.headerStatus() != Status.BadArgument;
  }

  /** Replaces every value of `name`. False, with a warning, when name or value could break the message. */
  set(name: string, value: string): bool {
    const start = utf8(value);
    return this.put(headerName(name), start, writtenSize());
  }

  setBytes(name: string, value: Span): bool {
    return this.put(headerName(name), value.start, value.size);
  }

  private put(name: HeaderName, value: usize, size: i32): bool {
    if (!this.admits(name, value, size)) return false;
    this.takeRemoval(name);
    this.changed(name);
    return host.replaceHeader(this.map, name, value, size) == Status.Ok;
  }

  /** Appends a value beside those there are. False as with `set`. */
  add(name: string, value: string): bool {
    return this.addBytes(name, Span.text(value));
  }

  addBytes(name: string, value: Span): bool {
    const key = headerName(name);
    if (!this.admits(key, value.start, value.size)) return false;
    if (this.takeRemoval(key)) return host.replaceHeader(this.map, key, value.start, value.size) == Status.Ok;
    this.changed(key);
    return host.addHeader(this.map, key, value.start, value.size) == Status.Ok;
  }

  remove(name: string): void {
    const key = headerName(name);
    if (!this.isKnown(key)) {
      // Where its removal was put off there may be no other value: nothing is added before that is made up for.
      host.removeHeader(this.map, key);
    } else if (this.known.indexOf(key) >= 0) {
      this.changed(key);
      this.removed.push(key);
    }
  }

  /** All pairs in order. */
  pairs(): HeaderPairs {
    this.finishRemovals();
    return new HeaderPairs(host.headerPairs(this.map));
  }

  protected admits(name: HeaderName, value: usize, size: i32): bool {
    if (name.isValid && isValue(value, size)) return true;
    const shown = name.isValid ? name.text : "with an invalid name";
    log.warn(`header ${shown} not set: control byte or invalid name`);
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
    const key = headerName(name);
    if (key.isValid && isValue(value.start, value.size)) {
      this.names.push(Span.text(name));
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
