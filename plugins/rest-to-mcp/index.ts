// rest-to-mcp: an MCP endpoint. A POST brings a JSON-RPC message; tools are listed here, and calling one turns the
// client's request into the one that the tool's upstream understands, and its answer into the tool's result.

export * from "as-proxy-wasm-sdk/sdk/exports";
import {
  Body,
  DraftHead,
  Flow,
  Head,
  LastGoodRules,
  plugin,
  setProperty,
  Stream,
} from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Message, MessageKind, Messages, Revision } from "as-proxy-wasm-sdk/mcp";
import { McpConfig } from "./config";
import { dispatch } from "./methods";
import { Operation, Runner, Step, UpstreamAnswer, UpstreamRequest } from "./operation";

plugin<McpConfig>("rest-to-mcp", McpConfig.parse, () => new RestToMcp()).ruleMemory = new LastGoodRules();

const JSON_TYPE: string = "application/json; charset=utf-8";

/** Runs an operation on the client's own exchange. */
class RouteRunner extends Runner {
  constructor(
    private exchange: RestToMcp,
    client: DraftHead,
  ) {
    super(exchange, client);
  }

  proceed(step: Step): void {
    this.exchange.proceed(step);
  }
}

class RestToMcp extends Stream<McpConfig> {
  private message: Message | null = null;
  private revision: Revision = Revision.Unknown;
  private operation: Operation | null = null;
  private request: UpstreamRequest | null = null;
  /** The client's body, to be replaced by the upstream's request. */
  private body: Body | null = null;
  /** How the upstream's answer is read; `Answer` before there is one. */
  private reading: Step = Step.Answer;

  onRequestHead(head: Head, end: bool): Flow {
    setProperty("clear_route_cache", "off");
    const method = head.method;
    if (method == "GET") return this.empty(405, "not_support_sse_on_this_endpoint");
    if (method == "DELETE") return this.empty(405, "session_termination_not_supported");
    if (end) return this.empty(400, "missing_body_in_mcp_request");
    head.remove("accept-encoding");
    head.remove("content-length");
    setProperty("set_decoder_buffer_limit", this.config.maxRequestBytes.toString());
    return Flow.Hold;
  }

  onRequestBody(body: Body, end: bool): Flow {
    if (!end) return Flow.Hold;
    this.body = body;
    const head = this.requestHead;
    const messages = Messages.read(body.all(), 1);
    const message = messages.items[0];
    if (message.kind != MessageKind.Request) return this.empty(202, "json_rpc_ack");
    this.message = message;
    const operation = dispatch(message, this.config, head);
    this.operation = operation;
    const request = new UpstreamRequest(head);
    this.request = request;
    return this.onward(operation.begin(request, new RouteRunner(this, DraftHead.of(head))));
  }

  /** What the client's request does next. */
  private onward(step: Step): Flow {
    if (step == Step.Wait) return Flow.Wait;
    const request = this.request;
    const body = this.body;
    if (step != Step.Forward || request === null || body === null) return this.answer();
    body.replace(request.body);
    return Flow.Next;
  }

  /** Call-outs of the operation are over. */
  proceed(step: Step): void {
    if (this.onward(step) == Flow.Next) this.resumeRequest();
  }

  onResponseHead(head: Head, end: bool): Flow {
    const operation = this.operation;
    if (operation === null || this.message === null) return Flow.Next;
    this.reading = operation.answerBegins(head);
    return end ? this.finish(operation, head, Span.empty()) : Flow.Hold;
  }

  onResponseBody(body: Body, end: bool): Flow {
    const operation = this.operation;
    if (operation === null) return Flow.Next;
    return end ? this.finish(operation, this.responseHead, body.all()) : Flow.Hold;
  }

  private finish(operation: Operation, head: Head, body: Span): Flow {
    operation.answered(new UpstreamAnswer(head.status, head, body));
    return this.answer();
  }

  private answer(): Flow {
    const message = this.message;
    const operation = this.operation;
    if (message === null || operation === null) return Flow.Next;
    const out = new Buffer(1024);
    operation.outcome.write(out, message.id, this.revision);
    const status = operation.outcome.statusIn(this.revision);
    return this.reply(status, JSON_TYPE, out.span(), operation.outcome.details);
  }

  private empty(status: i32, details: string): Flow {
    return this.reply(status, "", Span.empty(), details);
  }
}
