// What a conversion could not carry over: names of fields for a log line, never their content.

import { Span } from "../bytes";

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

  /** `prefix` and a name that came with the data, in its escaped form and cut to 64 bytes. */
  addNamed(prefix: string, name: Span): void {
    this.add(prefix + name.slice(0, MAX_NAME_BYTES).toString());
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
