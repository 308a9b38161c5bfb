// Keys put together by hand: DER of integers, PEM of bytes.

import type { KeyObject } from "node:crypto";

/** Modulus, both exponents, both primes, their exponents and the coefficient. */
export function rsaParts(key: KeyObject): bigint[] {
  const jwk = key.export({ format: "jwk" }) as Record<string, string>;
  return ["n", "e", "d", "p", "q", "dp", "dq", "qi"].map((name) =>
    BigInt("0x" + Buffer.from(jwk[name]!, "base64url").toString("hex")),
  );
}

/** RSAPrivateKey of these parts. */
export function der(parts: bigint[]): Buffer {
  return sequence([integer(0n), ...parts.map(integer)]);
}

/** RSAPrivateKey of two primes. */
export function derOf(p: bigint, q: bigint): Buffer {
  const e = 0x10001n;
  const d = inverseOf(e, (p - 1n) * (q - 1n));
  return der([p * q, e, d, p, q, d % (p - 1n), d % (q - 1n), inverseOf(q, p)]);
}

/** By Euclid's algorithm. */
export function inverseOf(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value, modulus, 1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a - quotient * b, y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}

export function integer(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return element(0x02, bytes[0]! > 0x7f ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes);
}

export function octets(bytes: Uint8Array): Buffer {
  return element(0x04, bytes);
}

export function sequence(elements: Uint8Array[]): Buffer {
  return element(0x30, Buffer.concat(elements));
}

function element(tag: number, content: Uint8Array): Buffer {
  const size = content.length;
  const length = size < 128 ? [size] : size < 256 ? [0x81, size] : [0x82, size >> 8, size & 255];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

export function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}
