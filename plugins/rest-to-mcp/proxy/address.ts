// Where a proxied server is: `mcpServerURL`, a URL or a path alone.

import { Span } from "as-proxy-wasm-sdk/bytes";

export class Address {
  /** Why the text is no address, or "". */
  error: string = "";
  /** `http` or `https`; "" where the text is a path alone. */
  scheme: string = "";
  /** Empty where the text is a path alone: the client's own stays. */
  authority: string = "";
  /** With the query. */
  path: string = "/";

  constructor(url: string) {
    if (hasControl(Span.text(url))) this.error = "invalid URL format: a space or a control character";
    else this.read(url);
  }

  private read(url: string): void {
    let rest = url;
    const mark = url.indexOf("://");
    const slash = url.indexOf("/");
    if (mark >= 0 && slash == mark + 1) {
      this.scheme = url.substring(0, mark).toLowerCase();
      rest = url.substring(mark + 3);
      let end = 0;
      while (end < rest.length && !"/?#".includes(rest.charAt(end))) end++;
      this.authority = rest.substring(rest.lastIndexOf("@", end) + 1, end);
      rest = rest.substring(end);
      if (this.scheme != "http" && this.scheme != "https") {
        this.error = `unsupported URL scheme '${this.scheme}', only http and https are allowed`;
      } else if (this.authority.length == 0) this.error = "url with scheme must include a host";
    }
    const hash = rest.indexOf("#");
    if (hash >= 0) rest = rest.substring(0, hash);
    this.path = rest.startsWith("/") ? rest : "/" + rest;
  }

  /**
   * The address that a server of the earlier transport names for messages: a URL, or a path on the same server. What
   * it says of a host is not followed: calls go to the route's upstream.
   */
  sibling(reference: string): Address {
    if (reference.startsWith("/") || reference.includes("://")) return new Address(reference);
    const question = this.path.indexOf("?");
    const path = question < 0 ? this.path : this.path.substring(0, question);
    if (reference.startsWith("?")) return new Address(path + reference);
    return new Address(path.substring(0, path.lastIndexOf("/") + 1) + reference);
  }
}

function hasControl(text: Span): bool {
  for (let i = 0; i < text.size; i++) if (text.at(i) <= 0x20 || text.at(i) == 0x7f) return true;
  return false;
}
