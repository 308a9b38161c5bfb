// A REST API whose operations are tools.

import { ConfigReader, ConfigReport } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Json } from "as-proxy-wasm-sdk/json";
import { Operation } from "../operation";
import { Security } from "../security/security";
import { Server } from "../server";
import { ToolCall } from "../tool-call";
import { templateJson } from "./plain-json";
import { CONFIG_HEADER_MODES, ConfigHeader } from "./server-config";
import { RestCall } from "./rest-call";
import { RestTool } from "./rest-tool";

/**
 * A tool whose configuration is known to be good. Of many tools few are called, so it is read again when that happens
 * first: until then all that is kept for calls is its text.
 */
class Declaration {
  private tool: RestTool | null = null;

  constructor(private json: Span) {}

  /** Null never, as the same reading went well before. */
  read(security: Security): RestTool | null {
    let tool = this.tool;
    if (tool === null) {
      const reader = new ConfigReader(Json.read(this.json), "", new ConfigReport());
      tool = this.tool = RestTool.read(reader, security);
    }
    return tool;
  }
}

export class RestServer extends Server {
  /** In the order of `tools`. */
  private declarations: Declaration[] = [];

  private constructor(
    name: string,
    readonly security: Security,
    /** JSON that templates see as `.config`, or empty. */
    readonly config: Span,
    readonly configHeader: ConfigHeader,
    /** Whether arguments in a URL are percent-encoded. */
    readonly encodesPath: bool,
  ) {
    super(name);
  }

  /** `server` and `tools` of the configuration; what is wrong is recorded in the readers' report. */
  static read(name: string, server: ConfigReader, tools: ConfigReader[], encodesPath: bool): RestServer {
    const security = Security.read(server);
    const config = server.has("config") ? Json.read(server.raw("config")) : Json.read(Span.empty());
    const rest = new RestServer(name, security, templateJson(config), modeOf(server), encodesPath);
    for (let i = 0; i < tools.length; i++) {
      const tool = RestTool.read(tools[i], security);
      if (tool === null) continue;
      if (rest.addTool(tool.listed)) rest.declarations.push(new Declaration(tools[i].value.raw().copy()));
      else tools[i].warn(`there is a tool named '${tool.listed.name}' before: this one is left out`);
    }
    return rest;
  }

  call(call: ToolCall): Operation {
    const tool = this.declarations[this.toolAt(call.tool)].read(this.security);
    return tool === null ? super.call(call) : new RestCall(this, tool, call);
  }
}

function modeOf(server: ConfigReader): ConfigHeader {
  const mode = CONFIG_HEADER_MODES.indexOf(server.text("configHeader", "fill"));
  if (mode < 0) server.expected("configHeader", "one of fill, replace and ignore");
  return <ConfigHeader>max(mode, 0);
}
