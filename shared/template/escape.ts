// Text made safe for another language, as Go's text/template and net/url do it.

import { Buffer, Span } from "../bytes";
import { encodePoint, pointAt, pointSize } from "./code-point";

export function escapeHtml(text: Span): Span {
  const out = new Buffer(text.size + 16);
  for (let i = 0; i < text.size; i++) {
    const byte = text.at(i);
    if (byte == 0x22) out.text("&#34;");
    else if (byte == 0x27) out.text("&#39;");
    else if (byte == 0x26) out.text("&amp;");
    else if (byte == 0x3c) out.text("&lt;");
    else if (byte == 0x3e) out.text("&gt;");
    else if (byte == 0) encodePoint(out, 0xfffd);
    else out.push(byte);
  }
  return out.span();
}

/** The content of a string in JavaScript. */
export function escapeScript(text: Span): Span {
  const out = new Buffer(text.size + 16);
  for (let i = 0; i < text.size;) {
    const size = pointSize(text, i);
    const byte = text.at(i);
    if (byte == 0x5c || byte == 0x27 || byte == 0x22) {
      out.push(0x5c);
      out.push(byte);
    } else if (byte < 0x20 || byte == 0x3c || byte == 0x3e || byte == 0x26 || byte == 0x3d || byte == 0x7f) {
      writeUnicode(out, <u32>byte);
    } else if (size == 1 && byte >= 0x80) writeUnicode(out, 0xfffd);
    else {
      const point = pointAt(text, i);
      if (point == 0x2028 || point == 0x2029 || (point >= 0x80 && point < 0xa1) || point == 0xad)
        writeUnicode(out, point);
      else out.append(text.slice(i, i + size));
    }
    i += size;
  }
  return out.span();
}

/** `\u` and four digits, upper case. */
function writeUnicode(out: Buffer, point: u32): void {
  out.text("\\u");
  for (let shift = 12; shift >= 0; shift -= 4) {
    const digit = (point >> shift) & 15;
    out.push(digit < 10 ? 0x30 + digit : 0x37 + digit);
  }
}

/** As in a form: a space is a plus, everything but letters, digits and `-._~` is %XX. */
export function escapeForm(text: Span): Span {
  const out = new Buffer(text.size + 16);
  for (let i = 0; i < text.size; i++) {
    const byte = text.at(i);
    const isPlain = <u32>((byte | 0x20) - 0x61) < 26 || <u32>(byte - 0x30) < 10;
    if (isPlain || byte == 0x2d || byte == 0x2e || byte == 0x5f || byte == 0x7e) out.push(byte);
    else if (byte == 0x20) out.push(0x2b);
    else {
      out.push(0x25);
      out.push(upperHex(byte >> 4));
      out.push(upperHex(byte & 15));
    }
  }
  return out.span();
}

function upperHex(digit: i32): i32 {
  return digit < 10 ? 0x30 + digit : 0x37 + digit;
}

/** In double quotes as Go writes a string: `%q`. */
export function quoteInto(out: Buffer, text: Span): void {
  const letters = "abtnvfr";
  out.push(0x22);
  for (let i = 0; i < text.size;) {
    const size = pointSize(text, i);
    const byte = text.at(i);
    if (byte == 0x22 || byte == 0x5c) {
      out.push(0x5c);
      out.push(byte);
    } else if (byte >= 7 && byte <= 13) {
      out.push(0x5c);
      out.push(letters.charCodeAt(byte - 7));
    } else if (byte < 0x20 || byte == 0x7f || (size == 1 && byte >= 0x80)) {
      out.text("\\x");
      const high = byte >> 4;
      out.push(high < 10 ? 0x30 + high : 0x57 + high);
      const low = byte & 15;
      out.push(low < 10 ? 0x30 + low : 0x57 + low);
    } else out.append(text.slice(i, i + size));
    i += size;
  }
  out.push(0x22);
}
