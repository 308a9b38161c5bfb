// Which web pages may call: a page that a user happens to visit must not reach a server on the user's machine by a
// name that has been bound to it anew.

import { lowerAscii, Span } from "as-proxy-wasm-sdk/bytes";

export class Origins {
  private allowed: string[] = [];

  /** Entries are origins, `https://chat.example.com`, or hosts, which stand for every scheme and port. */
  constructor(entries: string[]) {
    for (let i = 0; i < entries.length; i++) this.allowed.push(lowerAscii(Span.text(entries[i])).toString());
  }

  has(origin: Span): bool {
    const whole = lowerAscii(origin).toString();
    return this.allowed.includes(whole) || this.allowed.includes(hostOf(whole));
  }
}

function hostOf(origin: string): string {
  const scheme = origin.indexOf("://");
  const host = scheme < 0 ? origin : origin.substring(scheme + 3);
  const colon = host.lastIndexOf(":");
  return colon > host.lastIndexOf("]") ? host.substring(0, colon) : host;
}
