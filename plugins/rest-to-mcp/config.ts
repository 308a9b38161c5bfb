// Which server a configuration describes, and the rules of its endpoint.

import { Config, ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { sha256, Span } from "as-proxy-wasm-sdk/bytes";
import { JsonKind } from "as-proxy-wasm-sdk/json";
import { ComposedServer } from "./composed-server";
import { Origins } from "./origins";
import { ProxyServer } from "./proxy/proxy-server";
import { RestServer } from "./rest/rest-server";
import { Server } from "./server";

/** As much as Higress's plugin takes. */
const MOST_BYTES: i32 = 100 << 20;

const NO_SERVER: string = "either 'server' or 'toolSet' field must be present in the configuration";
const NO_NAME: string = "server.name field is missing for single server config";

/** Keys, defaults and bounds are those of schema.json; a test compares the two. */
export class McpConfig extends Config {
  /** Null only when the configuration is refused. */
  server: Server | null = null;
  /** Null: every tool. */
  allowTools: Set<string> | null = null;
  /** Null: pages of every origin. */
  origins: Origins | null = null;
  pageSize: i32 = 0;
  strictArgs: bool = false;
  listTtlMs: i32 = 0;
  maxRequestBytes: i32 = 0;
  maxAnswerBytes: i32 = 0;
  /** Signs what clients bring back. */
  stateKey: Span = Span.empty();

  static parse(reader: ConfigReader, inherited: McpConfig | null): McpConfig {
    const config = new McpConfig();
    if (isGiven(reader, "allowTools")) config.allowTools = setOf(reader.texts("allowTools"));
    if (isGiven(reader, "allowOrigins")) config.origins = new Origins(reader.texts("allowOrigins"));
    config.pageSize = <i32>reader.integerBetween("pageSize", 0, 0, 100000);
    config.strictArgs = reader.flag("strictArgs");
    config.listTtlMs = <i32>reader.integerBetween("listTtlMs", 0, 0, 86400000);
    config.maxRequestBytes = <i32>reader.integerBetween("maxRequestBytes", MOST_BYTES, 1, MOST_BYTES);
    config.maxAnswerBytes = <i32>reader.integerBetween("maxAnswerBytes", MOST_BYTES, 1, MOST_BYTES);
    // Without a secret all gateways with this configuration still agree on a key.
    const secret = reader.secret("stateSecret");
    config.stateKey = sha256(secret.length > 0 ? Span.text(secret) : reader.value.raw());
    config.server = serverOf(reader);
    return config;
  }

  start(): bool {
    const server = this.server;
    if (server === null) return true;
    const servers: Server[] = [];
    for (let i = 0; i < this.siblings.length; i++) {
      const sibling = this.siblings[i];
      if (!(sibling instanceof McpConfig)) continue;
      const other = (sibling as McpConfig).server;
      if (other !== null && other !== server) servers.push(other);
    }
    server.start(servers);
    return true;
  }
}

function isGiven(reader: ConfigReader, key: string): bool {
  return reader.value.get(key).kind > JsonKind.Null && reader.has(key);
}

function setOf(names: string[]): Set<string> {
  const set = new Set<string>();
  for (let i = 0; i < names.length; i++) set.add(names[i]);
  return set;
}

function serverOf(reader: ConfigReader): Server | null {
  if (reader.has("toolSet")) return ComposedServer.read(reader.child("toolSet"));
  if (!reader.has("server")) {
    reader.fail(NO_SERVER);
    return null;
  }
  const server = reader.child("server");
  const name = server.text("name");
  if (name.length == 0) {
    reader.fail(NO_NAME);
    return null;
  }
  const tools = reader.list("tools");
  if (server.text("type") == "mcp-proxy") return ProxyServer.read(name, server, tools);
  if (tools.length > 0) return RestServer.read(name, server, tools, reader.flag("encodePathArgs", true));
  reader.fail(`mcp server type '${name}' not registered`);
  return null;
}
