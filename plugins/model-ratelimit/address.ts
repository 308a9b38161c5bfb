// IP addresses and the networks they are in, as Go's `net` package reads and writes them.

import { Buffer, readUnsigned, Span, writeInteger } from "as-proxy-wasm-sdk/bytes";

const BYTES = 16;
/** An IPv4 address is kept as `::ffff:a.b.c.d`. */
const MAPPED_BYTES = 12;
const DOT = 0x2e;
const COLON = 0x3a;

export class Address {
  private bytes: StaticArray<u8> = new StaticArray<u8>(BYTES);

  /** Null for what is no address. */
  static parse(text: Span): Address | null {
    const address = new Address();
    const isRead = text.indexOf(COLON) >= 0 ? address.readV6(text) : address.readV4(text, MAPPED_BYTES);
    if (!isRead) return null;
    if (text.indexOf(COLON) < 0) address.markMapped();
    return address;
  }

  /**
   * The address in a header or in `ip:port`. With a dot: what stands before a colon; with a bracket: what is
   * inside; else all of it. White space around it does not count.
   */
  static ofPeer(text: Span): Address | null {
    let host = text;
    if (host.indexOf(DOT) >= 0) {
      const colon = host.indexOf(COLON);
      if (colon >= 0) host = host.slice(0, colon);
    } else {
      const close = host.indexOf(0x5d);
      if (close >= 0) host = host.slice(host.indexOf(0x5b) + 1, close);
    }
    return Address.parse(host);
  }

  /** The address in `ip:port` or `[ip]:port` of a connection; mapped IPv4 is one. */
  static ofConnection(text: Span): Address | null {
    const close = text.indexOf(0x5d);
    if (close >= 0) return Address.parse(text.slice(text.indexOf(0x5b) + 1, close));
    const colon = text.indexOf(COLON);
    const isAlone = colon < 0 || text.indexOf(COLON, colon + 1) >= 0;
    return Address.parse(isAlone ? text : text.slice(0, colon));
  }

  get isV4(): bool {
    for (let i = 0; i < 10; i++) if (this.bytes[i] != 0) return false;
    return this.bytes[10] == 0xff && this.bytes[11] == 0xff;
  }

  /** True when the first `bits` of the 128 are the same. */
  shares(other: Address, bits: i32): bool {
    const whole = bits >> 3;
    for (let i = 0; i < whole && i < BYTES; i++) if (this.bytes[i] != other.bytes[i]) return false;
    const rest = bits & 7;
    if (rest == 0 || whole >= BYTES) return true;
    const difference = <u32>(this.bytes[whole] ^ other.bytes[whole]);
    return difference >> (8 - rest) == 0;
  }

  /** The first address of the network that shares the first `bits` of the 128. */
  network(bits: i32): Address {
    const first = new Address();
    for (let i = 0; i < BYTES; i++) {
      const cut = min(max((i + 1) * 8 - bits, 0), 8);
      first.bytes[i] = <u8>((<u32>this.bytes[i]) & (0xff << cut));
    }
    return first;
  }

  /** The canonical text (RFC 5952); IPv4, mapped or not, with dots. */
  toString(): string {
    const out = new Buffer(40);
    if (this.isV4) {
      for (let i = MAPPED_BYTES; i < BYTES; i++) {
        if (i > MAPPED_BYTES) out.push(DOT);
        writeInteger(out, <i64>this.bytes[i]);
      }
      return out.span().toString();
    }
    let gap = -1;
    let gapSize = 1;
    for (let i = 0; i < 8; i++) {
      let size = 0;
      while (i + size < 8 && this.group(i + size) == 0) size++;
      if (size <= gapSize) continue;
      gap = i;
      gapSize = size;
    }
    for (let i = 0; i < 8; i++) {
      if (i == gap) {
        out.text("::");
        i += gapSize - 1;
      } else {
        if (i > 0 && i != gap + gapSize) out.push(COLON);
        out.text(this.group(i).toString(16));
      }
    }
    return out.span().toString();
  }

  private group(index: i32): u32 {
    return ((<u32>this.bytes[index * 2]) << 8) | (<u32>this.bytes[index * 2 + 1]);
  }

  private markMapped(): void {
    this.bytes[10] = 0xff;
    this.bytes[11] = 0xff;
  }

  /** Four decimal numbers without leading zeros. */
  private readV4(text: Span, at: i32): bool {
    let from = 0;
    for (let part = 0; part < 4; part++) {
      const dot = text.indexOf(DOT, from);
      if (dot >= 0 == (part == 3)) return false;
      const digits = text.slice(from, part == 3 ? text.size : dot);
      if (digits.size > 3 || (digits.size > 1 && digits.at(0) == 0x30)) return false;
      const number = readUnsigned(digits, 255);
      if (number.failed) return false;
      this.bytes[at + part] = <u8>number.value;
      from = dot + 1;
    }
    return true;
  }

  /** Groups of up to four hexadecimal digits, `::` once for a run of zeros, an IPv4 address at the end. */
  private readV6(text: Span): bool {
    let filled = 0;
    let gap = -1;
    let at = 0;
    if (text.at(0) == COLON) {
      if (text.at(1) != COLON) return false;
      gap = 0;
      at = 2;
    }
    while (at < text.size) {
      const colon = text.indexOf(COLON, at);
      const part = text.slice(at, colon < 0 ? text.size : colon);
      if (colon < 0 && part.indexOf(DOT) >= 0) {
        if (filled > MAPPED_BYTES || !this.readV4(part, filled)) return false;
        filled += 4;
        break;
      }
      const value = hexNumber(part);
      if (value < 0 || filled + 2 > BYTES) return false;
      this.bytes[filled++] = <u8>(value >> 8);
      this.bytes[filled++] = <u8>(value & 0xff);
      if (colon < 0) break;
      at = colon + 1;
      if (text.at(at) == COLON) {
        if (gap >= 0) return false;
        gap = filled;
        at++;
      } else if (at == text.size) {
        return false;
      }
    }
    if (gap < 0) return filled == BYTES;
    if (filled == BYTES) return false;
    const moved = filled - gap;
    for (let i = 1; i <= moved; i++) {
      this.bytes[BYTES - i] = this.bytes[filled - i];
      this.bytes[filled - i] = 0;
    }
    return true;
  }
}

/** One to four hexadecimal digits, else -1. */
function hexNumber(digits: Span): i32 {
  if (digits.size < 1 || digits.size > 4) return -1;
  let value = 0;
  for (let i = 0; i < digits.size; i++) {
    const byte = digits.at(i);
    const letter = (byte | 0x20) - 0x61;
    const digit = <u32>(byte - 0x30) < 10 ? byte - 0x30 : <u32>letter < 6 ? letter + 10 : -1;
    if (digit < 0) return -1;
    value = (value << 4) | digit;
  }
  return value;
}

/** An address, or a network in CIDR notation. */
export class Network {
  constructor(
    private address: Address,
    /** Of the 128. */
    private bits: i32,
  ) {}

  /** Null for what is neither. */
  static parse(text: Span): Network | null {
    const slash = text.indexOf(0x2f);
    const host = slash < 0 ? text : text.slice(0, slash);
    const address = Address.parse(host);
    if (address === null) return null;
    if (slash < 0) return new Network(address, 128);
    const skipped = host.indexOf(COLON) < 0 ? 96 : 0;
    const bits = readUnsigned(text.slice(slash + 1), 128 - skipped);
    return bits.failed ? null : new Network(address, skipped + <i32>bits.value);
  }

  has(address: Address): bool {
    return this.address.shares(address, this.bits);
  }
}
