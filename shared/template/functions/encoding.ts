// Encodings, digests, random text, paths and regular expressions: the rest of sprig.

import {
  Base64,
  Buffer,
  Span,
  decodeBase64,
  decodeLossy,
  encodeBase64,
  encodeHex,
  sha256,
} from "../../bytes";
import { JsonWriter } from "../../json";
import { sha1 } from "../../bytes/sha1";
import { sha512 } from "../../bytes/sha512";
import { Regex } from "../../regex";
import { pointSize } from "../code-point";
import { Execution } from "../execution";
import { Value } from "../value";
import { countOf, textOf } from "./argument";
import { normalVersion, satisfies } from "./semver";
import { joinUrl, parseUrl } from "./url";

export const encodingFunctions =
  "b64enc b64dec b32enc sha256sum adler32sum uuidv4:0 randAlphaNum randAlpha randNumeric randAscii randBytes " +
  "base dir clean ext isAbs osBase osDir osClean osExt osIsAbs regexMatch:2 mustRegexMatch:2 regexFind:2 " +
  "mustRegexFind:2 regexReplaceAll:3 mustRegexReplaceAll:3 regexReplaceAllLiteral:3 mustRegexReplaceAllLiteral:3 " +
  "regexFindAll:3 mustRegexFindAll:3 regexSplit:3 mustRegexSplit:3 regexQuoteMeta getSocketIP:0 getRealIP:0 " +
  "b32dec sha1sum sha512sum shuffle urlParse urlJoin semver semverCompare:2 bcrypt htpasswd:2 derivePassword:5 genPrivateKey genCA:2 genCAWithKey:3 " +
  "genSelfSignedCert:4 genSelfSignedCertWithKey:5 genSignedCert:5 genSignedCertWithKey:6 buildCustomCert:2 " +
  "encryptAES:2 decryptAES:2 getHostByName";

const FIRST_REGEX = 21;
const FIRST_UNSUPPORTED = 44;

export function callEncoding(place: i32, values: Value[], x: Execution): Value {
  if (place >= FIRST_UNSUPPORTED) return x.fail("this function is not supported");
  if (place == 5) return Value.string(uuid(x));
  if (place == 34) return Value.text(x.context.socketIp);
  if (place == 35) return Value.text(x.context.realIp);
  const value = values[0];
  if (place == 41) return joinUrl(value, x);
  if (place >= 6 && place <= 10) return random(place, countOf(value, x), x);
  const text = textOf(value, x);
  if (x.failed) return value;
  if (place == 33) return Value.string(quoteMeta(text));
  if (place > 35) return more(place, text, values, x);
  if (place >= FIRST_REGEX) return withRegex((place - FIRST_REGEX) >> 1, text, values, x);
  const out = new Buffer(text.size + 16);
  switch (place) {
    case 0:
      encodeBase64(out, text);
      break;
    case 1: {
      const decoded = decodeBase64(text);
      return decoded === null ? Value.text("illegal base64 data") : Value.text(decodeLossy(decoded));
    }
    case 2:
      encodeBase32(out, text);
      break;
    case 3:
      encodeHex(out, sha256(text));
      break;
    case 4:
      out.text(adler32(text).toString());
      break;
    case 11:
    case 16:
      return Value.string(baseOf(text));
    case 12:
    case 17:
      return Value.string(clean(text.slice(0, text.lastIndexOf(0x2f) + 1)));
    case 13:
    case 18:
      return Value.string(clean(text));
    case 14:
    case 19: {
      const name = text.slice(text.lastIndexOf(0x2f) + 1);
      const dot = name.lastIndexOf(0x2e);
      return Value.string(dot < 0 ? Span.empty() : name.slice(dot));
    }
    default:
      return Value.bool(text.at(0) == 0x2f);
  }
  return Value.string(out.span());
}

function more(place: i32, text: Span, values: Value[], x: Execution): Value {
  switch (place) {
    case 36:
      return decodeBase32(text);
    case 37:
    case 38: {
      const out = new Buffer(128);
      encodeHex(out, place == 37 ? sha1(text) : sha512(text));
      return Value.string(out.span());
    }
    case 39:
      return shuffled(text, x);
    case 40:
      return parseUrl(text, x);
    case 42: {
      const version = normalVersion(text);
      return version.length > 0 ? Value.text(version) : x.fail("Invalid Semantic Version");
    }
  }
  const version = textOf(values[1], x);
  if (x.failed) return values[1];
  const found = satisfies(text, version);
  if (found == -1) return x.fail("improper constraint: " + text.toString());
  return found < 0 ? x.fail("Invalid Semantic Version") : Value.bool(found == 1);
}

/** The code points in another order. */
function shuffled(text: Span, x: Execution): Value {
  const points: Span[] = [];
  for (let i = 0; i < text.size; i += pointSize(text, i)) points.push(text.slice(i, i + pointSize(text, i)));
  const out = new Buffer(text.size);
  for (let left = points.length; left > 0; left--) {
    const chosen = <i32>(x.context.random() % <u64>left);
    out.append(points[chosen]);
    points[chosen] = points[left - 1];
  }
  return Value.string(out.span());
}

function decodeBase32(text: Span): Value {
  const out = new Buffer(text.size);
  let bits: u64 = 0;
  let count = 0;
  let at = 0;
  for (; at < text.size && text.at(at) != 0x3d; at++) {
    const byte = text.at(at);
    const digit = <u32>(byte - 0x41) < 26 ? byte - 0x41 : <u32>(byte - 0x32) < 6 ? byte - 0x18 : -1;
    if (digit < 0) break;
    bits = (bits << 5) | (<u64>digit);
    count += 5;
    if (count < 8) continue;
    count -= 8;
    out.push(<i32>((bits >> (<u64>count)) & 255));
  }
  let end = at;
  while (text.at(end) == 0x3d) end++;
  if (end < text.size || text.size % 8 != 0)
    return Value.text("illegal base32 data at input byte " + min(end, text.size).toString());
  return Value.text(decodeLossy(out.span()));
}

function encodeBase32(out: Buffer, text: Span): void {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  for (let at = 0; at < text.size; at += 5) {
    let bits: u64 = 0;
    for (let i = 0; i < 5; i++) bits = (bits << 8) | (<u64>max(text.at(at + i), 0));
    const digits = ((min(text.size - at, 5) * 8 + 4) / 5) as i32;
    for (let i = 0; i < 8; i++) {
      out.push(i < digits ? letters.charCodeAt(<i32>((bits >> (35 - 5 * <u64>i)) & 31)) : 0x3d);
    }
  }
}

function adler32(text: Span): u32 {
  let a: u32 = 1;
  let b: u32 = 0;
  for (let i = 0; i < text.size; i++) {
    a = (a + <u32>text.at(i)) % 65521;
    b = (b + a) % 65521;
  }
  return (b << 16) | a;
}

/** https://www.rfc-editor.org/rfc/rfc9562#section-5.4 */
function uuid(x: Execution): Span {
  const bytes = new Buffer(16);
  for (let i = 0; i < 16; i++) {
    let byte = <i32>(x.context.random() >> 56);
    if (i == 6) byte = (byte & 0x0f) | 0x40;
    if (i == 8) byte = (byte & 0x3f) | 0x80;
    bytes.push(byte);
  }
  const hex = new Buffer(32);
  encodeHex(hex, bytes.span());
  const digits = hex.span();
  const out = new Buffer(36);
  for (let i = 0; i < 32; i++) {
    if (i == 8 || i == 12 || i == 16 || i == 20) out.push(0x2d);
    out.push(digits.at(i));
  }
  return out.span();
}

function random(place: i32, count: i32, x: Execution): Value {
  const out = new Buffer(64);
  if (count > 0 && !x.spend(count)) return Value.missing();
  const digits = "0123456789";
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const set = place == 6 ? letters + digits : place == 7 ? letters : digits;
  for (let i = 0; i < count; i++) {
    const bits = <i32>(x.context.random() >> 40);
    if (place == 9) out.push(0x20 + (bits % 95));
    else if (place == 10) out.push(bits & 255);
    else out.push(set.charCodeAt(bits % set.length));
  }
  if (place != 10) return Value.string(out.span());
  const encoded = new Buffer(out.size * 2);
  encodeBase64(encoded, out.span(), Base64.Standard);
  return Value.string(encoded.span());
}

function baseOf(text: Span): Span {
  let end = text.size;
  if (end == 0) return Span.text(".");
  while (end > 1 && text.at(end - 1) == 0x2f) end--;
  const trimmed = text.slice(0, end);
  return trimmed.size == 1 ? trimmed : trimmed.slice(trimmed.lastIndexOf(0x2f) + 1);
}

/** The shortest path that leads to the same place. */
function clean(text: Span): Span {
  const isRooted = text.at(0) == 0x2f;
  const parts: Span[] = [];
  let up = 0;
  for (let at = 0; at <= text.size;) {
    let end = text.indexOf(0x2f, at);
    if (end < 0) end = text.size;
    const part = text.slice(at, end);
    at = end + 1;
    if (part.isEmpty || part.equalsAscii(".")) continue;
    if (!part.equalsAscii("..")) parts.push(part);
    else if (parts.length > up) parts.pop();
    else if (!isRooted) {
      parts.push(part);
      up++;
    }
  }
  const out = new Buffer(text.size + 1);
  if (isRooted) out.push(0x2f);
  for (let i = 0; i < parts.length; i++) {
    if (i > 0) out.push(0x2f);
    out.append(parts[i]);
  }
  if (out.isEmpty) out.push(0x2e);
  return out.span();
}

function quoteMeta(text: Span): Span {
  const special = "\\.+*?()|[]{}^$";
  const out = new Buffer(text.size + 8);
  for (let i = 0; i < text.size; i++) {
    const byte = text.at(i);
    if (byte < 0x80 && special.indexOf(String.fromCharCode(byte)) >= 0) out.push(0x5c);
    out.push(byte);
  }
  return out.span();
}

function withRegex(place: i32, pattern: Span, values: Value[], x: Execution): Value {
  const regex = new Regex(pattern.toString());
  if (regex.error.length > 0) return x.fail("error parsing regexp: " + regex.error);
  const text = textOf(values[1], x);
  const last = values[values.length - 1];
  if (x.failed) return last;
  regex.maxSteps = x.budget.maxSteps - x.budget.spent;
  const result = matched(place, regex, text, values, x);
  x.budget.spend(regex.steps);
  x.spend(0);
  return result;
}

function matched(place: i32, regex: Regex, text: Span, values: Value[], x: Execution): Value {
  const last = values[values.length - 1];
  switch (place) {
    case 0:
      return Value.bool(regex.matches(text));
    case 1: {
      const match = regex.find(text, 0);
      return Value.string(match === null ? Span.empty() : text.slice(match[0], match[1]));
    }
    case 2:
      return Value.string(regex.replaceAll(text, textOf(last, x).toString()));
    case 3:
      return Value.string(regex.replaceAll(text, textOf(last, x).toString().replaceAll("$", "$$")));
  }
  return pieces(regex, text, countOf(last, x), place == 5, x);
}

/** The matches, or with `splits` what stands between them; at most `count` where that is not negative. */
function pieces(regex: Regex, text: Span, count: i32, splits: bool, x: Execution): Value {
  const out = new Buffer(64);
  const writer = new JsonWriter(out).array();
  let at = 0;
  let from = 0;
  let left = count < 0 ? i32.MAX_VALUE : count;
  while (left > 0 && from <= text.size && x.spend(1)) {
    if (splits && left == 1) break;
    const match = regex.find(text, from);
    if (match === null) break;
    const isEmpty = match[0] == match[1];
    from = isEmpty ? match[1] + (match[1] < text.size ? pointSize(text, match[1]) : 1) : match[1];
    if (splits && isEmpty && (match[0] == 0 || match[0] == text.size)) continue;
    if (!splits && isEmpty && match[0] == at && at > 0) continue;
    writer.bytes(splits ? text.slice(at, match[0]) : text.slice(match[0], match[1]));
    at = match[1];
    left--;
  }
  if (splits && left > 0) writer.bytes(text.slice(at));
  writer.end();
  return Value.json(out.span());
}
