// Natural numbers of a fixed size: little-endian limbs of 32 bits, whose products fit into 64.

import { Span } from "../bytes";

export class Natural {
  private limbs: ArrayBuffer;

  /** Zero. */
  constructor(
    /** Number of limbs. */
    readonly size: i32,
  ) {
    this.limbs = new ArrayBuffer(max(size, 0) << 2);
  }

  /** The number that big-endian bytes stand for; what does not fit `size` limbs is cut off. */
  static of(bytes: Span, size: i32): Natural {
    const number = new Natural(size);
    const count = min(bytes.size, size << 2);
    for (let i = 0; i < count; i++) store<u8>(number.start + <usize>i, bytes.at(bytes.size - 1 - i));
    return number;
  }

  /** Limbs that `count` bytes need. */
  static limbsOf(count: i32): i32 {
    return (count + 3) >> 2;
  }

  @inline get start(): usize {
    return changetype<usize>(this.limbs);
  }

  /** The limb at `index`, 0 beyond the last. */
  limb(index: i32): u32 {
    return <u32>index < <u32>this.size ? load<u32>(this.start + ((<usize>index) << 2)) : 0;
  }

  /** `size` limbs from `from`. */
  slice(from: i32, size: i32): Natural {
    const part = new Natural(size);
    for (let i = 0; i < size; i++) store<u32>(part.start + ((<usize>i) << 2), this.limb(from + i));
    return part;
  }

  equals(other: Natural): bool {
    for (let i = max(this.size, other.size) - 1; i >= 0; i--) if (this.limb(i) != other.limb(i)) return false;
    return true;
  }

  /** `this` × `factor` + `summand`. */
  multiplied(factor: Natural, summand: Natural): Natural {
    const product = summand.slice(0, max(this.size + factor.size, summand.size) + 1);
    for (let i = 0; i < this.size; i++) {
      const limb = <u64>this.limb(i);
      let carry: u64 = 0;
      for (let j = i; j < product.size; j++) {
        const at = product.start + ((<usize>j) << 2);
        const sum = limb * <u64>factor.limb(j - i) + <u64>load<u32>(at) + carry;
        store<u32>(at, <u32>sum);
        carry = sum >> 32;
      }
    }
    return product;
  }

  /** The last `count` bytes, big-endian. */
  bytes(count: i32): Span {
    const bytes = new ArrayBuffer(count);
    const start = changetype<usize>(bytes);
    for (let i = 0; i < count; i++) {
      store<u8>(start + <usize>(count - 1 - i), this.limb(i >> 2) >> ((i & 3) << 3));
    }
    return Span.of(bytes);
  }
}
