// Names in other forms: snake_case, kebab-case, PascalCase.

import { Buffer, Span } from "../../bytes";

function isUpper(byte: i32): bool {
  return <u32>(byte - 0x41) < 26;
}

function isLower(byte: i32): bool {
  return <u32>(byte - 0x61) < 26;
}

function isSeparator(byte: i32): bool {
  return byte == 0x20 || byte == 0x5f || byte == 0x2d || byte == 0x2e;
}

/** Words in lower case with this byte between: a word starts at a capital, or the last one of a row of them. */
export function delimitedCase(text: Span, delimiter: i32): Span {
  const out = new Buffer(text.size + 8);
  for (let i = 0; i < text.size; i++) {
    const byte = text.at(i);
    if (isSeparator(byte)) {
      if (!out.isEmpty && out.span().at(out.size - 1) != delimiter) out.push(delimiter);
      continue;
    }
    const before = text.at(i - 1);
    const startsWord =
      isUpper(byte) && i > 0 && !isSeparator(before) && (!isUpper(before) || isLower(text.at(i + 1)));
    if (startsWord) out.push(delimiter);
    out.push(isUpper(byte) ? byte | 0x20 : byte);
  }
  return out.span();
}

/** Words with a capital each and nothing between. */
export function camelCase(text: Span): Span {
  const out = new Buffer(text.size);
  let startsWord = true;
  for (let i = 0; i < text.size; i++) {
    const byte = text.at(i);
    if (isSeparator(byte)) startsWord = true;
    else {
      out.push(startsWord && isLower(byte) ? byte & 0xdf : byte);
      startsWord = false;
    }
  }
  return out.span();
}
