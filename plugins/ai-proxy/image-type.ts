// What a picture is, told by its first bytes: https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern

import { Span } from "as-proxy-wasm-sdk/bytes";

/** The media type, `application/octet-stream` when the bytes are no picture that models take. */
export function imageTypeOf(bytes: Span): string {
  if (bytes.at(0) == 0x89 && bytes.slice(1, 4).equalsAscii("PNG")) return "image/png";
  if (bytes.at(0) == 0xff && bytes.at(1) == 0xd8 && bytes.at(2) == 0xff) return "image/jpeg";
  if (bytes.startsWithAscii("GIF8")) return "image/gif";
  if (bytes.startsWithAscii("RIFF") && bytes.slice(8, 12).equalsAscii("WEBP")) return "image/webp";
  if (bytes.startsWithAscii("BM")) return "image/bmp";
  const brand = bytes.slice(4, 12);
  if (brand.startsWithAscii("ftyphei") || brand.equalsAscii("ftypmif1")) return "image/heic";
  return brand.equalsAscii("ftypavif") ? "image/avif" : "application/octet-stream";
}
