// One call of a tool: the client's request becomes the upstream's, its answer the tool's result.

import { log } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { ToolResult } from "as-proxy-wasm-sdk/mcp";
import { Operation, Runner, Step, UpstreamAnswer, UpstreamRequest } from "../operation";
import { Security } from "../security/security";
import { ToolCall } from "../tool-call";
import { CallArguments, jsonOf } from "./call-arguments";
import { Caller, templateData } from "./render";
import { RestTool } from "./rest-tool";

const NOT_AUTHENTICATED: string = "upstream authentication failed";

export class RestCall extends Operation {
  private caller: Caller | null = null;

  constructor(
    private call: ToolCall,
    private tool: RestTool,
    private security: Security,
    /** JSON of the server's `config`, or empty. */
    private config: Span,
    private server: string,
  ) {
    super();
  }

  begin(request: UpstreamRequest, runner: Runner): Step {
    const tool = this.tool;
    const given = CallArguments.of(this.call, tool.args);
    const refusal = given.refusal;
    if (refusal !== null) {
      this.outcome = refusal;
      return Step.Answer;
    }
    const head = request.head;
    const caller = new Caller(head);
    this.caller = caller;
    const passed = this.security.takeCredentials(head, tool.security);
    const data = templateData(this.config, jsonOf(given.items));
    if (tool.request.isAbsent) return this.end(tool.response.direct(data, caller));
    const error = tool.request.write(request, data, given, caller);
    if (error.length > 0) return this.end(ToolResult.failure(error));
    const refused = this.security.authenticate(head, tool.request.security, passed);
    if (refused.length == 0) return Step.Forward;
    log.error(`${this.server}/${this.call.tool}: ${refused}`);
    return this.end(ToolResult.failure(NOT_AUTHENTICATED));
  }

  answered(answer: UpstreamAnswer): Step {
    const caller = this.caller;
    return caller === null ? Step.Answer : this.end(this.tool.response.result(answer, caller));
  }

  private end(result: ToolResult): Step {
    this.outcome = result.outcome(`mcp:tools/call:${this.server}/${this.call.tool}:result`);
    return Step.Answer;
  }
}
