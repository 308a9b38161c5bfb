// The Cookie header (RFC 6265 §4.2): `name=value; name=value`.

import { Head } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span, trimAscii } from "as-proxy-wasm-sdk/bytes";

const SEMICOLON: i32 = 0x3b;

export abstract class Cookies {
  /** The value of the first cookie of that name, or empty. */
  static valueOf(header: Span, name: string): Span {
    for (let at = 0; at < header.size;) {
      const stop = header.indexOf(SEMICOLON, at);
      const end = stop < 0 ? header.size : stop;
      const pair = trimAscii(header.slice(at, end));
      const equals = pair.indexOf(0x3d);
      if (equals >= 0 && pair.slice(0, equals).toString() == name) return pair.slice(equals + 1);
      at = end + 1;
    }
    return Span.empty();
  }

  /** Joins a cookie to those of the request. False, and nothing happens, for a value that would be more than one. */
  static add(head: Head, name: Span, value: Span): bool {
    if (value.indexOf(SEMICOLON) >= 0) return false;
    const present = head.bytes("cookie");
    const out = new Buffer(128);
    if (present !== null && !present.isEmpty) {
      out.append(present);
      out.text("; ");
    }
    out.append(name);
    out.push(0x3d);
    out.append(value);
    return head.setBytes("cookie", out.span());
  }
}
