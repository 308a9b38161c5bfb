// Text in HTTP headers that mirror what a body says (`Mcp-Name`, `Mcp-Param-…`): as it is where a header can hold
// it, else `=?base64?…?=`.

import { Base64, Buffer, decodeBase64, encodeBase64, isUtf8, Span, trimAscii } from "../bytes";

const PREFIX: string = "=?base64?";
const SUFFIX: string = "?=";

/** The text as a header's value. */
export function encodeHeaderText(text: Span): Span {
  if (isPlain(text)) return text;
  const out = new Buffer(text.size * 2);
  out.text(PREFIX);
  encodeBase64(out, text);
  out.text(SUFFIX);
  return out.span();
}

/** The text that a header's value stands for; null where the base64 or the UTF-8 in it is broken. */
export function decodeHeaderText(value: Span): Span | null {
  const text = trimAscii(value);
  if (!isWrapped(text)) return text;
  const encoded = text.slice(PREFIX.length, text.size - SUFFIX.length);
  // Padding is not optional here.
  const bytes = encoded.size % 4 == 0 ? decodeBase64(encoded, Base64.Standard) : null;
  return bytes !== null && isUtf8(bytes) ? bytes : null;
}

function isWrapped(text: Span): bool {
  return (
    text.size >= PREFIX.length + SUFFIX.length && text.startsWithAscii(PREFIX) && text.endsWithAscii(SUFFIX)
  );
}

function isPlain(text: Span): bool {
  if (text.isEmpty || isWrapped(text) || isSpace(text.at(0)) || isSpace(text.at(text.size - 1))) return false;
  for (let i = 0; i < text.size; i++) {
    const byte = text.at(i);
    if (byte != 0x09 && (byte < 0x20 || byte > 0x7e)) return false;
  }
  return true;
}

function isSpace(byte: i32): bool {
  return byte == 0x20 || byte == 0x09;
}
