// A set of other servers' tools under one name. It lists them; calls are routed to their servers by mcp-router.

import { ConfigReader, log } from "as-proxy-wasm-sdk/sdk";
import { Server } from "./server";

/** Between the server's name and the tool's. */
const SEPARATOR: string = "___";

class ServerTools {
  constructor(
    readonly server: string,
    readonly tools: string[],
  ) {}
}

export class ComposedServer extends Server {
  private chosen: ServerTools[] = [];

  static read(reader: ConfigReader): ComposedServer {
    const server = new ComposedServer(reader.text("name"));
    const entries = reader.list("serverTools");
    for (let i = 0; i < entries.length; i++) {
      server.chosen.push(new ServerTools(entries[i].text("serverName"), entries[i].texts("tools")));
    }
    return server;
  }

  start(servers: Server[]): void {
    for (let i = 0; i < this.chosen.length; i++) {
      const chosen = this.chosen[i];
      for (let j = 0; j < chosen.tools.length; j++) this.adopt(chosen.server, chosen.tools[j], servers);
    }
  }

  get callRefusal(): string {
    return `tools/call is not supported on a composed toolSet endpoint ('${this.name}'). It should be routed by mcp-router to the target server.`;
  }

  private adopt(serverName: string, toolName: string, servers: Server[]): void {
    for (let i = 0; i < servers.length; i++) {
      const server = servers[i];
      if (server.name != serverName || server.toolAt(toolName) < 0) continue;
      this.addTool(server.tools[server.toolAt(toolName)].renamed(serverName + SEPARATOR + toolName));
      return;
    }
    log.warn(`toolSet ${this.name}: server ${serverName} has no tool ${toolName}`);
  }
}
