// Whether the heap can take so much more. The standard library's allocator traps where the host refuses it memory, so who
// is about to work on something large asks here first.
//
// Where no free block is large enough, memory is grown and given to the allocator as it does itself: its last block, which
// is empty and stands at the end of memory, becomes one over the new pages, and is freed
// (`std/assembly/rt/tlsf.ts` of AssemblyScript 0.28).

/** Place of the pointer to the last block in the allocator's root, behind 1 + 23 maps of 4 bytes and 23 · 16 lists. */
const TAIL: usize = 4 + 23 * 4 + 23 * 16 * 4;
/** Header of a block: its size and two marks, of which this one says that the block to the left is free. */
const HEADER: usize = 4;
const LEFT_FREE: u32 = 2;
/** Level `i` of free blocks begins at 2^(i + 7) bytes, and has 16 steps. */
const FIRST_LEVEL: u32 = 7;
const STEP_BITS: u32 = 4;
const PAGE_BITS: u32 = 16;
/** Larger blocks the allocator does not have. */
const LARGEST: u32 = 1 << 29;

/** What has fewer bytes fits into what a VM has anyway: nobody needs to ask. */
export const LARGE = 1 << 20;

let isWatched: bool = false;
let hasLacked: bool = false;

/**
 * From now on, up to `unwatchRoom` in the same callback, what is large and does not fit into the VM's memory is refused
 * instead of trapped on. For work of which nobody can say beforehand how much memory it takes.
 */
export function watchRoom(): void {
  isWatched = true;
  hasLacked = false;
}

export function unwatchRoom(): void {
  isWatched = false;
}

/** True when something was refused since `watchRoom`: what was made meanwhile lacks pieces, and must not be used. */
export function lackedRoom(): bool {
  return hasLacked;
}

/** False, and nothing may be allocated, where memory of this size has no room and somebody watches. */
export function takesRoom(size: i32): bool {
  return size < LARGE || !isWatched || fits(size);
}

/**
 * Whether one piece of `size` bytes can be allocated, and many small ones before it: they may come out of the block that
 * was found, and the allocator only looks among blocks that are up to a sixteenth larger than what it needs.
 */
export function fits(size: i32): bool {
  if (size < LARGE || hasRoom(<u32>size + ((<u32>size) >>> STEP_BITS) + LARGE)) return true;
  hasLacked = true;
  return false;
}

/** True when `size` bytes can be allocated, in one piece or in several. */
export function hasRoom(size: u32): bool {
  if (size > LARGEST) return false;
  const root = (__heap_base + 15) & ~(<usize>15);
  if (hasBlock(root, max<u32>(size, 256))) return true;
  const end = (<usize>memory.size()) << PAGE_BITS;
  const last = load<usize>(root, TAIL);
  // Another allocator than the one described: nothing is known.
  if (last + HEADER != end) return true;
  const pages = <i32>((size >>> PAGE_BITS) + 2);
  if (memory.grow(pages) < 0) return false;
  const grown = ((<usize>pages) << PAGE_BITS) - HEADER;
  store<u32>(last, (<u32>grown) | (load<u32>(last) & LEFT_FREE));
  // The new last block.
  store<u32>(end + grown, 0);
  store<usize>(root, end + grown, TAIL);
  __free(end);
  return true;
}

/** True when a list of free blocks that are all large enough has one. The root begins with the maps of levels and steps. */
function hasBlock(root: usize, size: u32): bool {
  const bits = 31 - clz(size);
  const rounded = size + (1 << (bits - STEP_BITS)) - 1;
  const top = 31 - clz(rounded);
  const level = top - FIRST_LEVEL;
  const step = (rounded >>> (top - STEP_BITS)) ^ (1 << STEP_BITS);
  const steps = load<u32>(root + 4 + ((<usize>level) << 2));
  return steps >>> step != 0 || load<u32>(root) >>> (level + 1) != 0;
}
