// Values of a query string or a form body (application/x-www-form-urlencoded).

import { Buffer, percentDecode, Span } from "as-proxy-wasm-sdk/bytes";

/** The query of a path; empty when there is none. */
export function queryOf(path: Span): Span {
  const mark = path.indexOf(0x3f);
  if (mark < 0) return Span.empty();
  const fragment = path.indexOf(0x23, mark);
  return path.slice(mark + 1, fragment < 0 ? path.size : fragment);
}

/** The path without its query. */
export function withoutQuery(path: Span): Span {
  const mark = path.indexOf(0x3f);
  return mark < 0 ? path : path.slice(0, mark);
}

/** The first value of a name, decoded; null when it is not there. */
export function formValue(form: Span, name: Span): Span | null {
  let from = 0;
  while (from < form.size) {
    let end = form.indexOf(0x26, from);
    if (end < 0) end = form.size;
    const pair = form.slice(from, end);
    const equals = pair.indexOf(0x3d);
    const key = equals < 0 ? pair : pair.slice(0, equals);
    if (!pair.isEmpty && decode(key).equals(name)) {
      return equals < 0 ? Span.empty() : decode(pair.slice(equals + 1));
    }
    from = end + 1;
  }
  return null;
}

/** `+` stands for a space. */
function decode(text: Span): Span {
  if (text.indexOf(0x2b) < 0) return percentDecode(text);
  const spaced = new Buffer(text.size);
  for (let i = 0; i < text.size; i++) spaced.push(text.at(i) == 0x2b ? 0x20 : text.at(i));
  return percentDecode(spaced.span());
}
