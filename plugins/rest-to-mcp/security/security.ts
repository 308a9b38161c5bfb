// Credentials of a server: the client's are taken off the request, the upstream's are put on. What a client brought
// reaches the upstream only where the configuration says so.

import { ConfigReader, Head, log } from "as-proxy-wasm-sdk/sdk";
import { Buffer, encodeBase64, equalsAsciiIgnoreCase, Span, trimAscii } from "as-proxy-wasm-sdk/bytes";
import { Cookies } from "./cookies";
import { Query } from "./query";
import { SchemeKind, SecurityRequirement, SecurityScheme } from "./scheme";

const COLON: i32 = 0x3a;
const SPACE: i32 = 0x20;

/** A client's credential that may go on to the upstream. */
const none = Span.empty();

export class Security {
  private schemes: Map<string, SecurityScheme> = new Map<string, SecurityScheme>();
  private downstream: SecurityRequirement = new SecurityRequirement();
  private upstream: SecurityRequirement = new SecurityRequirement();
  private passesAuthorization: bool = false;

  /** `server` of the configuration. */
  static read(server: ConfigReader): Security {
    const security = new Security();
    const schemes = server.list("securitySchemes");
    for (let i = 0; i < schemes.length; i++) {
      const scheme = SecurityScheme.read(schemes[i]);
      security.schemes.set(scheme.id, scheme);
    }
    security.downstream = SecurityRequirement.read(server.child("defaultDownstreamSecurity"));
    security.upstream = SecurityRequirement.read(server.child("defaultUpstreamSecurity"));
    security.passesAuthorization = server.flag("passthroughAuthHeader");
    return security;
  }

  /**
   * Takes the client's credentials off its request and returns the one that may go on to the upstream, or empty.
   * `own` is the tool's requirement; without an id the server's counts. To be called before `:path` is rewritten.
   */
  takeCredentials(head: Head, own: SecurityRequirement): Span {
    const requirement = own.id.length > 0 ? own : this.downstream;
    let credential = none;
    if (requirement.id.length > 0) {
      const scheme = this.scheme(requirement.id);
      if (scheme !== null) credential = taken(head, scheme);
      else log.warn(`downstream security scheme with id '${requirement.id}' not found`);
    }
    if (!this.passesAuthorization) head.remove("authorization");
    head.remove("proxy-authorization");
    head.remove("cookie");
    return requirement.passthrough ? credential : none;
  }

  /**
   * Puts the upstream's credential on a request. `passed` comes from `takeCredentials`; `own` is the tool's
   * requirement. Returns why there is none where one is required, else "".
   */
  authenticate(head: Head, own: SecurityRequirement, passed: Span): string {
    const requirement = own.id.length > 0 ? own : this.upstream;
    if (requirement.id.length == 0) return "";
    const scheme = this.scheme(requirement.id);
    if (scheme === null) return `upstream security scheme with id '${requirement.id}' not found`;
    let credential = passed;
    if (credential.isEmpty) {
      const text = requirement.credential.length > 0 ? requirement.credential : scheme.defaultCredential;
      credential = Span.text(text);
    }
    if (credential.isEmpty) {
      return `no credential found or configured for upstream security scheme '${requirement.id}'`;
    }
    return put(head, scheme, credential, !passed.isEmpty)
      ? ""
      : `the credential does not fit upstream security scheme '${requirement.id}'`;
  }

  private scheme(id: string): SecurityScheme | null {
    return this.schemes.has(id) ? this.schemes.get(id) : null;
  }
}

/** The credential that a request carries, which it then carries no more; empty where there is none. */
function taken(head: Head, scheme: SecurityScheme): Span {
  switch (scheme.kind) {
    case SchemeKind.Basic:
    case SchemeKind.Bearer: {
      const value = head.bytes(scheme.name);
      const word = scheme.kind == SchemeKind.Basic ? "basic " : "bearer ";
      if (value === null || !hasPrefix(value, word)) return none;
      head.remove(scheme.name);
      return trimAscii(value.slice(word.length));
    }
    case SchemeKind.Header: {
      const value = head.bytes(scheme.name);
      if (value === null) return none;
      head.remove(scheme.name);
      return trimAscii(value);
    }
    case SchemeKind.Query: {
      const path = head.bytes(":path");
      const mark = path === null ? -1 : path.indexOf(0x3f);
      if (path === null || mark < 0) return none;
      return Query.read(path.slice(mark + 1)).first(Span.text(scheme.name));
    }
    case SchemeKind.Cookie: {
      const value = head.bytes("cookie");
      return value === null ? none : Cookies.valueOf(value, scheme.name);
    }
  }
  return none;
}

function put(head: Head, scheme: SecurityScheme, credential: Span, isPassed: bool): bool {
  switch (scheme.kind) {
    case SchemeKind.Basic:
      return head.setBytes(scheme.name, basic(credential, isPassed));
    case SchemeKind.Bearer:
      return head.setBytes(scheme.name, prefixed("Bearer ", credential));
    case SchemeKind.Header:
      return head.setBytes(scheme.name, credential);
    case SchemeKind.Query: {
      const path = head.bytes(":path");
      if (path === null) return false;
      const mark = path.indexOf(0x3f);
      const query = Query.read(mark < 0 ? none : path.slice(mark + 1));
      query.set(Span.text(scheme.name), credential);
      const out = new Buffer(path.size + credential.size + 16);
      out.append(mark < 0 ? path : path.slice(0, mark));
      out.push(0x3f);
      query.write(out);
      return head.setBytes(":path", out.span());
    }
    case SchemeKind.Cookie:
      return Cookies.add(head, Span.text(scheme.name), credential);
  }
  return false;
}

/** A configured `user:password` is encoded here; what a client brought is encoded already. */
function basic(credential: Span, isPassed: bool): Span {
  if (isPassed || hasPrefix(credential, "basic ") || credential.indexOf(COLON) < 0) {
    return prefixed("Basic ", credential);
  }
  const encoded = new Buffer(credential.size * 2);
  encodeBase64(encoded, credential);
  return prefixed("Basic ", encoded.span());
}

/** `word` ends with a space. */
function prefixed(word: string, credential: Span): Span {
  if (hasPrefix(credential, word)) return credential;
  const out = new Buffer(word.length + credential.size);
  out.text(word);
  out.append(credential);
  return out.span();
}

function hasPrefix(value: Span, word: string): bool {
  const last = word.length - 1;
  return value.at(last) == SPACE && equalsAsciiIgnoreCase(value.slice(0, last), word.substring(0, last));
}
