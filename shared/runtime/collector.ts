// The runtime: where managed objects live and when they go. It stands in place of the compiler's `minimal` runtime
// (scripts/asc.mjs), whose allocator alone took half of the guest's time for a small request.
//
// Small objects stand side by side in chunks: making one moves a cursor through a run of free bytes. Chunks come from
// the compiler's TLSF allocator, which also serves larger objects itself. A collection marks what can be reached,
// then walks the chunks: what lies free side by side becomes one run, and chunks that are free as a whole go back,
// but for as many bytes as are allocated until the next collection.
//
// A collection comes at depth 0 only (abi/memory.ts): no managed value is on the stack then. It costs as much as
// there is alive and dead. The exported functions are what the compiler calls; scripts/asc.mjs makes them global.

/** A managed object's header, as the compiler lays it out and reads it. */
@unmanaged
class Block {
  /** Bytes after this word that belong to the object. Large: TLSF's flags in the lowest two bits. */
  extent: u32;
  /** The next of its list, where it is in one; flags in the lowest two bits: addresses end in 12. */
  nextAndFlags: u32;
  /** Small and static: the next to be scanned. Large: the one before it in the list. */
  link: u32;
  classId: u32;
  size: u32;
}

/** What chunks begin with. */
@unmanaged
class Chunk {
  next: usize;
  end: usize;
}

const EXTENT_SIZE: usize = 4;
const HEADER: usize = 20;
/** Objects start at multiples of it, so their headers do not. */
const ALIGNMENT: usize = 16;
const CHUNK_HEADER: usize = ALIGNMENT - EXTENT_SIZE;
const CHUNK_BYTES: usize = 16 * 1024;
const MAX_SIZE: usize = (1 << 30) - HEADER;
/** Blocks of up to so many bytes are small. */
const MAX_SMALL: usize = 512;
/** Shorter runs are not worth looking into. */
const MIN_RUN: usize = 64;
/** Free bytes in whole chunks that are kept: about what is allocated between two collections. */
const SPARE_BYTES: usize = 128 * 1024;
const COLOR: u32 = 1;
/** Small: free bytes, not an object. Static: in the list of those that were reached. */
const MARKED: u32 = 2;
const FLAGS: u32 = 3;
/** Class ids of the compiler that hold no references: Object, ArrayBuffer, String. */
const LAST_LEAF_CLASS: u32 = 2;
const ARRAY_BUFFER = 1;
/** A static object of size 0 behind its header. */
const EMPTY_BUFFER: usize = memory.data<u32>([0, 0, 0, ARRAY_BUFFER, 0]) + HEADER;

let chunks: usize = 0;
/** The run in use: the next object stands at `cursor`. */
let cursor: usize = 0;
let limit: usize = 0;
/** Where the cursor began. */
let opened: usize = 0;
/** Further runs. */
let runs: usize = 0;

/** All large objects, linked both ways. */
let large: usize = 0;
/** Static objects that were ever reached and may refer to others. */
let statics: usize = 0;
/** Objects that are reached but not yet scanned. */
let unscanned: usize = 0;
/** The colour of what has not been reached; all are of this colour between collections. */
let white: u32 = 0;

/** Bytes allocated since the last collection, without those in the run in use. */
let fresh: usize = 0;
/** Bytes that survived it. */
let survived: usize = 0;

export function __allocated(): usize {
  return fresh + (cursor - opened);
}

export function __survived(): usize {
  return survived;
}

function blockOf(object: usize): Block {
  return changetype<Block>(object - HEADER);
}

function isSmall(block: Block): bool {
  return block.extent < <u32>MAX_SMALL;
}

/** What a small object of this size takes. */
function blockBytes(size: usize): usize {
  return (size + HEADER + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

export function __new(size: usize, classId: i32): usize {
  // 0 wraps around.
  if (size - 1 > MAX_SMALL - HEADER - 1) return newOther(size, classId);
  const bytes = blockBytes(size);
  if (limit - cursor < bytes) openRun(bytes);
  const address = cursor;
  cursor += bytes;
  const block = changetype<Block>(address);
  block.extent = <u32>(bytes - EXTENT_SIZE);
  block.nextAndFlags = white;
  block.classId = classId;
  block.size = <u32>size;
  return address + HEADER;
}

/** Puts the cursor to a run of at least `bytes`. Shorter ones wait for the next collection. */
function openRun(bytes: usize): void {
  closeRun();
  while (runs != 0) {
    const run = changetype<Block>(runs);
    cursor = runs;
    opened = runs;
    limit = runs + EXTENT_SIZE + <usize>run.extent;
    runs = <usize>run.link;
    if (limit - cursor >= bytes) return;
  }
  const start = __alloc(CHUNK_BYTES);
  const chunk = changetype<Chunk>(start);
  chunk.next = chunks;
  chunk.end = start + CHUNK_HEADER + ((CHUNK_BYTES - CHUNK_HEADER) & ~(ALIGNMENT - 1));
  chunks = start;
  cursor = start + CHUNK_HEADER;
  opened = cursor;
  limit = chunk.end;
}

/** Makes what is left of the run readable for the walk through its chunk. */
function closeRun(): void {
  if (cursor < limit) makeFree(cursor, limit);
  fresh += cursor - opened;
  cursor = limit;
  opened = limit;
}

function makeFree(start: usize, end: usize): void {
  const run = changetype<Block>(start);
  run.extent = <u32>(end - start - EXTENT_SIZE);
  run.nextAndFlags = MARKED;
}

/** Large objects, and the memory of empty arrays, which all share: where they grow they get their own. */
function newOther(size: usize, classId: i32): usize {
  if (size > 0) return newLarge(size, classId);
  if (classId == ARRAY_BUFFER) return EMPTY_BUFFER;
  const object = __new(1, classId);
  blockOf(object).size = 0;
  return object;
}

function newLarge(size: usize, classId: i32): usize {
  const address = __alloc(HEADER - EXTENT_SIZE + size) - EXTENT_SIZE;
  const block = changetype<Block>(address);
  block.nextAndFlags = white;
  block.classId = classId;
  block.size = <u32>size;
  join(address, large);
  join(0, address);
  fresh += size;
  return address + HEADER;
}

/** Puts one large object behind another. `left` 0: at the beginning of the list; `right` 0: it ends there. */
function join(left: usize, right: usize): void {
  if (left == 0) large = right;
  else changetype<Block>(left).nextAndFlags = (<u32>right) | (changetype<Block>(left).nextAndFlags & COLOR);
  if (right != 0) changetype<Block>(right).link = <u32>left;
}

export function __renew(object: usize, size: usize): usize {
  const block = blockOf(object);
  if (object >= __heap_base) {
    if (size <= ((<usize>block.extent) & ~(<usize>FLAGS)) + EXTENT_SIZE - HEADER) {
      block.size = <u32>size;
      return object;
    }
    if (!isSmall(block)) return renewLarge(block, size);
    if (growsInPlace(block, size)) return object;
  }
  // What was there is garbage from now on.
  const renewed = __new(size, block.classId);
  memory.copy(renewed, object, min(size, <usize>block.size));
  return renewed;
}

/** The newest object can grow where it stands. */
function growsInPlace(block: Block, size: usize): bool {
  const start = changetype<usize>(block);
  if (start + EXTENT_SIZE + <usize>block.extent != cursor || size > MAX_SMALL - HEADER) return false;
  const end = start + blockBytes(size);
  if (end > limit) return false;
  cursor = end;
  block.extent = <u32>(end - start - EXTENT_SIZE);
  block.size = <u32>size;
  return true;
}

function renewLarge(block: Block, size: usize): usize {
  if (size > MAX_SIZE) unreachable();
  const before = block.size;
  const payload = changetype<usize>(block) + EXTENT_SIZE;
  const address = __realloc(payload, HEADER - EXTENT_SIZE + size) - EXTENT_SIZE;
  const moved = changetype<Block>(address);
  moved.size = <u32>size;
  join(<usize>moved.link, address);
  join(address, <usize>(moved.nextAndFlags & ~FLAGS));
  fresh += size - before;
  return address + HEADER;
}

export function __link(parent: usize, child: usize, expectMultiple: bool): void {
  // Nothing is collected while code runs.
}

export function __visit(object: usize, cookie: i32): void {
  if (object == 0) return;
  const block = blockOf(object);
  if (object < __heap_base) return visitStatic(block);
  if ((block.nextAndFlags & COLOR) != white) return;
  block.nextAndFlags ^= COLOR;
  if (block.classId <= LAST_LEAF_CLASS) return;
  if (isSmall(block)) {
    block.link = <u32>unscanned;
    unscanned = changetype<usize>(block);
  } else {
    // Its link is taken. Large objects with references are few and not nested: arrays of fixed length.
    __visit_members(object, 0);
  }
}

/** A static object that refers to others gets into a list when it is first reached: a sweep must find it to paint it. */
function visitStatic(block: Block): void {
  if (block.classId <= LAST_LEAF_CLASS) return;
  if (!(block.nextAndFlags & MARKED)) {
    block.nextAndFlags = (<u32>statics) | MARKED | white;
    statics = changetype<usize>(block);
  }
  if ((block.nextAndFlags & COLOR) != white) return;
  block.nextAndFlags ^= COLOR;
  block.link = <u32>unscanned;
  unscanned = changetype<usize>(block);
}

export function __collect(): void {
  __visit_globals(0);
  while (unscanned != 0) {
    const address = unscanned;
    unscanned = changetype<Block>(address).link;
    __visit_members(address + HEADER, 0);
  }
  survived = sweepChunks() + sweepLarge();
  for (let at = statics; at != 0; at = <usize>(changetype<Block>(at).nextAndFlags & ~FLAGS)) {
    changetype<Block>(at).nextAndFlags = (changetype<Block>(at).nextAndFlags & ~COLOR) | (white ^ COLOR);
  }
  white ^= COLOR;
  fresh = 0;
}

/** Collects the runs between the objects that were reached; returns the bytes of those. */
function sweepChunks(): usize {
  closeRun();
  cursor = 0;
  limit = 0;
  opened = 0;
  runs = 0;
  let bytes: usize = 0;
  let spare: usize = 0;
  let previous: usize = 0;
  for (let at = chunks; at != 0;) {
    const next = changetype<Chunk>(at).next;
    const alive = sweepChunk(at, spare < SPARE_BYTES);
    bytes += alive;
    if (alive > 0 || spare < SPARE_BYTES) {
      if (alive == 0) spare += CHUNK_BYTES;
      previous = at;
    } else {
      if (previous == 0) chunks = next;
      else changetype<Chunk>(previous).next = next;
      __free(at);
    }
    at = next;
  }
  return bytes;
}

/** The runs of one chunk; the bytes of what was reached in it. One that is free as a whole is a run if it `isKept`. */
function sweepChunk(chunk: usize, isKept: bool): usize {
  const end = changetype<Chunk>(chunk).end;
  let bytes: usize = 0;
  let free = chunk + CHUNK_HEADER;
  for (let at = free; at < end;) {
    const block = changetype<Block>(at);
    const next = at + EXTENT_SIZE + <usize>block.extent;
    if (!(block.nextAndFlags & MARKED) && (block.nextAndFlags & COLOR) != white) {
      bytes += next - at;
      addRun(free, at);
      free = next;
    }
    at = next;
  }
  if (bytes > 0 || isKept) addRun(free, end);
  return bytes;
}

function addRun(start: usize, end: usize): void {
  if (start == end) return;
  makeFree(start, end);
  if (end - start < MIN_RUN) return;
  changetype<Block>(start).link = <u32>runs;
  runs = start;
}

function sweepLarge(): usize {
  let bytes: usize = 0;
  for (let at = large; at != 0;) {
    const block = changetype<Block>(at);
    const next = <usize>(block.nextAndFlags & ~FLAGS);
    if ((block.nextAndFlags & COLOR) == white) {
      join(<usize>block.link, next);
      __free(at + EXTENT_SIZE);
    } else {
      bytes += <usize>block.size;
    }
    at = next;
  }
  return bytes;
}
