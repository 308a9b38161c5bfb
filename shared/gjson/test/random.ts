// Numbers that look random and are the same in every run (mulberry32).

export interface Random {
  below(limit: number): number;
  pick<T>(of: readonly T[]): T;
  /** True once in `count` times. */
  chance(count: number): boolean;
}

export function randomOf(seed: number): Random {
  const below = (limit: number) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let bits = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) % limit;
  };
  return {
    below,
    pick: (of) => of[below(of.length)]!,
    chance: (count) => below(count) === 0,
  };
}
