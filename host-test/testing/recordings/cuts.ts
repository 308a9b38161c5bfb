// Ways to cut a body into the chunks that it arrives in. Chunks share the body's memory.

/** Every way to cut the body in two: one list `[head, tail]` for each position inside it. */
export function* everySingleCut(bytes: Uint8Array): Generator<Uint8Array[]> {
  for (let position = 1; position < bytes.length; position++) yield at(bytes, [position]);
}

/** The body in chunks of `size` bytes, one by default. */
export function drip(bytes: Uint8Array, size = 1): Uint8Array[] {
  const positions: number[] = [];
  for (let position = size; position < bytes.length; position += size) positions.push(position);
  return at(bytes, positions);
}

/**
 * `count` random partitions. They run from a handful of chunks to one for every few bytes; equal arguments give
 * equal partitions.
 */
export function* partitions(bytes: Uint8Array, count: number, seed: number): Generator<Uint8Array[]> {
  const random = generator(seed);
  for (let made = 0; made < count; made++) {
    // The number of cuts is spread evenly over orders of magnitude, so coarse and fine partitions both occur.
    const cuts = Math.ceil(Math.exp(random() * Math.log(Math.max(2, bytes.length / 2))));
    const positions = new Set<number>();
    for (let cut = 0; cut < cuts; cut++) positions.add(1 + Math.floor(random() * (bytes.length - 1)));
    yield at(
      bytes,
      [...positions].sort((left, right) => left - right).filter((position) => position < bytes.length),
    );
  }
}

function at(bytes: Uint8Array, positions: readonly number[]): Uint8Array[] {
  const bounds = [0, ...positions, bytes.length];
  return bounds.slice(1).map((end, index) => bytes.subarray(bounds[index], end));
}

/** Numbers in [0, 1): mulberry32, public domain, by Tommy Ettinger. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
