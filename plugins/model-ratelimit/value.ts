// Values of a request that rules tell requests apart by.

import { Head, propertyBytes, routeName } from "as-proxy-wasm-sdk/sdk";
import { Buffer, encodeHex, readUnsigned, sha256, Span } from "as-proxy-wasm-sdk/bytes";
import { CONSUMER, Dimension, FIELDS } from "./dimension";
import { Address } from "./address";
import { RequestFacts } from "./request-facts";

const PLAIN: string[] = ["consumer", "api_key", "model", "ip", "route", "tool"];
const NETWORK: string = "ip/";
/** Of IPv6, where only that of IPv4 is given: what a provider gives one household. */
const V6_BITS: i32 = 64;
const NAMED: string[] = ["header:", "query:", "cookie:"];
/** Fields of `dimension.ts` that read the same. */
const NAMED_FIELDS: string[] = ["limit_by_header", "limit_by_param", "limit_by_cookie"];
/** Where clients put their keys. */
const KEY_HEADERS: string[] = ["authorization", "x-api-key", "api-key", "x-goog-api-key"];

export class RequestValue {
  private constructor(
    /** As configured. */
    readonly text: string,
    private named: Dimension | null,
  ) {}

  /** Of addresses: those that share so many bits are one value. */
  private v4Bits: i32 = 32;
  private v6Bits: i32 = 128;

  /** Null for what names no value. */
  static parse(text: string): RequestValue | null {
    if (PLAIN.includes(text)) return new RequestValue(text, null);
    if (text.startsWith(NETWORK)) return RequestValue.network(text);
    for (let i = 0; i < NAMED.length; i++) {
      const name = text.substring(NAMED[i].length);
      if (text.startsWith(NAMED[i]) && name.length > 0) {
        return new RequestValue(text, new Dimension(FIELDS.indexOf(NAMED_FIELDS[i]), name));
      }
    }
    return null;
  }

  /** `ip/24`, or `ip/24/56` with bits for IPv6. */
  private static network(text: string): RequestValue | null {
    const bits = text.substring(NETWORK.length).split("/");
    const v4 = readUnsigned(Span.text(bits[0]), 32);
    const v6 = readUnsigned(Span.text(bits.length > 1 ? bits[1] : V6_BITS.toString()), 128);
    if (bits.length > 2 || v4.failed || v6.failed) return null;
    const value = new RequestValue("ip", null);
    value.v4Bits = <i32>v4.value;
    value.v6Bits = <i32>v6.value;
    return value;
  }

  get isAddress(): bool {
    return this.text == "ip";
  }

  get isTool(): bool {
    return this.text == "tool";
  }

  /** Known only once the body was read. */
  get needsBody(): bool {
    return this.text == "model" || this.text == "tool";
  }

  /** Null when the request has none. `tool`: of the call that is looked at. */
  value(head: Head, facts: RequestFacts, tool: Span): Span | null {
    const named = this.named;
    if (named !== null) return named.valueOf(head);
    if (this.text == "model") return present(facts.model);
    if (this.text == "tool") return present(tool);
    if (this.text == "route") return present(Span.text(routeName()));
    if (this.text == "consumer") return present(head.bytes(CONSUMER));
    if (this.text == "api_key") return keyOf(head);
    const address = this.address();
    if (address === null) return null;
    return Span.text(address.network(address.isV4 ? this.v4Bits + 96 : this.v6Bits).toString());
  }

  /** The client's, as the gateway sees it. */
  address(): Address | null {
    const peer = propertyBytes("source\0address");
    return peer === null ? null : Address.ofConnection(peer);
  }
}

function present(value: Span | null): Span | null {
  return value === null || value.isEmpty ? null : value;
}

/** A digest of the key: no counter's name and no log line tells a key. */
function keyOf(head: Head): Span | null {
  for (let i = 0; i < KEY_HEADERS.length; i++) {
    const value = head.bytes(KEY_HEADERS[i]);
    if (value !== null && !value.isEmpty) return digest(value);
  }
  return null;
}

/** 32 hexadecimal digits. */
export function digest(value: Span): Span {
  const out = new Buffer(32);
  encodeHex(out, sha256(value).slice(0, 16));
  return out.take();
}
