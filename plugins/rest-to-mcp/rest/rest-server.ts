// A REST API whose operations are tools.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Json } from "as-proxy-wasm-sdk/json";
import { Operation } from "../operation";
import { Security } from "../security/security";
import { Server } from "../server";
import { ToolCall } from "../tool-call";
import { templateJson } from "./plain-json";
import { RestCall } from "./rest-call";
import { RestTool } from "./rest-tool";

export class RestServer extends Server {
  /** In the order of `tools`. */
  private declared: RestTool[] = [];

  private constructor(
    name: string,
    readonly security: Security,
    /** JSON that templates see as `.config`, or empty. */
    readonly config: Span,
    /** Whether arguments in a URL are percent-encoded. */
    readonly encodesPath: bool,
  ) {
    super(name);
  }

  /** `server` and `tools` of the configuration; what is wrong is recorded in the readers' report. */
  static read(name: string, server: ConfigReader, tools: ConfigReader[], encodesPath: bool): RestServer {
    const security = Security.read(server);
    const config = server.has("config") ? Json.read(server.raw("config")) : Json.read(Span.empty());
    const rest = new RestServer(name, security, templateJson(config), encodesPath);
    for (let i = 0; i < tools.length; i++) {
      const tool = RestTool.read(tools[i], security);
      if (tool === null) continue;
      if (rest.addTool(tool.listed)) rest.declared.push(tool);
      else tools[i].warn(`there is a tool named '${tool.listed.name}' before: this one is left out`);
    }
    return rest;
  }

  call(call: ToolCall): Operation {
    return new RestCall(this, this.declared[this.toolAt(call.tool)], call);
  }
}
