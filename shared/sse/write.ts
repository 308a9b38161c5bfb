// Server-sent events as bytes. What is written reads back as the same event, whatever the data holds.

import { Buffer } from "../bytes/buffer";
import { findLineBreak } from "../bytes/find";
import { Span } from "../bytes/span";

const CR: u8 = 0x0d;
const LF: u8 = 0x0a;

/**
 * Appends one event. `event` is a string or a `Span`; when empty, the event has no name, and a line break in it
 * ends it, since a name has one line. Data with line breaks (LF, CR or CRLF) becomes several data lines.
 */
export function writeEvent<Name>(out: Buffer, event: Name, data: Span): void {
  if (isString<Name>()) writeName(out, Span.text(changetype<string>(event)));
  else writeName(out, changetype<Span>(event));
  let at = data.start;
  while (true) {
    const lineEnd = findLineBreak(at, data.end);
    out.text("data: ");
    out.append(new Span(data.owner, at, <i32>(lineEnd - at)));
    out.push(LF);
    if (lineEnd == data.end) break;
    at = lineEnd + 1;
    if (load<u8>(lineEnd) == CR && at < data.end && load<u8>(at) == LF) at++;
  }
  out.push(LF);
}

/** Appends a comment, which keeps a silent connection open; line breaks in `text` end it. */
export function writeComment(out: Buffer, text: string): void {
  const bytes = Span.text(text);
  out.push(0x3a);
  out.append(firstLine(bytes));
  out.push(LF);
  out.push(LF);
}

function writeName(out: Buffer, event: Span): void {
  const name = firstLine(event);
  if (name.isEmpty) return;
  out.text("event: ");
  out.append(name);
  out.push(LF);
}

function firstLine(text: Span): Span {
  return text.slice(0, <i32>(findLineBreak(text.start, text.end) - text.start));
}
