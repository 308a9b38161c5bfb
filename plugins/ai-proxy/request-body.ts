// The request's JSON body while the host holds it: looked at in windows as it arrives and edited where it lies.
// It is only taken into the plugin's memory for what no window can do: edits inside members, removals, messages.

import { Body, BodyEdit, WINDOW } from "as-proxy-wasm-sdk/sdk";
import { Buffer, indexOfCharacter, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonEdit, JsonError, JsonNames, JsonSeek, JsonWriter } from "as-proxy-wasm-sdk/json";
import { Fault } from "./fault";
import { Word, WordSearch } from "./word-search";

/** Values longer than this are never read on their own: model names and options are short. */
const LONGEST_VALUE = 16 * 1024;

const DOT = 0x2e;

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

/** String content of a text, as it stands between the quotes. */
export function escapedText(text: string): Span {
  const json = quoted(text);
  return json.slice(1, json.size - 1);
}

export class RequestBody {
  /** Bytes seen so far; once it is applied, bytes that go out. */
  size: i32 = 0;
  private seek: JsonSeek;
  private words: WordSearch | null = null;
  private changes: Change[] = [];
  private body: Body | null = null;
  /** The whole body once it was taken into memory. */
  private taken: Span | null = null;
  /** `taken` is not what the host has. */
  private isChanged: bool = false;
  /** Why a planned edit could not be made. */
  private editFault: Fault | null = null;

  /** `names`: the top-level members that will be asked for. */
  constructor(private names: JsonNames) {
    this.seek = new JsonSeek(names);
  }

  /** Looks out for `word` anywhere in the body. */
  searchFor(word: Word): void {
    this.words = new WordSearch(word);
  }

  /** True when the word searched for was seen. */
  get hasWord(): bool {
    const words = this.words;
    return words !== null && words.isFound;
  }

  /**
   * Looks at the bytes that have come since the last call; `body` shows everything from the start. Before the end
   * only full windows are worth a call of the host.
   */
  advance(body: Body, end: bool): void {
    this.body = body;
    const words = this.words;
    while (end || body.announcedSize - this.size >= WINDOW) {
      const window = body.window(this.size);
      if (window.isEmpty) return;
      this.seek.feed(window);
      if (words !== null) words.feed(window);
      this.size += window.size;
    }
  }

  /** The body is `bytes`, with no host behind it. */
  takeIn(bytes: Span): void {
    const words = this.words;
    this.seek.feed(bytes);
    if (words !== null) words.feed(bytes);
    this.size = bytes.size;
    this.taken = bytes;
  }

  /**
   * What is wrong with the body, to be asked at its end; null when it can be edited. An empty body is left to the
   * provider: some requests have none. So is one that ends early, unless `announced` tells that nothing is missing:
   * older hosts do not show the last piece.
   */
  fault(announced: i64): Fault | null {
    if (this.size == 0) return null;
    if (announced == this.size) this.seek.finish();
    return this.seek.failed ? Fault.json(this.seek.error, this.seek.errorAt) : this.editFault;
  }

  /** Whether the member at this dotted path exists, planned edits made. */
  has(path: string): bool {
    this.settle(path);
    const taken = this.taken;
    if (taken !== null) return Json.read(taken).path(path).exists;
    const dot = indexOfCharacter(path, DOT);
    const index = this.names.indexOf(dot < 0 ? path : path.substring(0, dot));
    if (index < 0) return Json.read(this.whole()).path(path).exists;
    if (dot < 0 || !this.seek.found(index)) return this.seek.found(index);
    return this.member(index).path(path.substring(dot + 1)).exists;
  }

  /** The top-level member, planned edits made; missing when it is absent, or longer than an option can be. */
  get(name: string): Json {
    this.settle(name);
    const taken = this.taken;
    if (taken !== null) return Json.read(taken).get(name);
    const index = this.names.indexOf(name);
    return index < 0 ? Json.read(this.whole()).get(name) : this.member(index);
  }

  /** Makes the planned edits when one of them touches what is asked for. */
  private settle(path: string): void {
    const dot = indexOfCharacter(path, DOT);
    const name = dot < 0 ? path : path.substring(0, dot);
    for (let i = 0; i < this.changes.length; i++) {
      const changed = this.changes[i].path;
      if (changed == name || changed.startsWith(name + ".")) {
        this.whole();
        return;
      }
    }
  }

  private member(index: i32): Json {
    const body = this.body;
    if (body === null || !this.seek.found(index)) return Json.read(Span.empty());
    const start = this.seek.start(index);
    const size = this.seek.end(index) - start;
    return Json.read(size <= LONGEST_VALUE ? body.read(start, size) : Span.empty());
  }

  /** Plans an edit; `path` is dotted. An empty body stays empty: some requests have none. */
  set(path: string, value: Span): void {
    if (this.size > 0) this.changes.push(new Change(path, value));
  }

  remove(path: string): void {
    this.changes.push(new Change(path, null));
  }

  /** The whole body in memory, planned edits made. */
  whole(): Span {
    let bytes = Span.empty();
    const taken = this.taken;
    const body = this.body;
    if (taken !== null) bytes = taken;
    else if (body !== null) bytes = body.all();
    if (this.changes.length > 0) bytes = this.changed(bytes);
    this.taken = bytes;
    this.changes = [];
    return bytes;
  }

  private changed(bytes: Span): Span {
    const edit = new JsonEdit(bytes);
    for (let i = 0; i < this.changes.length; i++) {
      const value = this.changes[i].value;
      if (value === null) edit.remove(this.changes[i].path);
      else edit.set(this.changes[i].path, value);
    }
    const edited = edit.apply();
    if (edit.error != JsonError.None) {
      this.editFault = Fault.json(edit.error, edit.errorAt);
      return bytes;
    }
    this.isChanged = true;
    return edited;
  }

  /** From now on the body is `bytes`. */
  become(bytes: Span): void {
    if (bytes !== this.taken) this.isChanged = true;
    this.taken = bytes;
    this.changes = [];
  }

  /** Gives the edited body to the host; `size` is then that of what goes out. */
  apply(): Fault | null {
    const body = this.body;
    if (body === null || (this.taken === null && this.changes.length == 0)) return null;
    const isTaken = (this.taken === null && this.spliced(body)) || this.replaced(body);
    const fault = this.editFault;
    if (fault !== null) return fault;
    return isTaken ? null : Fault.gateway("the host did not take the edited body");
  }

  private replaced(body: Body): bool {
    const bytes = this.whole();
    this.size = bytes.size;
    return !this.isChanged || this.editFault !== null || body.replace(bytes);
  }

  /** True when the planned edits could be made where the body lies. */
  private spliced(body: Body): bool {
    const edit = new BodyEdit(body, this.size);
    for (let i = 0; i < this.changes.length; i++) if (!this.splice(edit, this.changes[i])) return false;
    this.size = edit.resultSize;
    return edit.apply();
  }

  /** An edit that needs no more than the place of a member: of its value, or of a neighbour to stand behind. */
  private splice(edit: BodyEdit, change: Change): bool {
    const value = change.value;
    // A body may end early because the host does not show the last piece yet: what was found is right all the same.
    if (value === null || indexOfCharacter(change.path, DOT) >= 0 || this.seek.failed) return false;
    const index = this.names.indexOf(change.path);
    if (index < 0 || this.seek.count(index) > 1) return false;
    if (this.seek.found(index)) return edit.replace(this.seek.start(index), this.seek.end(index), value);
    for (let i = 0; i < this.names.texts.length; i++) {
      if (!this.seek.found(i)) continue;
      const member = new Buffer(value.size + 32);
      member.push(0x2c);
      member.append(quoted(change.path));
      member.push(0x3a);
      member.append(value);
      return edit.insert(this.seek.end(i), member.take());
    }
    return false;
  }
}
