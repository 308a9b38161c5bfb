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

/** What a window becomes; kept from edit to edit as long as it is not large. */
const out = new Buffer(16);
const LARGEST_KEPT = 4 * WINDOW;

const nothing = Span.empty();

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

  /** Bytes that the body has afterwards. */
  get resultSize(): i32 {
    let size = this.size;
    for (let i = 0; i < this.splices.length; i++) {
      const splice = this.splices[i];
      size += splice.bytes.size - (splice.end - splice.start);
    }
    return size;
  }

  /** Makes the edits. False when the host refuses; the body is then to be given up. */
  apply(): bool {
    const count = this.splices.length;
    if (count == 0) return true;
    const last = this.splices[count - 1].end;
    const done = last <= LONGEST_PREFIX ? this.applyToPrefix(last) : this.moveThrough();
    if (out.size > LARGEST_KEPT) out.take();
    else out.clear();
    return done;
  }

  private applyToPrefix(last: i32): bool {
    const prefix = last <= WINDOW ? this.body.window(0).slice(0, last) : this.body.read(0, last);
    if (prefix.size != last) return false;
    out.clear();
    this.copy(0, prefix, 0, true);
    return this.body.replacePrefix(last, out.span());
  }

  /** Makes no garbage where nothing is edited: nothing is collected before a large body has passed. */
  private moveThrough(): bool {
    let passed = 0;
    let splice = 0;
    while (passed < this.size) {
      let window = this.body.window(0);
      if (window.isEmpty) return false;
      if (window.size > this.size - passed) window = window.slice(0, this.size - passed);
      const end = passed + window.size;
      const isLast = end == this.size;
      const isTouched = splice < this.splices.length && (isLast || this.splices[splice].start < end);
      if (!this.body.replacePrefix(window.size, nothing)) return false;
      if (isTouched) {
        if (out.size > LARGEST_KEPT) out.take();
        else out.clear();
        splice = this.copy(splice, window, passed, isLast);
      }
      if (!this.body.append(isTouched ? out.span() : window)) return false;
      passed = end;
    }
    return true;
  }

  /**
   * Appends to `out` the window that stands at `offset` in the body, with the edits that fall into it. `from` is
   * the first splice that reaches behind `offset`; answers the same for the next window.
   */
  private copy(from: i32, window: Span, offset: i32, isLast: bool): i32 {
    const end = offset + window.size;
    out.reserve(window.size + this.insertedUpTo(from, end));
    let at = offset;
    let index = from;
    for (; index < this.splices.length; index++) {
      const splice = this.splices[index];
      // What begins at the border belongs to the window that begins there.
      if (splice.start > end || (splice.start == end && !isLast)) break;
      if (splice.start >= offset) {
        out.append(window.slice(at - offset, splice.start - offset));
        out.append(splice.bytes);
      }
      at = max(at, min(splice.end, end));
      if (splice.end > end) break;
    }
    out.append(window.slice(at - offset, window.size));
    return index;
  }

  private insertedUpTo(from: i32, end: i32): i32 {
    let size = 0;
    for (let i = from; i < this.splices.length && this.splices[i].start <= end; i++)
      size += this.splices[i].bytes.size;
    return size;
  }
}
