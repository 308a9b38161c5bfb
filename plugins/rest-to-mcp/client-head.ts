// What the headers of a client's request say about its message. They are for this gateway: the upstream does not
// see them.

import { Head } from "as-proxy-wasm-sdk/sdk";
import { Base64, decodeBase64, Span, trimAscii } from "as-proxy-wasm-sdk/bytes";
import { ASSUMED, Revision, revisionOf } from "as-proxy-wasm-sdk/mcp";
import { ALLOWED_HEADER } from "./allowed-tools";

/** A server configuration for this request, in base64; written by Higress's mcp-session. */
const CONFIG_HEADER: string = "x-higress-mcpserver-config";
const PARAM_PREFIX: string = "mcp-param-";

export class ClientHead {
  /** Each null where the header is absent. */
  revision: Span | null = null;
  method: Span | null = null;
  name: Span | null = null;
  allowedTools: Span | null = null;
  /** Of the upstream, where clients have sessions with it. */
  session: Span | null = null;
  /** Who is asking, as far as the gateway in front knows; bound to what a client must bring back. */
  principal: Span = Span.empty();
  /** JSON of the server's `config` for this request, or empty. */
  serverConfig: Span = Span.empty();
  /** Names without their prefix, in lower case. */
  params: Map<string, Span> = new Map<string, Span>();

  /** Takes the headers off. */
  static take(head: Head): ClientHead {
    const client = new ClientHead();
    client.revision = taken(head, "mcp-protocol-version");
    client.method = taken(head, "mcp-method");
    client.name = taken(head, "mcp-name");
    client.allowedTools = taken(head, ALLOWED_HEADER);
    const config = taken(head, CONFIG_HEADER);
    if (config !== null) {
      const json = decodeBase64(config, Base64.Standard);
      client.serverConfig = json === null ? Span.text("{}") : json;
    }
    const consumer = head.bytes("x-mse-consumer");
    const authorization = consumer === null ? head.bytes("authorization") : consumer;
    if (authorization !== null) client.principal = authorization;
    // Sessions are not minted here: what a client brings is not the upstream's.
    client.session = taken(head, "mcp-session-id");
    const pairs = head.pairs();
    while (pairs.next()) {
      if (!pairs.name.startsWithAscii(PARAM_PREFIX)) continue;
      const name = pairs.name.slice(PARAM_PREFIX.length).toString();
      if (!client.params.has(name)) client.params.set(name, pairs.value);
    }
    const names = client.params.keys();
    for (let i = 0; i < names.length; i++) head.remove(PARAM_PREFIX + names[i]);
    return client;
  }

  /** The revision that the header names; what it names where there is none. */
  get claimed(): Revision {
    const name = this.revision;
    return name === null ? ASSUMED : revisionOf(name);
  }

  /** Puts back what a message says of itself, for an upstream that gets the same message. */
  restore(head: Head): void {
    put(head, "mcp-protocol-version", this.revision);
    put(head, "mcp-method", this.method);
    put(head, "mcp-name", this.name);
    const names = this.params.keys();
    const values = this.params.values();
    for (let i = 0; i < names.length; i++) put(head, PARAM_PREFIX + names[i], values[i]);
  }

  restoreSession(head: Head): void {
    put(head, "mcp-session-id", this.session);
  }
}

function put(head: Head, name: string, value: Span | null): void {
  if (value !== null) head.setBytes(name, value);
}

function taken(head: Head, name: string): Span | null {
  const value = head.bytes(name);
  if (value === null) return null;
  head.remove(name);
  return trimAscii(value);
}
