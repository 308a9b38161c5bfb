// The request's JSON body while the host holds it: looked at in windows as it arrives, edited where it lies.
// Only edits that no window can make (members inside members, removals) read the body as a whole.

import { Body, BodyEdit } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonEdit, JsonKind, JsonSeek, JsonWriter } from "as-proxy-wasm-sdk/json";

/** Values longer than this are never read on their own: model names and options are short. */
const LONGEST_VALUE = 16 * 1024;

class Change {
  constructor(
    /** Dotted path. */
    public path: string,
    /** JSON; null removes the member. */
    public value: Span | null,
  ) {}
}

/** JSON string of a text. */
export function quoted(text: string): Span {
  const out = new Buffer(text.length + 16);
  new JsonWriter(out).text(text);
  return out.take();
}

export class RequestBody {
  private seek: JsonSeek;
  private changes: Change[] = [];
  private size: i32 = 0;
  private body: Body | null = null;

  /** `names`: the top-level members that will be asked for. */
  constructor(private names: string[]) {
    this.seek = new JsonSeek(names);
  }

  /** Looks at the bytes that have come since the last call; `body` shows everything from the start. */
  advance(body: Body): void {
    this.body = body;
    for (let window = body.window(this.size); !window.isEmpty; window = body.window(this.size)) {
      this.seek.feed(window);
      this.size += window.size;
    }
  }

  /** The member as JSON, null when it is absent, longer than an option can be, or was not named. */
  raw(name: string): Span | null {
    const index = this.names.indexOf(name);
    const body = this.body;
    if (body === null || !this.seek.found(index)) return null;
    const start = this.seek.start(index);
    const size = this.seek.end(index) - start;
    return size <= LONGEST_VALUE ? body.read(start, size) : null;
  }

  /** Whether the member at this dotted path exists. */
  has(path: string): bool {
    const dot = path.indexOf(".");
    if (dot < 0) return this.seek.found(this.names.indexOf(path));
    const index = this.names.indexOf(path.substring(0, dot));
    if (index >= 0 && this.seek.done && !this.seek.found(index)) return false;
    const raw = this.raw(path.substring(0, dot));
    if (raw !== null) return Json.read(raw).path(path.substring(dot + 1)).exists;
    const body = this.body;
    return body !== null && Json.read(body.all()).path(path).exists;
  }

  /** The member's string, "" when it is none. */
  text(name: string): string {
    const raw = this.raw(name);
    return raw === null ? "" : Json.read(raw).text();
  }

  isTrue(name: string): bool {
    const raw = this.raw(name);
    return raw !== null && Json.read(raw).isTrue;
  }

  /** Plans an edit; `path` is dotted. */
  set(path: string, value: Span): void {
    this.changes.push(new Change(path, value));
  }

  remove(path: string): void {
    this.changes.push(new Change(path, null));
  }

  /** Makes the planned edits. False when the body cannot be edited. */
  apply(): bool {
    const body = this.body;
    if (body === null || this.changes.length == 0) return true;
    const edit = new BodyEdit(body, this.size);
    for (let i = 0; i < this.changes.length; i++) {
      if (!this.splice(edit, this.changes[i])) return this.rewrite(body);
    }
    return edit.apply();
  }

  /** An edit that needs no more than the place of a member: of its value, or of a neighbour to stand behind. */
  private splice(edit: BodyEdit, change: Change): bool {
    const value = change.value;
    if (value === null || change.path.includes(".")) return false;
    const index = this.names.indexOf(change.path);
    if (index < 0) return false;
    if (this.seek.count(index) == 1) {
      return edit.replace(this.seek.start(index), this.seek.end(index), value);
    }
    if (this.seek.count(index) > 1 || !this.seek.done) return false;
    for (let i = 0; i < this.names.length; i++) {
      if (!this.seek.found(i)) continue;
      const member = new Buffer(value.size + 32);
      member.text(`,"${change.path}":`);
      member.append(value);
      return edit.insert(this.seek.end(i), member.take());
    }
    return false;
  }

  /** All edits on the whole body. */
  private rewrite(body: Body): bool {
    const edit = new JsonEdit(body.all());
    for (let i = 0; i < this.changes.length; i++) {
      const value = this.changes[i].value;
      if (value === null) edit.remove(this.changes[i].path);
      else edit.set(this.changes[i].path, value);
    }
    return body.replace(edit.apply());
  }
}
