// The guest's linear memory. Strings are latin-1, one character per byte. Every access checks its bounds
// against the memory of this moment; the views are made again only after the memory grew.

export class GuestMemory {
  readonly memory: WebAssembly.Memory;
  #bytes: Buffer;
  #view: DataView;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
    this.#bytes = Buffer.from(memory.buffer);
    this.#view = new DataView(memory.buffer);
  }

  /** All of it; valid until the guest runs again. */
  get bytes(): Buffer {
    // Growth detaches the old ArrayBuffer, which empties its views; so is a memory of no pages.
    if (this.#bytes.length === 0) this.#remake();
    return this.#bytes;
  }

  get view(): DataView {
    if (this.#bytes.length === 0) this.#remake();
    return this.#view;
  }

  get pages(): number {
    return this.bytes.length / 65536;
  }

  #remake(): void {
    this.#bytes = Buffer.from(this.memory.buffer);
    this.#view = new DataView(this.memory.buffer);
  }

  /** Whether `size` bytes at `pointer` are inside. Both come from the guest as signed numbers: make them unsigned first. */
  has(pointer: number, size: number): boolean {
    return pointer + size <= this.bytes.length;
  }

  /** undefined: out of bounds. */
  text(pointer: number, size: number): string | undefined {
    pointer >>>= 0;
    size >>>= 0;
    const bytes = this.bytes;
    if (pointer + size > bytes.length) return undefined;
    return bytes.toString("latin1", pointer, pointer + size);
  }

  /** Borrowed; valid until the guest runs again. undefined: out of bounds. */
  span(pointer: number, size: number): Buffer | undefined {
    pointer >>>= 0;
    size >>>= 0;
    const bytes = this.bytes;
    if (pointer + size > bytes.length) return undefined;
    return bytes.subarray(pointer, pointer + size);
  }

  /** Owned by the caller. undefined: out of bounds. */
  copy(pointer: number, size: number): Uint8Array | undefined {
    pointer >>>= 0;
    size >>>= 0;
    const bytes = this.bytes;
    if (pointer + size > bytes.length) return undefined;
    // Small arrays come from Node's pool: one ArrayBuffer each would cost more than the copy.
    const owned = Buffer.allocUnsafe(size);
    bytes.copy(owned, 0, pointer, pointer + size);
    return owned;
  }

  /** false: out of bounds. */
  setU32(pointer: number, value: number): boolean {
    pointer >>>= 0;
    const view = this.view;
    if (pointer + 4 > view.byteLength) return false;
    view.setUint32(pointer, value, true);
    return true;
  }

  /** false: out of bounds. */
  setU64(pointer: number, value: bigint): boolean {
    pointer >>>= 0;
    const view = this.view;
    if (pointer + 8 > view.byteLength) return false;
    view.setBigUint64(pointer, BigInt.asUintN(64, value), true);
    return true;
  }
}
