// Splices in a held body. Envoy can drop bytes from the front of a buffer and add bytes at its end, so an edit
// near the start costs what stands before it, and an edit far behind is made by moving the whole body through
// one window: drop the first window, append it edited, until every byte has passed. Guest memory stays one window.

import { Buffer } from "../bytes/buffer";
import { Span } from "../bytes/span";
import { Body, WINDOW } from "./body";

class Splice {
  constructor(
    public start: i32,
    public end: i32,
    public bytes: Span,
  ) {}
}

/** Up to here it is cheaper to take out the beginning whole than to move everything. */
const LONGEST_PREFIX = 4 * WINDOW;

const out = new Buffer(WINDOW);

export class BodyEdit {
  /** In ascending order, without overlap. */
  private splices: Splice[] = [];

  /** `size` is the exact number of visible bytes, found by reading to the end. */
  constructor(
    private body: Body,
    private size: i32,
  ) {}

  /** The bytes from `start` up to `end` become `bytes`. False when the range is outside or touches another. */
  replace(start: i32, end: i32, bytes: Span): bool {
    if (start < 0 || end < start || end > this.size) return false;
    let at = 0;
    while (at < this.splices.length && this.splices[at].start < end) at++;
    if (at > 0 && this.splices[at - 1].end > start) return false;
    // Two insertions at one place stand in the order in which they were made.
    while (at < this.splices.length && this.splices[at].start == start && this.splices[at].end == start) at++;
    this.splices.push(new Splice(start, end, bytes));
    for (let i = this.splices.length - 1; i > at; i--) {
      const later = this.splices[i - 1];
      this.splices[i - 1] = this.splices[i];
      this.splices[i] = later;
    }
    return true;
  }

  insert(at: i32, bytes: Span): bool {
    return this.replace(at, at, bytes);
  }

  /** Makes the edits. False when the host refuses; the body is then to be given up. */
  apply(): bool {
    const count = this.splices.length;
    if (count == 0) return true;
    const last = this.splices[count - 1].end;
    return last <= LONGEST_PREFIX ? this.applyToPrefix(last) : this.moveThrough();
  }

  private applyToPrefix(last: i32): bool {
    const prefix = last <= WINDOW ? this.body.window(0).slice(0, last) : this.body.read(0, last);
    if (prefix.size != last) return false;
    out.clear();
    this.copy(prefix, 0, true);
    return this.body.replacePrefix(last, out.span());
  }

  private moveThrough(): bool {
    let passed = 0;
    while (passed < this.size) {
      const window = this.body.window(0).slice(0, this.size - passed);
      if (window.isEmpty) return false;
      out.clear();
      this.copy(window, passed, passed + window.size == this.size);
      if (!this.body.replacePrefix(window.size, Span.empty())) return false;
      if (!this.body.append(out.span())) return false;
      passed += window.size;
    }
    return true;
  }

  /** Appends to `out` the window that stands at `offset` in the body, with the edits that fall into it. */
  private copy(window: Span, offset: i32, isLast: bool): void {
    const end = offset + window.size;
    let at = offset;
    for (let i = 0; i < this.splices.length; i++) {
      const splice = this.splices[i];
      if (splice.start < offset && splice.end <= offset) continue;
      // What begins at the border belongs to the window that begins there.
      if (splice.start > end || (splice.start == end && !isLast)) break;
      if (splice.start >= offset) {
        out.append(window.slice(at - offset, splice.start - offset));
        out.append(splice.bytes);
      }
      at = max(at, min(splice.end, end));
    }
    out.append(window.slice(at - offset, window.size));
  }
}
