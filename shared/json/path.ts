// Dotted paths: `choices.0.delta`. A backslash takes the next character as it is, so `\\.` is a dot in a name.

import { Span } from "../bytes";

export class JsonSegment {
  /** The name as UTF-8. */
  readonly name: Span;
  /** The array index that the name is, or -1. */
  readonly index: i32;
  /** The name `-1`: for an edit, the place after an array's last item. */
  readonly isAppend: bool;

  constructor(text: string) {
    this.name = Span.text(text);
    this.index = arrayIndex(text);
    this.isAppend = text == "-1";
  }
}

/** A path, taken apart once: make it where the configuration is read, follow it for every document. */
export class JsonPath {
  /** At least one. */
  readonly segments: JsonSegment[] = [];

  constructor(path: string) {
    let segment = "";
    let from = 0;
    let at = 0;
    for (; at < path.length; at++) {
      const unit = path.charCodeAt(at);
      if (unit == 0x2e) {
        this.segments.push(new JsonSegment(segment + path.substring(from, at)));
        segment = "";
        from = at + 1;
      } else if (unit == 0x5c && at + 1 < path.length) {
        segment += path.substring(from, at);
        from = ++at;
      }
    }
    this.segments.push(new JsonSegment(segment + path.substring(from, at)));
  }
}

function arrayIndex(text: string): i32 {
  const length = text.length;
  if (length == 0 || length > 9) return -1;
  let index = 0;
  for (let i = 0; i < length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (<u32>digit > 9) return -1;
    index = index * 10 + digit;
  }
  return index;
}
