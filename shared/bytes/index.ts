export { Span } from "./span";
export { Buffer } from "./buffer";
export { decodeLossy, isUtf8 } from "./utf8";
