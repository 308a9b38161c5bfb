// What requests to a proxied server have in common, whichever way they reach it.

import { DraftHead, Head, HttpCall, HttpReply } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { JsonKind } from "as-proxy-wasm-sdk/json";
import { ErrorCode, Outcome, Revision, ToolResult } from "as-proxy-wasm-sdk/mcp";
import { Reply } from "as-proxy-wasm-sdk/mcp/client/reply";
import { AllowedTools } from "../allowed-tools";
import { Operation, Runner, Step, UpstreamRequest } from "../operation";
import { ClientRequest } from "../tool-call";
import { outcomeOf } from "./answer";
import { ProxyServer } from "./proxy-server";

const NOT_AUTHENTICATED: string = "upstream authentication failed";

export abstract class ServerRequest extends Operation {
  protected request: UpstreamRequest | null = null;
  protected runner: Runner | null = null;
  /** Address, headers and credentials of the gateway's own calls. */
  protected head: DraftHead = new DraftHead();

  constructor(
    protected server: ProxyServer,
    protected asked: ClientRequest,
    /** "" for what is about no tool. */
    protected tool: string,
    /** Null where no tools are listed. */
    protected allowed: AllowedTools | null,
  ) {
    super();
  }

  begin(request: UpstreamRequest, runner: Runner): Step {
    const refusal = this.refusal();
    if (refusal !== null) return this.end(refusal);
    this.request = request;
    this.runner = runner;
    const head = DraftHead.of(runner.client);
    this.head = head;
    const error = this.server.readdress(head, this.tool, this.server.address.path);
    return error.length > 0 ? this.end(this.unauthenticated()) : this.open();
  }

  /** Calls are made with `head`, or the request goes its way. */
  protected abstract open(): Step;

  protected get method(): string {
    return this.asked.message.method;
  }

  protected end(outcome: Outcome): Step {
    this.outcome = outcome;
    return Step.Answer;
  }

  protected fail(error: string): Step {
    return this.end(
      Outcome.ofError(ErrorCode.InternalError, error, `mcp-proxy:${this.method}:backend_error`),
    );
  }

  /** `status` is that of the reply's HTTP answer, `revision` what the server speaks. */
  protected endWith(status: i32, reply: Reply, revision: Revision): Step {
    return this.end(outcomeOf(this.method, status, reply, revision, this.asked.revision, this.allowed));
  }

  /** The route's request goes to the server. */
  protected readdress(head: Head, method: string): void {
    head.set("x-envoy-original-method", head.method);
    head.set("x-envoy-original-path", head.path);
    head.set("x-envoy-original-host", head.authority);
    this.server.readdress(head, this.tool, this.server.address.path);
    head.set(":method", method);
  }

  private refusal(): Outcome | null {
    if (this.method != "tools/call") return null;
    if (this.tool.length == 0) return Outcome.ofError(ErrorCode.InvalidRequest, "missing tool name");
    const given = this.asked.params.get("arguments");
    if (given.kind <= JsonKind.Null || given.kind == JsonKind.Object) return null;
    return Outcome.ofError(ErrorCode.InvalidRequest, "invalid arguments: expected an object");
  }

  private unauthenticated(): Outcome {
    if (this.method == "tools/call") return ToolResult.failure(NOT_AUTHENTICATED).outcome();
    return Outcome.ofError(ErrorCode.InternalError, NOT_AUTHENTICATED);
  }
}

/** Of a message that the server answers with nothing. */
export class ResponseCall extends HttpCall {
  onReply(reply: HttpReply): void {}
}

export function contentTypeOf(head: Head): Span {
  const type = head.bytes("content-type");
  return type === null ? Span.empty() : type;
}
