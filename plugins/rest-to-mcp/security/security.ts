// Credentials on both sides of the gateway: a client's is taken off its request, an upstream's is set. None is
// verified: that is for key-auth or jwt-auth in front.

import { ConfigReader, Head, log } from "as-proxy-wasm-sdk/sdk";
import { Buffer, encodeBase64, equalsAsciiIgnoreCase, Span, trimAscii } from "as-proxy-wasm-sdk/bytes";

import { StrictReader } from "../strict-reader";
import { addCookie, cookieIn, withoutCookie } from "./cookies";
import { Parameters } from "./query";
import { CredentialPlace, SecurityRequirement, SecurityScheme } from "./scheme";

export class Security {
  private constructor(
    private schemes: Map<string, SecurityScheme>,
    private downstream: SecurityRequirement | null,
    private upstream: SecurityRequirement | null,
    /** The client's `Authorization` and cookies reach the upstream. */
    readonly passesAuthHeader: bool,
  ) {}

  /** `securitySchemes`, the two defaults and `passthroughAuthHeader` of a server. */
  static read(server: ConfigReader): Security {
    const security = new Security(
      SecurityScheme.readAll(server),
      requirementAt(server, "defaultDownstreamSecurity"),
      requirementAt(server, "defaultUpstreamSecurity"),
      server.flag("passthroughAuthHeader"),
    );
    security.check(security.downstream, server);
    security.check(security.upstream, server);
    return security;
  }

  /** Warns of a requirement whose scheme does not exist. */
  check(requirement: SecurityRequirement | null, reader: ConfigReader): void {
    if (requirement !== null && !this.schemes.has(requirement.id))
      reader.warn(`there is no security scheme with id '${requirement.id}'`);
  }

  /**
   * Takes what the client authenticated with off its request; `own` is the tool's requirement. Returns the credential
   * that the upstream is to get, or null.
   */
  takeClientCredential(head: Head, own: SecurityRequirement | null): Span | null {
    const requirement = own !== null ? own : this.downstream;
    let credential: Span | null = null;
    if (requirement !== null && this.schemes.has(requirement.id)) {
      credential = take(head, this.schemes.get(requirement.id));
    }
    if (!this.passesAuthHeader) {
      head.remove("authorization");
      head.remove("cookie");
    }
    head.remove("proxy-authorization");
    return requirement !== null && requirement.passthrough ? credential : null;
  }

  /** Sets the upstream's credential on a request whose `:path` is in place. Returns why that cannot be, or "". */
  setUpstreamCredential(head: Head, own: SecurityRequirement | null, passed: Span | null): string {
    const requirement = own !== null ? own : this.upstream;
    if (requirement === null) return "";
    if (!this.schemes.has(requirement.id))
      return failed(`upstream security scheme with id '${requirement.id}' not found`);
    const scheme = this.schemes.get(requirement.id);
    let credential = Span.text(
      requirement.credential.length > 0 ? requirement.credential : scheme.defaultCredential,
    );
    if (passed !== null && !passed.isEmpty) credential = passed;
    if (credential.isEmpty)
      return failed(`no credential found or configured for upstream security scheme '${requirement.id}'`);
    return put(head, scheme, credential, passed !== null && !passed.isEmpty)
      ? ""
      : failed(`the credential for upstream security scheme '${requirement.id}' cannot be set`);
  }
}

/** What an operator reads; a client learns no more than that it failed. */
function failed(reason: string): string {
  log.error(reason);
  return "upstream authentication failed";
}

function requirementAt(server: ConfigReader, key: string): SecurityRequirement | null {
  const reader = new StrictReader(server.child(key), `failed to parse ${key} config`);
  return reader.isObject ? SecurityRequirement.read(reader) : null;
}

/** The credential that stands where the scheme says, taken off; null where there is none. */
function take(head: Head, scheme: SecurityScheme): Span | null {
  const name = scheme.name;
  switch (scheme.place) {
    case CredentialPlace.Bearer:
    case CredentialPlace.Basic: {
      const header = head.bytes("authorization");
      const prefix = scheme.place == CredentialPlace.Bearer ? "bearer " : "basic ";
      if (header === null || !hasPrefix(header, prefix)) return null;
      head.remove("authorization");
      return trimAscii(header.slice(prefix.length));
    }
    case CredentialPlace.Header: {
      const header = head.bytes(name);
      head.remove(name);
      return header;
    }
    case CredentialPlace.Query: {
      const path = head.bytes(":path");
      const question = path === null ? -1 : path.indexOf(0x3f);
      if (path === null || question < 0) return null;
      const parameters = Parameters.read(path.slice(question + 1));
      const value = parameters.get(name);
      if (value === null) return null;
      parameters.remove(name);
      head.setBytes(":path", withQuery(path.slice(0, question), parameters));
      return value;
    }
    case CredentialPlace.Cookie: {
      const header = head.bytes("cookie");
      if (header === null) return null;
      const rest = withoutCookie(header, Span.text(name));
      if (rest.isEmpty) head.remove("cookie");
      else head.setBytes("cookie", rest);
      return cookieIn(header, Span.text(name));
    }
  }
  return null;
}

/** In any case of its letters. */
function hasPrefix(text: Span, prefix: string): bool {
  return equalsAsciiIgnoreCase(text.slice(0, prefix.length), prefix);
}

/** False where a header cannot hold the credential. */
function put(head: Head, scheme: SecurityScheme, credential: Span, isPassed: bool): bool {
  const name = scheme.name;
  const out = new Buffer(credential.size + 64);
  switch (scheme.place) {
    case CredentialPlace.Bearer:
      if (!hasPrefix(credential, "bearer ")) out.text("Bearer ");
      out.append(credential);
      return head.setBytes("authorization", out.span());
    case CredentialPlace.Basic: {
      const isWhole = hasPrefix(credential, "basic ");
      if (!isWhole) out.text("Basic ");
      if (!isWhole && !isPassed && credential.indexOf(0x3a) >= 0) encodeBase64(out, credential);
      else out.append(credential);
      return head.setBytes("authorization", out.span());
    }
    case CredentialPlace.Header:
      return head.setBytes(name, credential);
    case CredentialPlace.Query: {
      const path = head.bytes(":path");
      if (path === null) return false;
      const question = path.indexOf(0x3f);
      const parameters = Parameters.read(question < 0 ? Span.empty() : path.slice(question + 1));
      parameters.set(name, credential);
      return head.setBytes(
        ":path",
        withQuery(path.slice(0, question < 0 ? path.size : question), parameters),
      );
    }
    case CredentialPlace.Cookie: {
      const header = head.bytes("cookie");
      if (header !== null) out.append(withoutCookie(header, Span.text(name)));
      addCookie(out, Span.text(name), credential);
      return head.setBytes("cookie", out.span());
    }
  }
  return false;
}

/** A path and its query. */
export function withQuery(path: Span, parameters: Parameters): Span {
  if (parameters.isEmpty) return path;
  const out = new Buffer(path.size + 64);
  out.append(path);
  out.push(0x3f);
  out.append(parameters.encode());
  return out.span();
}
