// SHA-1 (FIPS 180-4), for what asks for it by name. It protects nothing.

import { Span } from "./span";
import { padded } from "./hash-padding";

/** The 20 bytes of the digest. */
export function sha1(message: Span): Span {
  const blocks = padded(message, 64);
  const schedule = new StaticArray<u32>(80);
  let h0: u32 = 0x67452301;
  let h1: u32 = 0xefcdab89;
  let h2: u32 = 0x98badcfe;
  let h3: u32 = 0x10325476;
  let h4: u32 = 0xc3d2e1f0;
  for (let block = blocks.start; block < blocks.end; block += 64) {
    for (let i = 0; i < 80; i++) {
      schedule[i] =
        i < 16
          ? bswap<u32>(load<u32>(block + ((<usize>i) << 2)))
          : rotl<u32>(schedule[i - 3] ^ schedule[i - 8] ^ schedule[i - 14] ^ schedule[i - 16], 1);
    }
    let a = h0;
    let b = h1;
    let c = h2;
    let d = h3;
    let e = h4;
    for (let i = 0; i < 80; i++) {
      let mixed = b ^ c ^ d;
      if (i < 20) mixed = ((b & c) | (~b & d)) + 0x5a827999;
      else if (i < 40) mixed += 0x6ed9eba1;
      else if (i < 60) mixed = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
      else mixed += 0xca62c1d6;
      const next = rotl<u32>(a, 5) + mixed + e + schedule[i];
      e = d;
      d = c;
      c = rotl<u32>(b, 30);
      b = a;
      a = next;
    }
    h0 += a;
    h1 += b;
    h2 += c;
    h3 += d;
    h4 += e;
  }
  const digest = Span.of(new ArrayBuffer(20));
  store<u32>(digest.start, bswap<u32>(h0));
  store<u32>(digest.start, bswap<u32>(h1), 4);
  store<u32>(digest.start, bswap<u32>(h2), 8);
  store<u32>(digest.start, bswap<u32>(h3), 12);
  store<u32>(digest.start, bswap<u32>(h4), 16);
  return digest;
}
