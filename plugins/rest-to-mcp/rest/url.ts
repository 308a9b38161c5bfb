// A URL that a template made, taken apart. Scheme and host are the configuration's; an argument stays in its segment.

import { Buffer, percentEncode, Span } from "as-proxy-wasm-sdk/bytes";
import { hasWholeEscapes, Parameters } from "../security/query";

export class Url {
  /** Why the URL cannot be used, or "". */
  error: string = "";
  /** Empty where the URL is a path alone. */
  authority: Span = Span.empty();
  /** Escaped, with its slash in front. */
  path: Span = Span.empty();
  query: Span = Span.empty();

  static read(text: Span): Url {
    const url = new Url();
    for (let i = 0; i < text.size; i++) {
      if (text.at(i) < 0x20 || text.at(i) == 0x7f) {
        url.error = "net/url: invalid control character in URL";
        return url;
      }
    }
    const start = authorityStart(text);
    const from = start > 0 ? pathStart(text, start) : 0;
    if (start > 0) url.authority = text.slice(start, from);
    let rest = text.slice(from);
    // What follows a hash is the client's own business.
    const hash = rest.indexOf(0x23);
    if (hash >= 0) rest = rest.slice(0, hash);
    const question = rest.indexOf(0x3f);
    url.query = question < 0 ? Span.empty() : rest.slice(question + 1);
    const path = question < 0 ? rest : rest.slice(0, question);
    if (!hasWholeEscapes(path)) url.error = "invalid URL escape";
    url.path = escapedPath(path);
    return url;
  }

  /** A segment that leads elsewhere, or "". */
  get strayingSegment(): string {
    for (let from = 1; from <= this.path.size;) {
      let to = this.path.indexOf(0x2f, from);
      if (to < 0) to = this.path.size;
      const segment = this.path.slice(from, to);
      if (isDots(segment)) return segment.toString();
      from = to + 1;
    }
    return "";
  }

  /** The query's parameters. */
  get parameters(): Parameters {
    return Parameters.read(this.query);
  }
}

/** Offset of the authority in `scheme://authority/…`, or 0. */
export function authorityStart(text: Span): i32 {
  let at = 0;
  while (isSchemeByte(text.at(at))) at++;
  return at > 0 && text.slice(at, at + 3).equalsAscii("://") ? at + 3 : 0;
}

/** Offset of the first byte after the authority that begins at `start`. */
export function pathStart(text: Span, start: i32): i32 {
  let at = start;
  while (at < text.size && text.at(at) != 0x2f && text.at(at) != 0x3f && text.at(at) != 0x23) at++;
  return at;
}

export function isSchemeByte(byte: i32): bool {
  const isLetter = <u32>((byte | 0x20) - 0x61) < 26;
  return isLetter || <u32>(byte - 0x30) < 10 || byte == 0x2b || byte == 0x2d || byte == 0x2e;
}

/** One or two dots, also as `%2e`: servers resolve them. */
function isDots(segment: Span): bool {
  let dots = 0;
  for (let at = 0; at < segment.size; dots++) {
    const isEscaped =
      segment.at(at) == 0x25 && segment.at(at + 1) == 0x32 && (segment.at(at + 2) | 0x20) == 0x65;
    if (segment.at(at) != 0x2e && !isEscaped) return false;
    at += isEscaped ? 3 : 1;
  }
  return dots == 1 || dots == 2;
}

/** Bytes that no path may hold are escaped; escapes stay. */
function escapedPath(path: Span): Span {
  const out = new Buffer(path.size + 16);
  if (path.at(0) != 0x2f) out.push(0x2f);
  for (let i = 0; i < path.size; i++) {
    const byte = path.at(i);
    const isSpecial = byte <= 0x20 || byte >= 0x7f || '"<>\\^`{|}'.indexOf(String.fromCharCode(byte)) >= 0;
    if (isSpecial) percentEncode(out, path.slice(i, i + 1));
    else out.push(byte);
  }
  return out.span();
}
