// Values of a request that rules tell requests apart by.

import { Head, propertyBytes, routeName } from "as-proxy-wasm-sdk/sdk";
import { Buffer, encodeHex, sha256, Span } from "as-proxy-wasm-sdk/bytes";
import { CONSUMER, Dimension, FIELDS } from "./dimension";
import { Address } from "./address";
import { RequestFacts } from "./request-facts";

const PLAIN: string[] = ["consumer", "api_key", "model", "ip", "route", "tool"];
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

  /** Null for what names no value. */
  static parse(text: string): RequestValue | null {
    if (PLAIN.includes(text)) return new RequestValue(text, null);
    for (let i = 0; i < NAMED.length; i++) {
      const name = text.substring(NAMED[i].length);
      if (text.startsWith(NAMED[i]) && name.length > 0) {
        return new RequestValue(text, new Dimension(FIELDS.indexOf(NAMED_FIELDS[i]), name));
      }
    }
    return null;
  }

  get isAddress(): bool {
    return this.text == "ip";
  }

  /** Known only once the body was read. */
  get needsBody(): bool {
    return this.text == "model" || this.text == "tool";
  }

  /** Null when the request has none. */
  value(head: Head, facts: RequestFacts): Span | null {
    const named = this.named;
    if (named !== null) return named.valueOf(head);
    if (this.text == "model") return present(facts.model);
    if (this.text == "tool") return present(facts.tool);
    if (this.text == "route") return present(Span.text(routeName()));
    if (this.text == "consumer") return present(head.bytes(CONSUMER));
    if (this.text == "api_key") return keyOf(head);
    const address = this.address();
    return address === null ? null : Span.text(address.toString());
  }

  /** The client's, as the gateway sees it. */
  address(): Address | null {
    const peer = propertyBytes("source\0address");
    return peer === null ? null : Address.ofPeer(peer);
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
