// sprig's urlParse and urlJoin: a URL as an object of its parts, and back. https://masterminds.github.io/sprig/url.html

import { Buffer, Span, lowerAscii, percentDecode, percentEncode } from "../../bytes";
import { JsonKind, JsonWriter } from "../../json";
import { Execution } from "../execution";
import { Value } from "../value";
import { member } from "./data";

export function parseUrl(url: Span, x: Execution): Value {
  let rest = url;
  const hash = rest.indexOf(0x23);
  const fragment = hash < 0 ? Span.empty() : rest.slice(hash + 1);
  if (hash >= 0) rest = rest.slice(0, hash);
  const colon = schemeEnd(rest);
  if (colon == 0)
    return x.fail('unable to parse url: parse "' + url.toString() + '": missing protocol scheme');
  const scheme = colon < 0 ? "" : lowerAscii(rest.slice(0, colon)).toString();
  if (colon >= 0) rest = rest.slice(colon + 1);
  const question = rest.indexOf(0x3f);
  const query = question < 0 ? Span.empty() : rest.slice(question + 1);
  if (question >= 0) rest = rest.slice(0, question);
  const isOpaque = scheme.length > 0 && rest.at(0) != 0x2f && !rest.isEmpty;
  let host = Span.empty();
  let user = Span.empty();
  if (!isOpaque && rest.startsWithAscii("//")) {
    const slash = rest.indexOf(0x2f, 2);
    const end = slash < 0 ? rest.size : slash;
    const authority = rest.slice(2, end);
    const at = authority.lastIndexOf(0x40);
    host = authority.slice(at + 1);
    user = authority.slice(0, max(at, 0));
    rest = rest.slice(end);
  }
  const out = new Buffer(url.size + 96);
  new JsonWriter(out)
    .object()
    .key("scheme")
    .text(scheme)
    .key("host")
    .bytes(host)
    .key("hostname")
    .bytes(hostname(host))
    .key("path")
    .bytes(isOpaque ? Span.empty() : percentDecode(rest))
    .key("query")
    .bytes(query)
    .key("opaque")
    .bytes(isOpaque ? rest : Span.empty())
    .key("fragment")
    .bytes(percentDecode(fragment))
    .key("userinfo")
    .bytes(user)
    .end();
  return Value.json(out.span());
}

/** Offset of the colon after a scheme, -1 where there is none, 0 where one is missing. */
function schemeEnd(url: Span): i32 {
  for (let i = 0; i < url.size; i++) {
    const byte = url.at(i);
    if (byte == 0x3a) return i;
    const isLetter = <u32>((byte | 0x20) - 0x61) < 26;
    const isOther = <u32>(byte - 0x30) < 10 || byte == 0x2b || byte == 0x2d || byte == 0x2e;
    if (!isLetter && !(i > 0 && isOther)) return -1;
  }
  return -1;
}

/** The host without a port and without the brackets of an IPv6 address. */
function hostname(host: Span): Span {
  const bracket = host.lastIndexOf(0x5d);
  if (host.at(0) == 0x5b && bracket > 0) return host.slice(1, bracket);
  const colon = host.lastIndexOf(0x3a);
  return colon < 0 ? host : host.slice(0, colon);
}

export function joinUrl(parts: Value, x: Execution): Value {
  if (parts.kind != JsonKind.Object)
    return x.fail("wrong type for value; expected map[string]interface {}; got " + parts.typeName());
  const out = new Buffer(64);
  const scheme = textAt(parts, "scheme");
  const host = textAt(parts, "host");
  const user = textAt(parts, "userinfo");
  const path = textAt(parts, "path");
  const query = textAt(parts, "query");
  const fragment = textAt(parts, "fragment");
  const opaque = textAt(parts, "opaque");
  if (!scheme.isEmpty) {
    out.append(scheme);
    out.push(0x3a);
  }
  if (!opaque.isEmpty) out.append(opaque);
  else {
    if (!scheme.isEmpty || !host.isEmpty || !user.isEmpty) {
      if (!host.isEmpty || !path.isEmpty || !user.isEmpty) out.text("//");
      if (!user.isEmpty) {
        out.append(user);
        out.push(0x40);
      }
      out.append(host);
    }
    if (!path.isEmpty && path.at(0) != 0x2f && !host.isEmpty) out.push(0x2f);
    percentEncode(out, path, true);
  }
  if (!query.isEmpty) {
    out.push(0x3f);
    out.append(query);
  }
  if (!fragment.isEmpty) {
    out.push(0x23);
    percentEncode(out, fragment);
  }
  return Value.string(out.span());
}

function textAt(parts: Value, name: string): Span {
  const value = member(parts, Value.text(name));
  return value.isString ? value.text : Span.empty();
}
