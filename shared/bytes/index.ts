export { Span } from "./span";
export { SpanIndex } from "./span-index";
export { Buffer } from "./buffer";
export { brokenEnd, decodeLossy, isUtf8, validEnd } from "./utf8";
export {
  equalsAsciiIgnoreCase,
  equalsIgnoreCase,
  indexOfCharacter,
  isAscii,
  lowerAscii,
  trimAscii,
  upperAscii,
} from "./ascii";
export { Integer, IntegerError, readInteger, readUnsigned, writeInteger } from "./integer";
export { percentDecode, percentEncode } from "./percent";
export { Base64, decodeBase64, encodeBase64 } from "./base64";
export { decodeHex, encodeHex } from "./hex";
export { fnv1a32, fnv1a64 } from "./fnv";
export { Sha256, hmacSha256, sha256 } from "./sha256";
