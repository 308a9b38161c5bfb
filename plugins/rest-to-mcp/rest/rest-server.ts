// A REST API whose operations are tools.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Operation } from "../operation";
import { Security } from "../security/security";
import { Server } from "../server";
import { ToolCall } from "../tool-call";
import { RestCall } from "./rest-call";
import { RestTool } from "./rest-tool";

export class RestServer extends Server {
  /** At the index of their entries in `tools`. */
  private restTools: RestTool[] = [];

  private constructor(
    name: string,
    private security: Security,
    /** JSON of `config`, or empty. */
    private config: Span,
  ) {
    super(name);
  }

  /**
   * `server` and `tools` of the configuration; what is wrong is recorded in the readers' report. `keepsPlace`:
   * arguments cannot leave the part of a URL where its template puts them.
   */
  static read(name: string, reader: ConfigReader, tools: ConfigReader[], keepsPlace: bool): RestServer {
    reader.secret("config");
    const server = new RestServer(name, Security.read(reader), reader.raw("config"));
    for (let i = 0; i < tools.length; i++) {
      const tool = RestTool.read(tools[i], keepsPlace);
      if (server.addTool(tool.entry)) server.restTools.push(tool);
      else tools[i].warn(`tool ${tool.entry.name} is there already, the first counts`);
    }
    return server;
  }

  call(call: ToolCall): Operation {
    const index = this.toolAt(call.tool);
    if (index < 0) return super.call(call);
    const config = call.serverConfig.isEmpty ? this.config : call.serverConfig;
    return new RestCall(call, this.restTools[index], this.security, config, this.name);
  }
}
