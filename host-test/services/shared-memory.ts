// Named byte values in one SharedArrayBuffer, used by several worker threads at once under one lock. Values
// are found by a hash table and live in blocks of powers of two, which are reused. Nothing is ever removed
// from the table: the ABI has no delete. The memory grows up to a bound and then says so.
//
//   0 lock │ 4 next free byte │ 8 table │ 12 slots │ 16 entries │ 20 counter │ 24… free blocks by class
//   block: u32 class, u32 next free │ payload
//   entry: u32 hash, u32 key size, u32 value block, u32 value size, u32 tag │ key

const lockWord = 0;
const nextWord = 1;
const tableWord = 2;
const slotsWord = 3;
const entriesWord = 4;
const counterWord = 5;
const freeWord = 6;
const smallestClass = 5;
const largestClass = 30;
const firstBlock = 256;
const blockHead = 8;
const entryHead = 20;
const firstSlots = 256;

export interface SharedMemoryOptions {
  /** Default 1 MiB. */
  initialBytes?: number;
  /** Default 256 MiB. */
  maxBytes?: number;
}

/** The bound is reached. */
export class SharedMemoryFull extends Error {
  constructor(maxBytes: number) {
    super(`shared memory is full: ${maxBytes} bytes`);
    this.name = "SharedMemoryFull";
  }
}

/** Where an entry stands; the same in every thread, for good. */
export type EntryAddress = number;

export class SharedMemory {
  /** Hand this to another thread and open it there. */
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #numbers: Uint32Array;
  #bytes: Buffer;

  static create({ initialBytes = 1 << 20, maxBytes = 256 << 20 }: SharedMemoryOptions = {}): SharedMemory {
    const size = roundUp(Math.min(initialBytes, maxBytes));
    const buffer = new SharedArrayBuffer(size, { maxByteLength: roundUp(maxBytes) });
    const numbers = new Uint32Array(buffer);
    numbers[nextWord] = firstBlock;
    const memory = new SharedMemory(buffer);
    memory.locked(() => {
      numbers[tableWord] = memory.allocate(firstSlots * 4);
      numbers[slotsWord] = firstSlots;
    });
    return memory;
  }

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    // Without a length they follow the buffer as it grows.
    this.#words = new Int32Array(buffer);
    this.#numbers = new Uint32Array(buffer);
    this.#bytes = Buffer.from(buffer);
  }

  /** Runs `action` while no other thread is inside; not to be nested. */
  locked<Value>(action: () => Value): Value {
    this.#lock();
    try {
      return action();
    } finally {
      this.#unlock();
    }
  }

  // 0 free, 1 taken, 2 taken and somebody waits.
  #lock(): void {
    const words = this.#words;
    if (Atomics.compareExchange(words, lockWord, 0, 1) === 0) return;
    while (Atomics.exchange(words, lockWord, 2) !== 0) Atomics.wait(words, lockWord, 2);
  }

  #unlock(): void {
    if (Atomics.exchange(this.#words, lockWord, 0) === 2) Atomics.notify(this.#words, lockWord, 1);
  }

  // --- All that follows is called inside `locked` -----------------------------------------------------

  /** 0: no such entry. Keys are latin-1. */
  find(key: string): EntryAddress {
    return this.#numbers[this.#slotOf(key, hashOf(key)) >> 2]!;
  }

  /** The entry of that name, made with an empty value when it is new. @throws SharedMemoryFull */
  findOrCreate(key: string): EntryAddress {
    const numbers = this.#numbers;
    const hash = hashOf(key);
    const known = numbers[this.#slotOf(key, hash) >> 2]!;
    if (known !== 0) return known;
    // First, so that a table that cannot grow never fills up.
    if ((numbers[entriesWord]! + 1) * 4 > numbers[slotsWord]! * 3) this.#enlargeTable();
    const entry = this.allocate(entryHead + key.length);
    numbers.set([hash, key.length, 0, 0, 0], entry >> 2);
    this.#view().write(key, entry + entryHead, "latin1");
    numbers[this.#slotOf(key, hash) >> 2] = entry;
    numbers[entriesWord]!++;
    return entry;
  }

  /** A copy of the value. */
  value(entry: EntryAddress): Uint8Array {
    const at = this.#numbers[(entry >> 2) + 2]!;
    const size = this.#numbers[(entry >> 2) + 3]!;
    const copy = Buffer.allocUnsafe(size);
    if (size > 0) copy.set(this.#view().subarray(at, at + size));
    return copy;
  }

  /** Replaces the value. @throws SharedMemoryFull and leaves the old one. */
  setValue(entry: EntryAddress, value: Uint8Array): void {
    const numbers = this.#numbers;
    const at = (entry >> 2) + 2;
    let block = numbers[at]!;
    if (block === 0 || this.#room(block) < value.length) {
      const larger = value.length === 0 ? 0 : this.allocate(value.length);
      if (block !== 0) this.free(block);
      block = larger;
      numbers[at] = block;
    }
    if (value.length > 0) this.#view().set(value, block);
    numbers[at + 1] = value.length;
  }

  /** A number kept beside the value; 0 at first. */
  tag(entry: EntryAddress): number {
    return this.#numbers[(entry >> 2) + 4]!;
  }

  setTag(entry: EntryAddress, tag: number): void {
    this.#numbers[(entry >> 2) + 4] = tag;
  }

  /** The next of one sequence of numbers, from 1; 0 is left out when it wraps. */
  nextNumber(): number {
    const numbers = this.#numbers;
    numbers[counterWord]!++;
    if (numbers[counterWord] === 0) numbers[counterWord] = 1;
    return numbers[counterWord]!;
  }

  /** Keys that start with `prefix`, in no order. */
  entries(prefix: string): { key: string; entry: EntryAddress }[] {
    const numbers = this.#numbers;
    const table = numbers[tableWord]! >> 2;
    const found = [];
    for (let i = 0; i < numbers[slotsWord]!; i++) {
      const entry = numbers[table + i]!;
      if (entry === 0) continue;
      const key = this.#key(entry);
      if (key.startsWith(prefix)) found.push({ key, entry });
    }
    return found;
  }

  /** A zeroed block of at least `size` bytes, on a multiple of 8. @throws SharedMemoryFull */
  allocate(size: number): number {
    const numbers = this.#numbers;
    const kind = Math.max(smallestClass, 32 - Math.clz32(size + blockHead - 1));
    if (kind > largestClass) throw new SharedMemoryFull(this.buffer.maxByteLength);
    const head = freeWord + kind;
    let block = numbers[head]!;
    if (block !== 0) {
      numbers[head] = numbers[(block >> 2) + 1]!;
      this.#view().fill(0, block + blockHead, block + 2 ** kind);
    } else {
      block = numbers[nextWord]!;
      this.#growTo(block + 2 ** kind);
      numbers[nextWord] = block + 2 ** kind;
    }
    numbers[block >> 2] = kind;
    numbers[(block >> 2) + 1] = 0;
    return block + blockHead;
  }

  free(address: number): void {
    const block = address - blockHead;
    const head = freeWord + this.#numbers[block >> 2]!;
    this.#numbers[(block >> 2) + 1] = this.#numbers[head]!;
    this.#numbers[head] = block;
  }

  /** For blocks from `allocate`, by 32-bit words. */
  get numbers(): Uint32Array {
    return this.#numbers;
  }

  /** For blocks from `allocate`, by bytes; valid until the next `allocate`. */
  get bytes(): Buffer {
    return this.#view();
  }

  #room(address: number): number {
    return 2 ** this.#numbers[(address - blockHead) >> 2]! - blockHead;
  }

  #key(entry: EntryAddress): string {
    const size = this.#numbers[(entry >> 2) + 1]!;
    return this.#view().toString("latin1", entry + entryHead, entry + entryHead + size);
  }

  /** Address of the slot that has the key, or of the free one where it belongs. */
  #slotOf(key: string, hash: number): number {
    const numbers = this.#numbers;
    const table = numbers[tableWord]!;
    const mask = numbers[slotsWord]! - 1;
    for (let i = hash & mask; ; i = (i + 1) & mask) {
      const entry = numbers[(table >> 2) + i]!;
      if (entry === 0) return table + i * 4;
      if (
        numbers[entry >> 2] === hash &&
        numbers[(entry >> 2) + 1] === key.length &&
        this.#key(entry) === key
      ) {
        return table + i * 4;
      }
    }
  }

  #enlargeTable(): void {
    const numbers = this.#numbers;
    const old = numbers[tableWord]!;
    const oldSlots = numbers[slotsWord]!;
    const slots = oldSlots * 2;
    const table = this.allocate(slots * 4);
    for (let i = 0; i < oldSlots; i++) {
      const entry = numbers[(old >> 2) + i]!;
      if (entry === 0) continue;
      let at = numbers[entry >> 2]! & (slots - 1);
      while (numbers[(table >> 2) + at] !== 0) at = (at + 1) & (slots - 1);
      numbers[(table >> 2) + at] = entry;
    }
    numbers[tableWord] = table;
    numbers[slotsWord] = slots;
    this.free(old);
  }

  #growTo(size: number): void {
    const { buffer } = this;
    if (size <= buffer.byteLength) return;
    if (size > buffer.maxByteLength) throw new SharedMemoryFull(buffer.maxByteLength);
    buffer.grow(Math.min(buffer.maxByteLength, roundUp(Math.max(size, buffer.byteLength * 2))));
  }

  #view(): Buffer {
    if (this.#bytes.length !== this.buffer.byteLength) this.#bytes = Buffer.from(this.buffer);
    return this.#bytes;
  }
}

/** To whole pages, so that views of eight bytes always fit. */
function roundUp(size: number): number {
  return Math.ceil(size / 65536) * 65536;
}

/** FNV-1a. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
