// The parts of a pattern as the parser leaves them.

export const enum NodeKind {
  Empty = 0,
  /** `value` is the code point. */
  Char = 1,
  /** `value` is an index into the pattern's classes. */
  Class = 2,
  /** `value` is an `Assertion`. */
  Assert = 3,
  Concat = 4,
  Alternate = 5,
  /** One child, `min` to `max` times; `max` -1 is without end. */
  Repeat = 6,
  /** One child; `value` is the group's number. */
  Capture = 7,
}

export const enum Assertion {
  TextStart = 0,
  TextEnd = 1,
  LineStart = 2,
  LineEnd = 3,
  WordBoundary = 4,
  NoWordBoundary = 5,
}

export class Node {
  children: Node[] = [];
  min: i32 = 0;
  max: i32 = 0;
  isLazy: bool = false;

  constructor(
    public kind: NodeKind,
    public value: i32 = 0,
  ) {}

  static repeat(child: Node, min: i32, max: i32): Node {
    const node = new Node(NodeKind.Repeat);
    node.children.push(child);
    node.min = min;
    node.max = max;
    return node;
  }
}

/** A set of code points: ranges, each as its first and its last. */
export class CharClass {
  ranges: i32[] = [];
  isNegated: bool = false;

  add(first: i32, last: i32): void {
    this.ranges.push(first);
    this.ranges.push(last);
  }

  /** The letters of ASCII in both cases. */
  foldCase(): void {
    const count = this.ranges.length;
    for (let i = 0; i + 1 < count; i += 2) {
      this.shift(this.ranges[i], this.ranges[i + 1], 0x61, 0x7a, -0x20);
      this.shift(this.ranges[i], this.ranges[i + 1], 0x41, 0x5a, 0x20);
    }
  }

  has(char: i32): bool {
    const ranges = this.ranges;
    for (let i = 0; i + 1 < ranges.length; i += 2) {
      if (char >= ranges[i] && char <= ranges[i + 1]) return !this.isNegated;
    }
    return this.isNegated;
  }

  private shift(first: i32, last: i32, from: i32, to: i32, by: i32): void {
    const low = max(first, from);
    const high = min(last, to);
    if (low <= high) this.add(low + by, high + by);
  }
}
