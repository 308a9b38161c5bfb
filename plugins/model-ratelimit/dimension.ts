// Whom a rule counts by: where of the request its key comes from.

import { Head, propertyBytes } from "as-proxy-wasm-sdk/sdk";
import { Span, trimAscii } from "as-proxy-wasm-sdk/bytes";
import { Address } from "./address";
import { formValue, queryOf } from "./form";

export const CONSUMER: string = "x-mse-consumer";
const FROM_PEER: string = "from-remote-addr";
const FROM_HEADER: string = "from-header-";

export const enum Source {
  Header,
  Parameter,
  Cookie,
  Consumer,
  Ip,
}

/** Configuration keys in rising precedence, which are part of the counters' names. */
export const FIELDS: string[] = [
  "limit_by_header",
  "limit_by_param",
  "limit_by_cookie",
  "limit_by_per_header",
  "limit_by_per_param",
  "limit_by_per_cookie",
  "limit_by_consumer",
  "limit_by_per_consumer",
  "limit_by_per_ip",
];
const SOURCES: Source[] = [
  Source.Header,
  Source.Parameter,
  Source.Cookie,
  Source.Header,
  Source.Parameter,
  Source.Cookie,
  Source.Consumer,
  Source.Consumer,
  Source.Ip,
];

/** A value of the request that requests are told apart by. */
export class Dimension {
  readonly source: Source;
  /** One of `FIELDS`. */
  readonly field: string;
  /** Each value has a counter of its own; keys are patterns, not texts. */
  readonly isPerValue: bool;
  private readonly nameBytes: Span;

  constructor(
    index: i32,
    /** Of the header, parameter or cookie; for addresses, where they are taken from. */
    public name: string,
  ) {
    const field = FIELDS[index];
    this.field = field;
    this.source = SOURCES[index];
    this.isPerValue = field.startsWith("limit_by_per_");
    this.nameBytes = Span.text(name);
  }

  /** Null when `name` can be used for addresses, else why not, in Higress's words. */
  static addressError(name: string): string | null {
    if (name == FROM_PEER) return null;
    if (name == FROM_HEADER) return "limit_by_per_ip parse error: empty after 'from-header-'";
    if (name.startsWith(FROM_HEADER)) return null;
    return "the 'limit_by_per_ip' restriction must start with 'from-header-' or be exactly 'from-remote-addr'";
  }

  /** The request's value, or null: the rule does not concern it. */
  valueOf(head: Head): Span | null {
    switch (this.source) {
      case Source.Parameter: {
        const path = head.bytes(":path");
        return path === null ? null : formValue(queryOf(path), this.nameBytes);
      }
      case Source.Cookie: {
        const cookies = head.bytes("cookie");
        return cookies === null ? null : cookieValue(cookies, this.nameBytes);
      }
      default: {
        const value = head.bytes(this.name);
        return value === null || value.isEmpty ? null : value;
      }
    }
  }

  /** Of a dimension of addresses. */
  addressOf(head: Head): Address | null {
    if (this.name == FROM_PEER) {
      const peer = propertyBytes("source\0address");
      return peer === null ? null : Address.ofPeer(peer);
    }
    const list = head.bytes(this.name.substring(FROM_HEADER.length));
    if (list === null) return null;
    const comma = list.indexOf(0x2c);
    return Address.ofPeer(trimAscii(comma < 0 ? list : list.slice(0, comma)));
  }
}

/** The first pair of that name with a `=`; a value may hold further ones. */
function cookieValue(cookies: Span, name: Span): Span | null {
  let from = 0;
  while (from < cookies.size) {
    let end = cookies.indexOf(0x3b, from);
    if (end < 0) end = cookies.size;
    const pair = trimAscii(cookies.slice(from, end));
    const equals = pair.indexOf(0x3d);
    if (equals >= 0 && trimAscii(pair.slice(0, equals)).equals(name))
      return trimAscii(pair.slice(equals + 1));
    from = end + 1;
  }
  return null;
}
