// Another MCP server, reached through the route's upstream.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Server } from "../server";

export class ProxyServer extends Server {
  /** `server` and `tools` of the configuration; what is wrong is recorded in the readers' report. */
  static read(name: string, server: ConfigReader, tools: ConfigReader[]): ProxyServer {
    return new ProxyServer(name);
  }

  get takesUnknownTools(): bool {
    return true;
  }
}
