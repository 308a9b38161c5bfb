// Where a request goes: the URL of a tool's template, once arguments stand in it.

import { Buffer, equalsAsciiIgnoreCase, percentEncode, Span } from "as-proxy-wasm-sdk/bytes";
import { Query } from "../security/query";
import { CallArgument } from "./call-arguments";

const SLASH: i32 = 0x2f;
const MARK: i32 = 0x3f;
const HASH: i32 = 0x23;
const PERCENT: i32 = 0x25;
const OPEN: i32 = 0x7b;
const CLOSE: i32 = 0x7d;

const BAD_HOST: string = "the host must not hold arguments or other characters than a host's";
const BAD_SCHEME: string = "only http and https are allowed";
const DOT_SEGMENT: string = "an argument must not be a dot segment of the path";

export class Target {
  /** Why the URL cannot be used, or "". */
  error: string = "";
  /** Empty where the URL is a path only. */
  authority: Span = Span.empty();
  query: Query = new Query();
  private path: Span = Span.empty();

  /** `keepsPlace`: arguments cannot leave the part of the URL where their `{name}` stands. */
  static of(url: Span, pathArguments: CallArgument[], keepsPlace: bool): Target {
    const target = new Target();
    let text = keepsPlace ? url : filled(url, pathArguments, false);
    const mark = text.indexOfAscii("://");
    const slash = text.indexOf(SLASH);
    if (mark > 0 && slash == mark + 1) {
      const scheme = text.slice(0, mark);
      if (!equalsAsciiIgnoreCase(scheme, "http") && !equalsAsciiIgnoreCase(scheme, "https")) {
        target.error = BAD_SCHEME;
      }
      text = text.slice(mark + 3);
      let end = 0;
      while (end < text.size && text.at(end) != SLASH && text.at(end) != MARK && text.at(end) != HASH) end++;
      target.authority = text.slice(text.slice(0, end).lastIndexOf(0x40) + 1, end);
      if (!isAuthority(target.authority)) target.error = BAD_HOST;
      text = text.slice(end);
    }
    // A fragment is for whoever holds the URL; requests have none.
    const hash = text.indexOf(HASH);
    if (hash >= 0) text = text.slice(0, hash);
    const question = text.indexOf(MARK);
    let path = question < 0 ? text : text.slice(0, question);
    let query = question < 0 ? Span.empty() : text.slice(question + 1);
    if (keepsPlace) {
      path = filled(path, pathArguments, true);
      query = filled(query, pathArguments, true);
      if (hasDotSegment(path)) target.error = DOT_SEGMENT;
    }
    target.path = path;
    target.query = Query.read(query);
    return target;
  }

  /** `:path` of the request. */
  pathWithQuery(): Span {
    const out = new Buffer(this.path.size + 64);
    if (this.path.at(0) != SLASH) out.push(SLASH);
    escapePath(out, this.path);
    if (!this.query.isEmpty) {
      out.push(MARK);
      this.query.write(out);
    }
    return out.span();
  }
}

/** The text with each `{name}` of an argument replaced. What is filled in is not looked at again. */
function filled(text: Span, pathArguments: CallArgument[], encodes: bool): Span {
  if (pathArguments.length == 0 || text.indexOf(OPEN) < 0) return text;
  const out = new Buffer(text.size + 64);
  let at = 0;
  while (at < text.size) {
    const open = text.indexOf(OPEN, at);
    const close = open < 0 ? -1 : text.indexOf(CLOSE, open);
    if (close < 0) break;
    const index = indexNamed(pathArguments, text.slice(open + 1, close));
    out.append(text.slice(at, index < 0 ? open + 1 : open));
    at = index < 0 ? open + 1 : close + 1;
    if (index < 0) continue;
    if (encodes) percentEncode(out, pathArguments[index].text);
    else out.append(pathArguments[index].text);
  }
  out.append(text.slice(at));
  return out.span();
}

function indexNamed(pathArguments: CallArgument[], name: Span): i32 {
  for (let i = 0; i < pathArguments.length; i++) {
    if (pathArguments[i].declared.nameBytes.equals(name)) return i;
  }
  return -1;
}

function isAuthority(text: Span): bool {
  for (let i = 0; i < text.size; i++) {
    const byte = text.at(i);
    const isHost =
      isLetterOrDigit(byte) || byte == 0x2d || byte == 0x2e || byte == 0x5f || byte == 0x3a || byte == 0x5b;
    if (!isHost && byte != 0x5d) return false;
  }
  return !text.isEmpty;
}

/** `.` or `..`, also where dots are written as `%2e`: servers and proxies resolve them. */
function hasDotSegment(path: Span): bool {
  for (let at = 0; at <= path.size;) {
    const stop = path.indexOf(SLASH, at);
    const end = stop < 0 ? path.size : stop;
    let dots = 0;
    let next = at;
    while (next < end) {
      if (path.at(next) == 0x2e) next++;
      else if (path.at(next) == PERCENT && path.at(next + 1) == 0x32 && (path.at(next + 2) | 0x20) == 0x65) {
        next += 3;
      } else break;
      dots++;
    }
    if (next == end && (dots == 1 || dots == 2)) return true;
    at = end + 1;
  }
  return false;
}

/** What a path may hold stays, escapes among it; the rest is percent-encoded. */
function escapePath(out: Buffer, path: Span): void {
  for (let i = 0; i < path.size; i++) {
    const byte = path.at(i);
    const isEscape = byte == PERCENT && isHexDigit(path.at(i + 1)) && isHexDigit(path.at(i + 2));
    if (isEscape || isPathByte(byte)) out.push(byte);
    else percentEncode(out, path.slice(i, i + 1));
  }
}

/** `pchar` and `/` of RFC 3986 §3.3, without escapes. */
function isPathByte(byte: i32): bool {
  if (isLetterOrDigit(byte) || byte == 0x5f || byte == 0x7e || byte == 0x21 || byte == 0x24) return true;
  return (byte >= 0x26 && byte <= 0x2f) || byte == 0x3a || byte == 0x3b || byte == 0x3d || byte == 0x40;
}

function isLetterOrDigit(byte: i32): bool {
  return <u32>((byte | 0x20) - 0x61) < 26 || <u32>(byte - 0x30) < 10;
}

function isHexDigit(byte: i32): bool {
  return <u32>(byte - 0x30) < 10 || <u32>((byte | 0x20) - 0x61) < 6;
}
