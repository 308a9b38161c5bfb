// One block of PEM (RFC 7468), as keys are handed out.

import { Buffer, Span, decodeBase64 } from "../bytes";

/** What the text's first block of this label stands for; null when there is none, or it is no base 64. */
export function readPem(text: Span, label: string): Span | null {
  const begin = `-----BEGIN ${label}-----`;
  const at = text.indexOfAscii(begin);
  if (at < 0) return null;
  const start = at + begin.length;
  const end = text.indexOfAscii(`-----END ${label}-----`, start);
  if (end < 0) return null;
  const base64 = new Buffer(end - start);
  for (let i = start; i < end; i++) if (text.at(i) > 0x20) base64.push(text.at(i));
  return decodeBase64(base64.span());
}
