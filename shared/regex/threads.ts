// Runs a program over a text. All threads read the same code point; the one that stands first in the list, which
// started first and chose preferred ways, wins. No two threads stand at one instruction, so a step costs at most
// the program's size.

import { Span } from "../bytes";
import { Assertion, CharClass } from "./node";
import { isWord } from "./parser";
import { Op, Program } from "./program";

const REPLACEMENT = 0xfffd;

class ThreadList {
  size: i32 = 0;
  /** Instruction of each thread, highest priority first. */
  at: StaticArray<i32>;
  /** The slots of all threads, one after the other. */
  slots: StaticArray<i32>;
  private marks: StaticArray<i32>;
  private generation: i32 = 1;

  constructor(instructions: i32, slotCount: i32) {
    this.at = new StaticArray<i32>(instructions);
    this.slots = new StaticArray<i32>(instructions * slotCount);
    this.marks = new StaticArray<i32>(instructions);
  }

  clear(): void {
    this.size = 0;
    this.generation++;
  }

  /** True the first time an instruction is met since `clear`. */
  enters(at: i32): bool {
    if (this.marks[at] == this.generation) return false;
    this.marks[at] = this.generation;
    return true;
  }
}

/** One code point of a text and how many bytes it has; 0 bytes at the end. */
export class CodePoint {
  value: i32 = 0;
  width: i32 = 0;

  read(text: Span, at: i32): void {
    const lead = text.at(at);
    this.value = lead;
    this.width = lead < 0 ? 0 : 1;
    if (lead < 0x80) return;
    const count = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 ? 3 : 2;
    let value = lead & (0x7f >> count);
    for (let i = 1; i < count; i++) {
      const next = text.at(at + i);
      if (next < 0 || (next & 0xc0) != 0x80) value = i32.MIN_VALUE >> 8;
      value = (value << 6) | (next & 0x3f);
    }
    const least = count == 2 ? 0x80 : count == 3 ? 0x800 : 0x10000;
    const isSurrogate = value >= 0xd800 && value < 0xe000;
    if (lead < 0xc2 || lead > 0xf4 || value < least || value > 0x10ffff || isSurrogate) {
      this.value = REPLACEMENT;
      return;
    }
    this.value = value;
    this.width = count;
  }
}

/** Steps that a search costs before it reads anything. */
const SETUP: i64 = 16;

export class Threads {
  /** Instructions followed, threads set up included. */
  steps: i64 = 0;
  private best: StaticArray<i32>;
  /** Slots of the thread that is being added. */
  private own: StaticArray<i32>;
  /** Pairs: an instruction to add and 0, or a slot as `-1 - slot` and the value to give back to it. */
  private pending: i32[] = [];

  constructor(
    private program: Program,
    private classes: CharClass[],
    private slotCount: i32,
  ) {
    this.best = new StaticArray<i32>(slotCount);
    this.own = new StaticArray<i32>(slotCount);
  }

  /** The slots of the first match at or after `from`; null where there is none, or where that takes more steps. */
  run(text: Span, from: i32, maxSteps: i64): StaticArray<i32> | null {
    this.steps = this.program.size + SETUP;
    let current = new ThreadList(this.program.size, this.slotCount);
    let next = new ThreadList(this.program.size, this.slotCount);
    const char = new CodePoint();
    let isMatched = false;
    let position = from;
    for (;;) {
      if (!isMatched) {
        this.own.fill(-1);
        this.add(current, 0, text, position);
      }
      if (isMatched && current.size == 0) break;
      this.steps += current.size + 1;
      if (this.steps > maxSteps) return null;
      char.read(text, position);
      const after = position + char.width;
      next.clear();
      for (let i = 0; i < current.size; i++) {
        const at = current.at[i];
        if (this.program.op(at) == Op.Match) {
          // Threads behind this one have lower priority.
          memory.copy(this.address(this.best, 0), this.address(current.slots, i), this.slotBytes);
          isMatched = true;
          break;
        }
        if (char.width > 0 && this.accepts(at, char.value)) {
          memory.copy(this.address(this.own, 0), this.address(current.slots, i), this.slotBytes);
          this.add(next, at + 1, text, after);
        }
      }
      if (char.width == 0) break;
      position = after;
      const passed = current;
      current = next;
      next = passed;
    }
    return isMatched ? this.best : null;
  }

  private get slotBytes(): usize {
    return (<usize>this.slotCount) << 2;
  }

  /** Address of the slots of the thread `index`. */
  private address(slots: StaticArray<i32>, index: i32): usize {
    return changetype<usize>(slots) + <usize>index * this.slotBytes;
  }

  private accepts(at: i32, char: i32): bool {
    const argument = this.program.a(at);
    return this.program.op(at) == Op.Char ? char == argument : this.classes[argument].has(char);
  }

  /** Adds the thread at `start`, or those it splits into, to the list. */
  private add(list: ThreadList, start: i32, text: Span, position: i32): void {
    const pending = this.pending;
    pending.push(start);
    pending.push(0);
    while (pending.length > 0) {
      const value = pending.pop();
      const at = pending.pop();
      if (at < 0) {
        this.own[-1 - at] = value;
        continue;
      }
      if (!list.enters(at)) continue;
      const argument = this.program.a(at);
      switch (this.program.op(at)) {
        case Op.Jump:
          this.follow(argument);
          break;
        case Op.Split:
          this.follow(this.program.b(at));
          this.follow(argument);
          break;
        case Op.Save:
          pending.push(-1 - argument);
          pending.push(this.own[argument]);
          this.own[argument] = position;
          this.follow(at + 1);
          break;
        case Op.Assert:
          if (holds(argument, text, position)) this.follow(at + 1);
          break;
        default:
          list.at[list.size] = at;
          memory.copy(this.address(list.slots, list.size), this.address(this.own, 0), this.slotBytes);
          list.size++;
      }
    }
  }

  private follow(at: i32): void {
    this.pending.push(at);
    this.pending.push(0);
  }
}

function holds(assertion: Assertion, text: Span, position: i32): bool {
  switch (assertion) {
    case Assertion.TextStart:
      return position == 0;
    case Assertion.TextEnd:
      return position == text.size;
    case Assertion.LineStart:
      return position == 0 || text.at(position - 1) == 0x0a;
    case Assertion.LineEnd:
      return position == text.size || text.at(position) == 0x0a;
  }
  const isBoundary = isWord(text.at(position - 1)) != isWord(text.at(position));
  return isBoundary == (assertion == Assertion.WordBoundary);
}
