// Arithmetic under an odd modulus without divisions (P. L. Montgomery, "Modular multiplication without trial
// division", 1985). Residues are kept as value × R, R being 2^32 to the number of limbs. Neither branches nor the
// number of steps depend on the residues.

import { Span } from "../bytes";
import { Natural } from "./natural";

export class Modulus {
  /** −1 / modulus under 2^32. */
  private inverse: u32 = 0;
  /** R² under the modulus. */
  private readonly square: Natural;
  /** One limb more than a residue has, below twice the modulus. */
  private readonly sum: Natural;

  private constructor(private readonly modulus: Natural) {
    this.sum = new Natural(modulus.size + 1);
    this.square = new Natural(modulus.size);
    const low = modulus.limb(0);
    // Newton's iteration doubles the correct bits, of which any odd number is its own inverse in three.
    let inverse = low;
    for (let i = 0; i < 4; i++) inverse *= 2 - low * inverse;
    this.inverse = 0 - inverse;
    this.findSquare();
  }

  /** Null unless the big-endian bytes, without leading zeros, are an odd number above 1. */
  static of(bytes: Span): Modulus | null {
    const isOdd = (bytes.at(bytes.size - 1) & 1) == 1;
    if (bytes.isEmpty || !isOdd || (bytes.size == 1 && bytes.at(0) == 1)) return null;
    return new Modulus(Natural.of(bytes, Natural.limbsOf(bytes.size)));
  }

  /** Limbs of a residue. */
  get size(): i32 {
    return this.modulus.size;
  }

  /** The residue of a number of any size. */
  residue(value: Natural): Natural {
    const residue = new Natural(this.size);
    const last = value.size - 1;
    for (let from = last - (last % this.size); from >= 0; from -= this.size) {
      const part = value.slice(from, this.size);
      this.multiply(part, part, this.square);
      this.multiply(residue, residue, this.square);
      this.add(residue, part);
    }
    return residue;
  }

  /** The number below the modulus that a residue stands for. */
  number(residue: Natural): Natural {
    const one = new Natural(this.size);
    store<u32>(one.start, 1);
    this.multiply(one, one, residue);
    return one;
  }

  /** `base` to the power of big-endian bytes. */
  power(base: Natural, exponent: Span): Natural {
    const one = new Natural(1);
    store<u32>(one.start, 1);
    const powers: Natural[] = [this.residue(one)];
    for (let i = 1; i < 16; i++) {
      const next = new Natural(this.size);
      this.multiply(next, powers[i - 1], base);
      powers.push(next);
    }
    const result = powers[0].slice(0, this.size);
    // Four bits at a time, from the first.
    for (let i = 0; i < exponent.size << 1; i++) {
      for (let j = 0; j < 4; j++) this.multiply(result, result, result);
      this.multiply(result, result, powers[(exponent.at(i >> 1) >> ((i & 1) == 0 ? 4 : 0)) & 15]);
    }
    return result;
  }

  /** `out` becomes left × right / R; it may be one of the two. One of them may pass the modulus. */
  multiply(out: Natural, left: Natural, right: Natural): void {
    const bytes = (<usize>this.size) << 2;
    const sum = this.sum.start;
    const modulus = this.modulus.start;
    const factor = right.start;
    memory.fill(sum, 0, bytes + 4);
    for (let i: usize = 0; i < bytes; i += 4) {
      const limb = <u64>load<u32>(left.start + i);
      const low = limb * <u64>load<u32>(factor) + <u64>load<u32>(sum);
      // So many moduli make the lowest limb 0, which is dropped.
      const quotient = <u64>(<u32>low * this.inverse);
      let carry = low >> 32;
      let modulusCarry = (<u64>(<u32>low) + quotient * <u64>load<u32>(modulus)) >> 32;
      for (let j: usize = 4; j < bytes; j += 4) {
        const product = limb * <u64>load<u32>(factor + j) + <u64>load<u32>(sum + j) + carry;
        carry = product >> 32;
        const reduced = quotient * <u64>load<u32>(modulus + j) + <u64>(<u32>product) + modulusCarry;
        modulusCarry = reduced >> 32;
        store<u32>(sum + j - 4, <u32>reduced);
      }
      const top = <u64>load<u32>(sum + bytes) + carry + modulusCarry;
      store<u32>(sum + bytes - 4, <u32>top);
      store<u32>(sum + bytes, <u32>(top >> 32));
    }
    this.settle(out);
  }

  /** Adds a residue to another. */
  add(to: Natural, residue: Natural): void {
    let carry: u64 = 0;
    for (let i = 0; i < this.size; i++) {
      carry += <u64>to.limb(i) + <u64>residue.limb(i);
      store<u32>(this.sum.start + ((<usize>i) << 2), <u32>carry);
      carry >>= 32;
    }
    store<u32>(this.sum.start + ((<usize>this.size) << 2), <u32>carry);
    this.settle(to);
  }

  /** The residue that `residue` has to be added to for 0. */
  negative(residue: Natural): Natural {
    const negative = new Natural(this.size);
    let borrow: u64 = 0;
    for (let i = 0; i < this.size; i++) {
      const rest = <u64>this.modulus.limb(i) - <u64>residue.limb(i) - borrow;
      store<u32>(negative.start + ((<usize>i) << 2), <u32>rest);
      borrow = rest >> 63;
    }
    return negative;
  }

  /** `out` becomes the sum, less the modulus if it is not below that. */
  private settle(out: Natural): void {
    const bytes = (<usize>this.size) << 2;
    const sum = this.sum.start;
    const modulus = this.modulus.start;
    let borrow: u64 = 0;
    for (let i: usize = 0; i < bytes; i += 4) {
      const rest = <u64>load<u32>(sum + i) - <u64>load<u32>(modulus + i) - borrow;
      store<u32>(out.start + i, <u32>rest);
      borrow = rest >> 63;
    }
    // All bits where the sum is the smaller one.
    const isBelow = 0 - <u32>(<u64>load<u32>(sum + bytes) < borrow);
    for (let i: usize = 0; i < bytes; i += 4) {
      store<u32>(out.start + i, (load<u32>(sum + i) & isBelow) | (load<u32>(out.start + i) & ~isBelow));
    }
  }

  /** Doubles 1 until it is R². */
  private findSquare(): void {
    store<u32>(this.square.start, 1);
    for (let i = this.size << 6; i > 0; i--) this.add(this.square, this.square);
  }
}
