// What a conversion could not carry over: names of fields for a log line, never their content.

import { Buffer, Span } from "../bytes";

const MAX_NAMES: i32 = 32;
const MAX_NAME_BYTES: i32 = 64;

/** Each name once, at most 32 names of at most 64 bytes; `more` counts what found no place. */
export class Dropped {
  names: string[] = [];
  more: i32 = 0;

  add(name: string): void {
    if (this.names.includes(name)) return;
    if (this.names.length < MAX_NAMES) this.names.push(name);
    else this.more++;
  }

  /** `prefix` and a name that came with the data, cut to 64 bytes, with `?` for what could break a log line. */
  addNamed(prefix: string, name: Span): void {
    const plain = new Buffer(MAX_NAME_BYTES);
    const size = min(name.size, MAX_NAME_BYTES);
    for (let i = 0; i < size; i++) plain.push(name.at(i) > 0x20 && name.at(i) < 0x7f ? name.at(i) : 0x3f);
    this.add(prefix + plain.span().toString());
  }

  /** Takes a name back: the target has a place after all. */
  remove(name: string): void {
    const at = this.names.indexOf(name);
    if (at >= 0) this.names.splice(at, 1);
  }

  /** Takes over the names of another list. */
  addAll(other: Dropped): void {
    for (let i = 0; i < other.names.length; i++) this.add(other.names[i]);
    this.more += other.more;
  }

  get isEmpty(): bool {
    return this.names.length == 0;
  }
}
