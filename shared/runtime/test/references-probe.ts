// Exports for tests: objects with references in a base class, between numbers and behind more words than 64.

export { abort } from "as-proxy-wasm-sdk/abi/abort";

class Base {
  first: string = "";
  number: i32 = 0;
  second: string[] = [];
}

class Derived extends Base {
  wide: f64 = 0;
  third: string = "";
  next: Derived | null = null;
}

/** 272 bytes of numbers. */
class Numbers extends Base {
  a: v128 = i64x2(0, 0);
  b: v128 = i64x2(0, 0);
  c: v128 = i64x2(0, 0);
  d: v128 = i64x2(0, 0);
  e: v128 = i64x2(0, 0);
  f: v128 = i64x2(0, 0);
  g: v128 = i64x2(0, 0);
  h: v128 = i64x2(0, 0);
  i: v128 = i64x2(0, 0);
  j: v128 = i64x2(0, 0);
  k: v128 = i64x2(0, 0);
  l: v128 = i64x2(0, 0);
  m: v128 = i64x2(0, 0);
  n: v128 = i64x2(0, 0);
  o: v128 = i64x2(0, 0);
  p: v128 = i64x2(0, 0);
  q: v128 = i64x2(0, 0);
}

class Far extends Numbers {
  third: string = "";
  next: Derived | null = null;
}

let near: Derived | null = null;
let far: Far | null = null;

export function make(id: i32): void {
  const inner = new Derived();
  inner.first = `inner ${id}`;
  const one = new Derived();
  one.first = `first ${id}`;
  one.second.push(`second ${id}`);
  one.third = `third ${id}`;
  one.next = inner;
  near = one;
  const other = new Far();
  other.first = `far first ${id}`;
  other.second.push(`far second ${id}`);
  other.third = `far third ${id}`;
  other.next = one;
  far = other;
}

/** As many collections, with texts in between that would take the place of what was lost. */
export function churn(times: i32): void {
  for (let i = 0; i < times; i++) {
    __collect();
    for (let j = 0; j < 1000; j++) `some other text ${j}`.concat("!");
  }
}

/** Whether all is as `make` left it. */
export function isWhole(id: i32): bool {
  const one = near;
  const other = far;
  if (one === null || other === null || other.next !== one) return false;
  const inner = one.next;
  if (inner === null || inner.first !== `inner ${id}`) return false;
  if (one.first !== `first ${id}` || one.second[0] !== `second ${id}` || one.third !== `third ${id}`)
    return false;
  return (
    other.first === `far first ${id}` &&
    other.second[0] === `far second ${id}` &&
    other.third === `far third ${id}`
  );
}
