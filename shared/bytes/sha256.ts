// SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104).

import { Span } from "./span";

const BLOCK_SIZE: i32 = 64;
const DIGEST_SIZE: i32 = 32;

// The first 32 bits of the fractions of the cube roots of the first 64 primes (§4.2.2).
// prettier-ignore
const ROUND_CONSTANTS: usize = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]);

// The message schedule of the block at work (§6.2.2); nothing in it outlives `compress`.
const SCHEDULE: usize = memory.data(256, 16);

/** The digest of a message that comes in pieces. */
export class Sha256 {
  private h0: u32 = 0x6a09e667;
  private h1: u32 = 0xbb67ae85;
  private h2: u32 = 0x3c6ef372;
  private h3: u32 = 0xa54ff53a;
  private h4: u32 = 0x510e527f;
  private h5: u32 = 0x9b05688c;
  private h6: u32 = 0x1f83d9ab;
  private h7: u32 = 0x5be0cd19;
  private block: ArrayBuffer = new ArrayBuffer(BLOCK_SIZE);
  private filled: i32 = 0;
  private total: u64 = 0;

  update(bytes: Span): void {
    const block = changetype<usize>(this.block);
    this.total += <u64>bytes.size;
    let at = bytes.start;
    let rest = bytes.size;
    if (this.filled > 0) {
      const part = min(BLOCK_SIZE - this.filled, rest);
      memory.copy(block + <usize>this.filled, at, <usize>part);
      this.filled += part;
      if (this.filled < BLOCK_SIZE) return;
      this.compress(block);
      at += <usize>part;
      rest -= part;
    }
    for (; rest >= BLOCK_SIZE; rest -= BLOCK_SIZE, at += <usize>BLOCK_SIZE) this.compress(at);
    memory.copy(block, at, <usize>rest);
    this.filled = rest;
  }

  /** The 32 bytes of the digest. The object is used up: call this once. */
  digest(): Span {
    const block = changetype<usize>(this.block);
    store<u8>(block + <usize>this.filled, 0x80);
    this.filled++;
    if (this.filled > BLOCK_SIZE - 8) {
      memory.fill(block + <usize>this.filled, 0, <usize>(BLOCK_SIZE - this.filled));
      this.compress(block);
      this.filled = 0;
    }
    memory.fill(block + <usize>this.filled, 0, <usize>(BLOCK_SIZE - this.filled));
    store<u64>(block, bswap<u64>(this.total << 3), 56);
    this.compress(block);
    this.filled = 0;
    const digest = new ArrayBuffer(DIGEST_SIZE);
    const out = changetype<usize>(digest);
    store<u32>(out, bswap<u32>(this.h0));
    store<u32>(out, bswap<u32>(this.h1), 4);
    store<u32>(out, bswap<u32>(this.h2), 8);
    store<u32>(out, bswap<u32>(this.h3), 12);
    store<u32>(out, bswap<u32>(this.h4), 16);
    store<u32>(out, bswap<u32>(this.h5), 20);
    store<u32>(out, bswap<u32>(this.h6), 24);
    store<u32>(out, bswap<u32>(this.h7), 28);
    return Span.of(digest);
  }

  private compress(block: usize): void {
    for (let i: usize = 0; i < 64; i += 4) store<u32>(SCHEDULE + i, bswap<u32>(load<u32>(block + i)));
    for (let i: usize = 64; i < 256; i += 4) {
      const back15 = load<u32>(SCHEDULE + i - 60);
      const back2 = load<u32>(SCHEDULE + i - 8);
      const sigma0 = rotr<u32>(back15, 7) ^ rotr<u32>(back15, 18) ^ (back15 >> 3);
      const sigma1 = rotr<u32>(back2, 17) ^ rotr<u32>(back2, 19) ^ (back2 >> 10);
      store<u32>(SCHEDULE + i, load<u32>(SCHEDULE + i - 64) + sigma0 + load<u32>(SCHEDULE + i - 28) + sigma1);
    }
    let a = this.h0;
    let b = this.h1;
    let c = this.h2;
    let d = this.h3;
    let e = this.h4;
    let f = this.h5;
    let g = this.h6;
    let h = this.h7;
    for (let i: usize = 0; i < 256; i += 4) {
      const sum1 = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
      const choice = (e & f) ^ (~e & g);
      const first = h + sum1 + choice + load<u32>(ROUND_CONSTANTS + i) + load<u32>(SCHEDULE + i);
      const sum0 = rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
      const majority = (a & b) ^ (a & c) ^ (b & c);
      h = g;
      g = f;
      f = e;
      e = d + first;
      d = c;
      c = b;
      b = a;
      a = first + sum0 + majority;
    }
    this.h0 += a;
    this.h1 += b;
    this.h2 += c;
    this.h3 += d;
    this.h4 += e;
    this.h5 += f;
    this.h6 += g;
    this.h7 += h;
  }
}

/** The 32 bytes of the SHA-256 of a whole message. */
export function sha256(message: Span): Span {
  const hash = new Sha256();
  hash.update(message);
  return hash.digest();
}

/** The 32 bytes of the HMAC-SHA-256 of a message under a key of any length. */
export function hmacSha256(key: Span, message: Span): Span {
  const short = key.size > BLOCK_SIZE ? sha256(key) : key;
  const pad = Span.of(new ArrayBuffer(BLOCK_SIZE));
  memory.copy(pad.start, short.start, <usize>short.size);
  maskBlock(pad.start, 0x36);
  const inner = new Sha256();
  inner.update(pad);
  inner.update(message);
  maskBlock(pad.start, 0x36 ^ 0x5c);
  const outer = new Sha256();
  outer.update(pad);
  outer.update(inner.digest());
  return outer.digest();
}

function maskBlock(block: usize, mask: u8): void {
  for (let i: usize = 0; i < <usize>BLOCK_SIZE; i++) store<u8>(block + i, load<u8>(block + i) ^ mask);
}
