// A pattern as instructions for many threads that read the text together. One instruction is three numbers:
// the operation and two arguments. Thompson 1968; https://swtch.com/~rsc/regexp/regexp2.html

import { Node, NodeKind } from "./node";

export const enum Op {
  Match = 0,
  /** The code point `a`. */
  Char = 1,
  /** A code point of the class `a`. */
  Class = 2,
  /** The assertion `a`. */
  Assert = 3,
  /** Goes on at `a` and, with lower priority, at `b`. */
  Split = 4,
  Jump = 5,
  /** Notes the position as the slot `a`. */
  Save = 6,
}

const MAX_INSTRUCTIONS = 5000;

export class Program {
  private code: i32[] = [];
  isTooLarge: bool = false;

  static of(node: Node): Program {
    const program = new Program();
    program.push(Op.Save, 0);
    program.emit(node);
    program.push(Op.Save, 1);
    program.push(Op.Match);
    return program;
  }

  get size(): i32 {
    return this.code.length / 3;
  }

  op(at: i32): Op {
    return <Op>this.code[at * 3];
  }
  a(at: i32): i32 {
    return this.code[at * 3 + 1];
  }
  b(at: i32): i32 {
    return this.code[at * 3 + 2];
  }

  private push(op: Op, a: i32 = 0, b: i32 = 0): i32 {
    if (this.size >= MAX_INSTRUCTIONS) {
      this.isTooLarge = true;
      return 0;
    }
    this.code.push(<i32>op);
    this.code.push(a);
    this.code.push(b);
    return this.size - 1;
  }

  private point(at: i32, a: i32, b: i32): void {
    this.code[at * 3 + 1] = a;
    this.code[at * 3 + 2] = b;
  }

  /** A split whose preferred way goes into the part that follows it, or past it when it is lazy. */
  private fork(split: i32, past: i32, isLazy: bool): void {
    if (isLazy) this.point(split, past, split + 1);
    else this.point(split, split + 1, past);
  }

  private emit(node: Node): void {
    if (this.isTooLarge) return;
    switch (node.kind) {
      case NodeKind.Char:
        this.push(Op.Char, node.value);
        break;
      case NodeKind.Class:
        this.push(Op.Class, node.value);
        break;
      case NodeKind.Assert:
        this.push(Op.Assert, node.value);
        break;
      case NodeKind.Concat:
        for (let i = 0; i < node.children.length; i++) this.emit(node.children[i]);
        break;
      case NodeKind.Alternate:
        this.alternate(node);
        break;
      case NodeKind.Repeat:
        this.repeat(node);
        break;
      case NodeKind.Capture:
        this.push(Op.Save, node.value * 2);
        this.emit(node.children[0]);
        this.push(Op.Save, node.value * 2 + 1);
        break;
    }
  }

  private alternate(node: Node): void {
    const jumps: i32[] = [];
    for (let i = 0; i < node.children.length; i++) {
      const isLast = i == node.children.length - 1;
      const split = isLast ? 0 : this.push(Op.Split);
      this.emit(node.children[i]);
      if (isLast) break;
      jumps.push(this.push(Op.Jump));
      this.fork(split, this.size, false);
    }
    for (let i = 0; i < jumps.length; i++) this.point(jumps[i], this.size, 0);
  }

  private repeat(node: Node): void {
    const child = node.children[0];
    for (let i = 0; i < node.min && !this.isTooLarge; i++) this.emit(child);
    if (node.max < 0) {
      const split = this.push(Op.Split);
      this.emit(child);
      this.push(Op.Jump, split);
      this.fork(split, this.size, node.isLazy);
      return;
    }
    const splits: i32[] = [];
    for (let i = node.min; i < node.max && !this.isTooLarge; i++) {
      splits.push(this.push(Op.Split));
      this.emit(child);
    }
    for (let i = 0; i < splits.length; i++) this.fork(splits[i], this.size, node.isLazy);
  }
}
