// The tree of the paths that are edited, and the text of what an edit creates.

import { Buffer, Span } from "../bytes";
import { JsonError } from "./error";
import { escapeInto } from "./escape";
import { JsonSegment } from "./path";

/** The most items a `null` is written for to reach the index of a new one. */
const MAX_PADDING: i32 = 1024;

/** One segment of an edited path: a leaf is replaced or removed, an inner node leads to its children. */
export class EditNode {
  children: EditNode[] = [];
  /** A leaf's new value; null for a removal and for an inner node. */
  replacement: Span | null = null;
  isRemoval: bool = false;
  /** Ordinal of the last member of this name in the object being walked, or -1. */
  last: i32 = -1;

  constructor(readonly segment: JsonSegment) {}

  /** The child for a segment, made where there is none. Every `-1` is a new item. */
  child(segment: JsonSegment): EditNode {
    for (let i = 0; i < this.children.length && !segment.isAppend; i++) {
      const child = this.children[i];
      if (child.segment.name.equals(segment.name)) return child;
    }
    const made = new EditNode(segment);
    this.children.push(made);
    return made;
  }

  /** The child that edits the item at `index`, or null. */
  item(index: i32): EditNode | null {
    for (let i = 0; i < this.children.length; i++) {
      if (this.children[i].segment.index == index) return this.children[i];
    }
    return null;
  }

  /** Whether the edit writes something where nothing is yet. */
  get creates(): bool {
    if (this.replacement) return true;
    for (let i = 0; i < this.children.length; i++) {
      if (this.children[i].creates) return true;
    }
    return false;
  }

  /** Whether what has to be made for this node is an array: its first new child is an index, or `-1`. */
  private get makesArray(): bool {
    for (let i = 0; i < this.children.length; i++) {
      const child = this.children[i];
      if (child.creates) return child.segment.isAppend || child.segment.index >= 0;
    }
    return false;
  }

  /** Appends the value of a node that creates; `Path` when an index is too far away or a name is none. */
  write(out: Buffer): JsonError {
    const replacement = this.replacement;
    if (replacement) {
      out.append(replacement);
      return JsonError.None;
    }
    const isArray = this.makesArray;
    out.push(isArray ? 0x5b : 0x7b);
    const error = isArray ? this.writeItems(out, 0, false) : this.writeMembers(out);
    out.push(isArray ? 0x5d : 0x7d);
    return error;
  }

  /** Appends the members that the object walked last does not have. */
  writeMembers(out: Buffer): JsonError {
    let comma = false;
    for (let i = 0; i < this.children.length; i++) {
      const child = this.children[i];
      if (child.last >= 0 || !child.creates) continue;
      if (child.segment.isAppend) return JsonError.Path;
      if (comma) out.push(0x2c);
      comma = true;
      out.push(0x22);
      escapeInto(out, child.segment.name);
      out.push(0x22);
      out.push(0x3a);
      const error = child.write(out);
      if (error != JsonError.None) return error;
    }
    return JsonError.None;
  }

  /**
   * Appends the items from index `count` on, `null` where no edit names one, then the `-1` ones. `comma`
   * tells that an item stands before them.
   */
  writeItems(out: Buffer, count: i32, comma: bool): JsonError {
    let last = count - 1;
    for (let i = 0; i < this.children.length; i++) {
      const child = this.children[i];
      if (!child.creates) continue;
      if (child.segment.index < 0 && !child.segment.isAppend) return JsonError.Path;
      last = max(last, child.segment.index);
    }
    if (last - count >= MAX_PADDING) return JsonError.Path;
    let error = JsonError.None;
    for (let index = count; index <= last && error == JsonError.None; index++) {
      if (comma) out.push(0x2c);
      comma = true;
      const child = this.item(index);
      if (child && child.creates) error = child.write(out);
      else out.text("null");
    }
    for (let i = 0; i < this.children.length && error == JsonError.None; i++) {
      const child = this.children[i];
      if (!child.segment.isAppend || !child.creates) continue;
      if (comma) out.push(0x2c);
      comma = true;
      error = child.write(out);
    }
    return error;
  }
}
