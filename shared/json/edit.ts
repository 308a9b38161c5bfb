// Editing a document by splices: bytes outside the edited values stay as they are. Edits are collected in a
// tree of their paths, so that one walk over the document finds every splice, in order.

import { Buffer, Span } from "../bytes";
import { Cursor } from "./cursor";
import { EditNode } from "./edit-node";
import { JsonError } from "./error";
import { escapeInto } from "./escape";
import { JsonPath, JsonSegment } from "./path";
import { Scan, documentStart } from "./scan";
import { compareKey } from "./string";

const MAX_SEGMENTS: i32 = 32;

/** Bytes `start` up to, not including, `end` of the document give way to `replacement`. */
export class JsonSplice {
  constructor(
    readonly start: i32,
    readonly end: i32,
    readonly replacement: Span,
  ) {}
}

/**
 * `const edit = new JsonEdit(body); edit.set("model", raw); edit.remove("a.b"); edit.apply()`.
 * Paths are dotted, `\.` is a dot in a name, and as in sjson missing parents are made, a scalar on the way
 * gives way to an object, a number is an index where the value is an array, and `-1` appends to it. Indexes
 * are those of the document before the edit. New members come first in their object, so that an edit of the
 * head of a body stays in its head. Of several members with an edited name the last remains.
 */
export class JsonEdit {
  /**
   * Why the document cannot be edited so: `NotObject` where it is neither object nor array; `Path` for a name
   * used on an array, `-1` used on an object, more than 32 segments, or an index 1024 items or more after the
   * end; else what is wrong with the document.
   */
  error: JsonError = JsonError.None;
  /** Offset of the error in the document, or -1 when it is in a path. */
  errorAt: i32 = -1;

  private root: EditNode = new EditNode(new JsonSegment(""));
  private found: JsonSplice[] = [];

  constructor(private source: Span) {}

  /** Sets the value at `path` to a JSON text, which is not judged. */
  set(path: string, raw: Span): JsonEdit {
    this.change(new JsonPath(path).segments, 0, raw);
    return this;
  }

  /** Sets the value at `path` to a string. */
  setText(path: string, text: string): JsonEdit {
    return this.setBytes(path, Span.text(text));
  }

  /** Sets the value at `path` to a string, given as UTF-8. */
  setBytes(path: string, text: Span): JsonEdit {
    const raw = new Buffer(text.size + 2);
    raw.push(0x22);
    escapeInto(raw, text);
    raw.push(0x22);
    return this.set(path, raw.span());
  }

  /** Removes every member at `path`, or the item; nothing happens where there is none. */
  remove(path: string): JsonEdit {
    this.change(new JsonPath(path).segments, 0, null);
    return this;
  }

  /** The edited document; empty when `error` is set. */
  apply(): Span {
    const splices = this.splices();
    if (this.error != JsonError.None) return Span.empty();
    let size = this.source.size;
    for (let i = 0; i < splices.length; i++) size += splices[i].replacement.size;
    const out = new Buffer(size);
    let from = 0;
    for (let i = 0; i < splices.length; i++) {
      const splice = splices[i];
      out.append(this.source.slice(from, splice.start));
      out.append(splice.replacement);
      from = splice.end;
    }
    out.append(this.source.slice(from));
    if (!out.overflowed) return out.span();
    this.error = JsonError.Limit;
    return Span.empty();
  }

  /**
   * What the edits replace, in document order and without overlap; none when `error` is set. The end of the
   * last one is the length of the prefix that has to be rewritten.
   */
  splices(): JsonSplice[] {
    this.found = [];
    const source = this.source;
    const start = documentStart(source.start, source.end);
    if (this.error == JsonError.None) {
      if (start >= source.end) this.fail(JsonError.Empty, source.end);
      else if ((load<u8>(start) | 0x20) != 0x7b) this.fail(JsonError.NotObject, start);
      else this.walk(this.root, start);
    }
    if (this.error != JsonError.None) this.found = [];
    return this.found;
  }

  /** Notes the edit of the path `segments` from the segment `from` on; no value removes. */
  private change(segments: JsonSegment[], from: i32, value: Span | null): void {
    if (segments.length > MAX_SEGMENTS) {
      this.error = JsonError.Path;
      return;
    }
    let node = this.root;
    for (let i = from; i < segments.length; i++) {
      node = node.child(segments[i]);
      const isLeaf = i == segments.length - 1;
      if (isLeaf || (!node.isRemoval && !node.replacement)) continue;
      // An earlier edit has made this value: the present one edits what it made.
      this.changeMade(node, segments, i + 1, value);
      return;
    }
    node.children = [];
    node.replacement = value;
    node.isRemoval = !value;
  }

  private changeMade(node: EditNode, segments: JsonSegment[], from: i32, value: Span | null): void {
    const made = node.replacement;
    const edit = new JsonEdit(made ? made : Span.empty());
    edit.change(segments, from, value);
    const start = documentStart(edit.source.start, edit.source.end);
    if (start < edit.source.end && (load<u8>(start) | 0x20) == 0x7b) {
      node.replacement = edit.apply();
      this.error = edit.error;
    } else if (edit.root.creates) {
      const fresh = new Buffer();
      this.error = edit.root.write(fresh);
      node.replacement = fresh.span();
      node.isRemoval = false;
    }
  }

  /** Finds the splices of the container at `at`. Returns the address after it, or 0 with `error` set. */
  private walk(node: EditNode, at: usize): usize {
    const isObject = load<u8>(at) == 0x7b;
    const cursor = new Cursor();
    if (isObject && !this.findLast(node, at, cursor)) return 0;
    const head = this.found.length;
    let keptEnd: usize = 0;
    let removedFrom: usize = 0;
    let lastEnd = at + 1;
    let ordinal = 0;
    cursor.open(at, this.source.end);
    for (; isObject ? cursor.nextMember() : cursor.nextItem(); ordinal++) {
      const child = isObject ? namedChild(node, cursor) : node.item(ordinal);
      const start = isObject ? cursor.keyStart - 1 : cursor.valueStart;
      const isRemoved = child != null && (child.isRemoval || (isObject && child.last != ordinal));
      if (isRemoved) {
        if (removedFrom == 0) removedFrom = start;
      } else {
        if (removedFrom != 0) this.splice(removedFrom, start, Span.empty());
        removedFrom = 0;
        if (child && !this.editValue(child, cursor)) return 0;
      }
      lastEnd = cursor.endOfValue();
      if (lastEnd == 0) break;
      if (!isRemoved) keptEnd = lastEnd;
    }
    if (cursor.error != JsonError.None) return this.fail(cursor.error, cursor.errorAt);

    const made = new Buffer();
    const isKept = keptEnd != 0;
    const error = isObject ? node.writeMembers(made) : node.writeItems(made, ordinal, isKept);
    if (error != JsonError.None) return this.fail(error, at);
    // Removed members at the end take the comma before them along.
    const from = removedFrom == 0 ? lastEnd : isKept ? keptEnd : removedFrom;
    if (isObject) {
      if (isKept && !made.isEmpty) made.push(0x2c);
      this.splice(from, lastEnd, Span.empty());
      // Whether a comma follows the new members is known only now, but they come first.
      this.splice(at + 1, at + 1, made.span(), head);
    } else {
      this.splice(from, lastEnd, made.span());
    }
    return cursor.close;
  }

  /** Notes for each child of `node` which member is the last of its name. False at an error. */
  private findLast(node: EditNode, at: usize, cursor: Cursor): bool {
    for (let i = 0; i < node.children.length; i++) node.children[i].last = -1;
    cursor.open(at, this.source.end);
    for (let ordinal = 0; cursor.nextMember(); ordinal++) {
      const child = namedChild(node, cursor);
      if (child) child.last = ordinal;
    }
    return cursor.error == JsonError.None || this.fail(cursor.error, cursor.errorAt) != 0;
  }

  /** Edits the cursor's present value. False at an error. */
  private editValue(child: EditNode, cursor: Cursor): bool {
    const start = cursor.valueStart;
    if (!child.replacement && (load<u8>(start) | 0x20) == 0x7b) {
      cursor.valueEnd = this.walk(child, start);
      return cursor.valueEnd != 0;
    }
    if (!child.creates) return true;
    const made = new Buffer();
    const error = child.write(made);
    if (error != JsonError.None) return this.fail(error, start) != 0;
    const end = cursor.endOfValue();
    if (end == 0) return this.fail(cursor.error, cursor.errorAt) != 0;
    this.splice(start, end, made.span());
    return true;
  }

  /** Adds a splice at the end of the list, or before its element `before`. One that changes nothing is left out. */
  private splice(from: usize, to: usize, replacement: Span, before: i32 = i32.MAX_VALUE): void {
    if (from == to && replacement.isEmpty) return;
    const start = this.source.start;
    const splice = new JsonSplice(<i32>(from - start), <i32>(to - start), replacement);
    this.found.push(splice);
    for (let i = this.found.length - 1; i > before; i--) {
      this.found[i] = this.found[i - 1];
      this.found[i - 1] = splice;
    }
  }

  private fail(error: JsonError, at: usize): usize {
    this.error = error;
    this.errorAt = <i32>(at - this.source.start);
    return 0;
  }
}

/** The child that edits the cursor's present member, or null; a broken name stops the cursor. */
function namedChild(node: EditNode, cursor: Cursor): EditNode | null {
  for (let i = 0; i < node.children.length; i++) {
    const child = node.children[i];
    if (child.segment.isAppend) continue;
    const name = child.segment.name;
    const order = compareKey(cursor.keyStart, cursor.keyEnd, cursor.keyEscaped, name.start, <usize>name.size);
    if (order > 0) return child;
    if (order < 0) {
      cursor.stop(Scan.error, Scan.errorAt);
      return null;
    }
  }
  return null;
}
