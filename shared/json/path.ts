// Dotted paths: `choices.0.delta`. A backslash takes the next character as it is, so `\.` is a dot in a name.

/** The segments of a path, at least one. */
export function splitPath(path: string): string[] {
  const segments: string[] = [];
  let segment = "";
  let from = 0;
  let at = 0;
  for (; at < path.length; at++) {
    const unit = path.charCodeAt(at);
    if (unit == 0x2e) {
      segments.push(segment + path.substring(from, at));
      segment = "";
      from = at + 1;
    } else if (unit == 0x5c && at + 1 < path.length) {
      segment += path.substring(from, at);
      from = ++at;
    }
  }
  segments.push(segment + path.substring(from, at));
  return segments;
}

/** The array index that a segment names, or -1. */
export function arrayIndex(segment: string): i32 {
  const length = segment.length;
  if (length == 0 || length > 9) return -1;
  let index = 0;
  for (let i = 0; i < length; i++) {
    const digit = segment.charCodeAt(i) - 0x30;
    if (<u32>digit > 9) return -1;
    index = index * 10 + digit;
  }
  return index;
}
