// RSA private keys and their signatures: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §8.2.1), for keys in PEM as
// PKCS #8 (RFC 5958) or PKCS #1 (RFC 8017 A.1.2).

import { Buffer, Span, sha256 } from "../bytes";
import { DerReader, DerTag } from "./der";
import { Modulus } from "./modulus";
import { Natural } from "./natural";
import { readPem } from "./pem";

const MIN_BITS: i32 = 2048;
const MAX_BITS: i32 = 4096;

/** 1.2.840.113549.1.1.1, rsaEncryption (RFC 8017 A.1). */
const RSA_ENCRYPTION: usize = memory.data<u8>([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01]);
/** What stands before a SHA-256 in a signature (RFC 8017 §9.2, note 1). */
const SHA256_PREFIX: usize = memory.data<u8>([
  0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04,
  0x20,
]);
const SHA256_PREFIX_SIZE: i32 = 19;

/** Members of RSAPrivateKey behind its version, in their order. */
const enum Member {
  Modulus = 0,
  PublicExponent = 1,
  PrivateExponent = 2,
  Prime1 = 3,
  Prime2 = 4,
  Exponent1 = 5,
  Exponent2 = 6,
  Coefficient = 7,
  COUNT = 8,
}

export class RsaPrivateKey {
  /** Why the key cannot be used; "" when it can. */
  error: string = "";
  /** Big-endian, without leading zeros. */
  private members: Span[] = [];

  /** A key from a text that may have other things around it. */
  static read(pem: Span): RsaPrivateKey {
    const key = new RsaPrivateKey();
    const wrapped = readPem(pem, "PRIVATE KEY");
    const bare = wrapped === null ? readPem(pem, "RSA PRIVATE KEY") : unwrapped(wrapped);
    if (bare !== null) key.readMembers(bare);
    else key.error = wrapped === null ? "invalid PEM block" : "no RSA key";
    return key;
  }

  /** Bits of the modulus. */
  get bits(): i32 {
    const modulus = this.member(Member.Modulus);
    return modulus.isEmpty ? 0 : (modulus.size << 3) - clz(modulus.at(0)) + 24;
  }

  /** The signature, as many bytes as the modulus has; null when the key is no working key. */
  sign(message: Span): Span | null {
    const modulus = this.error.length == 0 ? Modulus.of(this.member(Member.Modulus)) : null;
    if (modulus === null) return null;
    const size = this.member(Member.Modulus).size;
    const padded = modulus.residue(Natural.of(paddedDigest(message, size), modulus.size));
    const signature = this.raised(modulus, padded);
    if (signature === null) return null;
    // A signature that was made with one wrong part would give the key away (Boneh, DeMillo, Lipton 1997).
    const opened = modulus.power(signature, this.member(Member.PublicExponent));
    return opened.equals(padded) ? modulus.number(signature).bytes(size) : null;
  }

  /** A residue to the power of the private exponent; by its primes where the key has them (RFC 8017 §5.1.2). */
  private raised(modulus: Modulus, residue: Natural): Natural | null {
    const prime2 = this.member(Member.Prime2);
    if (!this.hasPrimes) return modulus.power(residue, this.member(Member.PrivateExponent));
    const first = Modulus.of(this.member(Member.Prime1));
    const second = Modulus.of(prime2);
    if (first === null || second === null) return null;
    const number = modulus.number(residue);
    const low = second.number(second.power(second.residue(number), this.member(Member.Exponent2)));
    const high = first.power(first.residue(number), this.member(Member.Exponent1));
    first.add(high, first.negative(first.residue(low)));
    const coefficient = this.member(Member.Coefficient);
    first.multiply(high, high, first.residue(Natural.of(coefficient, first.size)));
    return modulus.residue(first.number(high).multiplied(Natural.of(prime2, second.size), low));
  }

  private get hasPrimes(): bool {
    for (let i: i32 = Member.Prime1; i < Member.COUNT; i++) if (this.member(i).isEmpty) return false;
    return true;
  }

  private member(index: i32): Span {
    return index < this.members.length ? this.members[index] : Span.empty();
  }

  private readMembers(bytes: Span): void {
    const sequence = new DerReader(bytes).next(DerTag.Sequence);
    const reader = new DerReader(sequence === null ? Span.empty() : sequence);
    // Version 0: two primes.
    const version = reader.unsigned();
    let isRead = version !== null && version.isEmpty;
    for (let i = 0; i < Member.COUNT && isRead; i++) {
      const member = reader.unsigned();
      if (member !== null) this.members.push(member);
      else isRead = false;
    }
    if (!isRead || !this.isBounded) this.error = "invalid RSA key";
    else if (this.bits < MIN_BITS || this.bits > MAX_BITS) this.error = `RSA key of ${this.bits} bits`;
  }

  /** No part is longer than it can be: the work of a signature is bounded by the size of the modulus. */
  private get isBounded(): bool {
    const size = this.member(Member.Modulus).size;
    const first = this.member(Member.Prime1).size;
    const second = this.member(Member.Prime2).size;
    const exponent = this.member(Member.PublicExponent).size;
    return (
      exponent > 0 &&
      exponent <= 8 &&
      this.member(Member.PrivateExponent).size <= size &&
      first + second <= size + 1 &&
      this.member(Member.Exponent1).size <= first &&
      this.member(Member.Exponent2).size <= second &&
      this.member(Member.Coefficient).size <= first
    );
  }
}

/** RSAPrivateKey within a PrivateKeyInfo (RFC 5958 §2); null when it holds no RSA key. */
function unwrapped(bytes: Span): Span | null {
  const sequence = new DerReader(bytes).next(DerTag.Sequence);
  if (sequence === null) return null;
  const reader = new DerReader(sequence);
  const version = reader.unsigned();
  const algorithm = reader.next(DerTag.Sequence);
  if (version === null || algorithm === null) return null;
  const name = new DerReader(algorithm).next(DerTag.ObjectIdentifier);
  if (name === null || !name.equals(new Span(null, RSA_ENCRYPTION, 9))) return null;
  return reader.next(DerTag.OctetString);
}

/** EMSA-PKCS1-v1_5 (RFC 8017 §9.2). */
function paddedDigest(message: Span, size: i32): Span {
  const out = new Buffer(size);
  out.push(0);
  out.push(1);
  for (let i = size - SHA256_PREFIX_SIZE - 35; i > 0; i--) out.push(0xff);
  out.push(0);
  out.append(new Span(null, SHA256_PREFIX, SHA256_PREFIX_SIZE));
  out.append(sha256(message));
  return out.take();
}
