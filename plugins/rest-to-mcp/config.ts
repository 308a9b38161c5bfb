// Which server a configuration describes, and the rules of its endpoint.

import { Config, ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { JsonKind } from "as-proxy-wasm-sdk/json";
import { ComposedServer } from "./composed-server";
import { ProxyServer } from "./proxy/proxy-server";
import { RestServer } from "./rest/rest-server";
import { Server } from "./server";

const NO_SERVER: string = "either 'server' or 'toolSet' field must be present in the configuration";
const NO_NAME: string = "server.name field is missing for single server config";

/** Keys, defaults and bounds are those of schema.json; a test compares the two. */
export class McpConfig extends Config {
  /** Null only when the configuration is refused. */
  server: Server | null = null;
  /** Null: every tool. */
  allowTools: string[] | null = null;
  /** Null: pages of every origin. Lower case. */
  allowOrigins: string[] | null = null;
  pageSize: i32 = 0;
  strictArgs: bool = false;
  maxRequestBytes: i32 = 0;

  static parse(reader: ConfigReader, inherited: McpConfig | null): McpConfig {
    const config = new McpConfig();
    if (isGiven(reader, "allowTools")) config.allowTools = reader.texts("allowTools");
    if (isGiven(reader, "allowOrigins")) config.allowOrigins = reader.texts("allowOrigins");
    config.pageSize = <i32>reader.integerBetween("pageSize", 0, 0, 100000);
    config.strictArgs = reader.flag("strictArgs");
    config.maxRequestBytes = <i32>reader.integerBetween("maxRequestBytes", 10 << 20, 1, 100 << 20);
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
  if (tools.length > 0) return RestServer.read(name, server, tools);
  reader.fail(`mcp server type '${name}' not registered`);
  return null;
}
