// Body bytes as they travel along the chain: a list of chunks, drained at the front, appended at the back.

const nothing = new Uint8Array(0);

export class BodyBuffer {
  #chunks: Uint8Array[] = [];
  #length = 0;

  constructor(data?: Uint8Array) {
    if (data !== undefined && data.length > 0) {
      this.#chunks.push(data);
      this.#length = data.length;
    }
  }

  get length(): number {
    return this.#length;
  }

  append(data: Uint8Array): void {
    if (data.length === 0) return;
    this.#chunks.push(data);
    this.#length += data.length;
  }

  prepend(data: Uint8Array): void {
    if (data.length === 0) return;
    this.#chunks.unshift(data);
    this.#length += data.length;
  }

  /** Takes everything out of `other`. */
  move(other: BodyBuffer): void {
    if (other === this) return;
    for (const chunk of other.#chunks) this.#chunks.push(chunk);
    this.#length += other.#length;
    other.clear();
  }

  clear(): void {
    this.#chunks = [];
    this.#length = 0;
  }

  /** Drops the first `count` bytes, or all when there are fewer. */
  drain(count: number): void {
    if (count >= this.#length) {
      this.clear();
      return;
    }
    this.#length -= count;
    let whole = 0;
    while (count >= this.#chunks[whole]!.length) count -= this.#chunks[whole++]!.length;
    if (whole > 0) this.#chunks.splice(0, whole);
    if (count > 0) this.#chunks[0] = this.#chunks[0]!.subarray(count);
  }

  /** Copies `count` bytes from `start` to `target` at `at`; the range must be inside. */
  copyTo(target: Uint8Array, at: number, start: number, count: number): void {
    for (const chunk of this.#chunks) {
      if (count === 0) return;
      if (start >= chunk.length) {
        start -= chunk.length;
        continue;
      }
      const size = Math.min(chunk.length - start, count);
      target.set(start === 0 && size === chunk.length ? chunk : chunk.subarray(start, start + size), at);
      at += size;
      count -= size;
      start = 0;
    }
  }

  /** All bytes as one array, which may be one of the chunks: not to be changed. */
  contents(): Uint8Array {
    if (this.#chunks.length === 0) return nothing;
    if (this.#chunks.length > 1) {
      const joined = new Uint8Array(this.#length);
      this.copyTo(joined, 0, 0, this.#length);
      this.#chunks = [joined];
    }
    return this.#chunks[0]!;
  }
}
