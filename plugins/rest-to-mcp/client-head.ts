// What the headers of a client's request say about its message. They are for this gateway: the upstream does not
// see them.

import { Head } from "as-proxy-wasm-sdk/sdk";
import { Base64, decodeBase64, Span, trimAscii } from "as-proxy-wasm-sdk/bytes";
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
    head.remove("mcp-session-id");
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
}

function taken(head: Head, name: string): Span | null {
  const value = head.bytes(name);
  if (value === null) return null;
  head.remove(name);
  return trimAscii(value);
}
