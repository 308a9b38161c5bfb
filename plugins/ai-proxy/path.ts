// Request paths: splitting off the query, filling the placeholders of a provider's path, base paths.

import {
  Buffer,
  indexOfCharacter,
  isAscii,
  percentDecode,
  percentEncode,
  Span,
} from "as-proxy-wasm-sdk/bytes";
import { Api, apiPath, PathMatch } from "./apis";

const PERCENT = 0x25;
const QUESTION_MARK = 0x3f;
const BRACE = 0x7b;

/** The bytes as text; what is not ASCII becomes %XX, so that nothing is lost (RFC 3986 §2.1 asks for it anyway). */
export function pathText(bytes: Span): string {
  if (isAscii(bytes)) return bytes.toString();
  const out = new Buffer(bytes.size * 2);
  for (let i = 0; i < bytes.size; i++) {
    if (bytes.at(i) < 0x80) out.push(bytes.at(i));
    else percentEncode(out, bytes.slice(i, i + 1));
  }
  return out.span().toString();
}

export function withoutQuery(path: string): string {
  const mark = indexOfCharacter(path, QUESTION_MARK);
  return mark < 0 ? path : path.substring(0, mark);
}

/** What follows the `?`; "" when there is nothing. */
export function queryOf(path: string): string {
  const mark = indexOfCharacter(path, QUESTION_MARK);
  return mark < 0 ? "" : path.substring(mark + 1);
}

/** Appends a query to a path that may have one. */
export function withQuery(path: string, query: string): string {
  if (query.length == 0) return path;
  if (path.endsWith("?") || path.endsWith("&")) return path + query;
  return path + (indexOfCharacter(path, QUESTION_MARK) >= 0 ? "&" : "?") + query;
}

/** The path without `key` in its query, where Google's clients put their credential. */
export function withoutKey(path: string): string {
  const query = queryOf(path);
  if (query.length == 0) return path;
  const kept = query.split("&").filter((item) => decodedText(item.split("=")[0]) != "key");
  return withQuery(withoutQuery(path), kept.join("&"));
}

/** The path without query, percent-decoded, as APIs are told apart. */
export function decodedPath(path: string): string {
  return decodedText(withoutQuery(path));
}

function decodedText(text: string): string {
  if (indexOfCharacter(text, PERCENT) < 0) return text;
  return percentDecode(Span.text(text)).toString();
}

/**
 * The provider's path for an API: placeholders filled with the identifiers of the client's path, the client's
 * query kept. A placeholder that the client's path does not name stays.
 */
export function filledPath(template: string, api: Api, clientPath: string): string {
  let path = template;
  if (indexOfCharacter(path, BRACE) >= 0) {
    const own = apiPath(api);
    let match = PathMatch.of(own, withoutQuery(clientPath));
    const isRaw = match.matches;
    if (!isRaw) match = PathMatch.of(own, decodedPath(clientPath));
    for (let i = 0; i < match.names.length; i++) {
      path = path.replaceAll(match.names[i], isRaw ? match.values[i] : encodedSegment(match.values[i]));
    }
  }
  return withQuery(path, queryOf(clientPath));
}

/** A text as one segment of a path. */
export function encodedSegment(segment: string): string {
  const out = new Buffer(segment.length + 16);
  percentEncode(out, Span.text(segment));
  return out.span().toString();
}

export function withoutPrefix(path: string, prefix: string): string {
  return path.startsWith(prefix) ? path.substring(prefix.length) : path;
}

/** `prefix` and `path` joined and cleaned as POSIX paths (`//`, `.`, `..`); the query is not touched. */
export function joinPaths(prefix: string, path: string): string {
  const segments = (prefix + "/" + withoutQuery(path)).split("/");
  const kept: string[] = [];
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i];
    if (segment.length == 0 || segment == ".") continue;
    if (segment != "..") kept.push(segment);
    else if (kept.length > 0) kept.pop();
  }
  return withQuery("/" + kept.join("/"), queryOf(path));
}
