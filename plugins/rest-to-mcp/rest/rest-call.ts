// One call of a tool: its arguments become a request, the upstream's answer its result.

import { DraftHead, nowMs, property, random } from "as-proxy-wasm-sdk/sdk";
import { ToolResult } from "as-proxy-wasm-sdk/mcp";
import { TemplateContext } from "as-proxy-wasm-sdk/template";
import { Operation, Runner, Step, UpstreamAnswer, UpstreamRequest } from "../operation";
import { ToolCall } from "../tool-call";
import { ArgumentValues } from "./argument-values";
import { RequestBuilder } from "./request-builder";
import { RestServer } from "./rest-server";
import { RestTool } from "./rest-tool";
import { ServerConfig } from "./server-config";
import { directResult, resultOf } from "./result";

export class RestCall extends Operation {
  private context: TemplateContext = new TemplateContext();

  constructor(
    private server: RestServer,
    private tool: RestTool,
    /** Null once the request is made: arguments may be large. */
    private toolCall: ToolCall | null,
  ) {
    super();
  }

  begin(request: UpstreamRequest, runner: Runner): Step {
    const call = this.toolCall;
    if (call === null) return Step.Answer;
    const tool = this.tool;
    const values = new ArgumentValues(tool.args, call);
    const refusal = values.check(call, tool.request);
    if (refusal !== null) {
      this.outcome = refusal;
      return Step.Answer;
    }
    this.context = contextOf(runner.client);
    const server = this.server;
    const config = ServerConfig.of(server.config, call.serverConfig, server.configHeader);
    const data = values.data(config.json);
    const security = server.security;
    const passed = security.takeClientCredential(request.head, tool.security);
    if (tool.request.isDirect) return this.answer(directResult(tool, data, this.context));
    const builder = new RequestBuilder(tool, values, config, data, this.context, server.encodesPath);
    if (builder.error.length > 0 || !builder.write(request)) return this.fail(builder.error);
    const problem = security.setUpstreamCredential(request.head, tool.request.security, passed);
    if (problem.length > 0) return this.fail(problem);
    this.toolCall = null;
    call.message.forget();
    return Step.Forward;
  }

  answered(answer: UpstreamAnswer): Step {
    return this.answer(resultOf(this.tool, answer, this.context));
  }

  private answer(result: ToolResult): Step {
    this.outcome = result.outcome(`mcp:tools/call:${this.server.name}/${this.tool.listed.name}:result`);
    return Step.Answer;
  }

  private fail(error: string): Step {
    this.outcome = ToolResult.failure(error).outcome(`mcp:tools/call:error(${error})`);
    return Step.Answer;
  }
}

function contextOf(client: DraftHead): TemplateContext {
  const context = new TemplateContext(random());
  context.nowMs = nowMs();
  const address = property("source\0address");
  context.socketIp = address === null ? "" : withoutPort(address);
  const forwarded = client.get("x-forwarded-for");
  const comma = forwarded.indexOf(",");
  const first = (comma < 0 ? forwarded : forwarded.substring(0, comma)).trim();
  context.realIp = first.length > 0 ? withoutPort(first) : context.socketIp;
  return context;
}

/** `1.2.3.4:80` and `[::1]:80` without the port; an address without one stays. */
function withoutPort(address: string): string {
  if (address.startsWith("[")) {
    const end = address.indexOf("]");
    return end < 0 ? address : address.substring(1, end);
  }
  const colon = address.indexOf(":");
  return colon < 0 || colon != address.lastIndexOf(":") ? address : address.substring(0, colon);
}
