// rest-to-mcp: an MCP endpoint. A POST brings a JSON-RPC message; tools are listed here, and calling one turns the
// client's request into the one that the tool's upstream understands, and its answer into the tool's result.

export * from "as-proxy-wasm-sdk/sdk/exports";
import {
  Body,
  DraftHead,
  Flow,
  Head,
  HeaderList,
  lackedRoom,
  LARGE,
  LastGoodRules,
  plugin,
  setProperty,
  setSwitch,
  Stream,
  unwatchRoom,
  watchRoom,
} from "as-proxy-wasm-sdk/sdk";
import { Buffer, readUnsigned, Span } from "as-proxy-wasm-sdk/bytes";
import {
  acceptsBatches,
  ErrorCode,
  Message,
  MessageKind,
  Messages,
  Outcome,
  Revision,
} from "as-proxy-wasm-sdk/mcp";
import { Admission } from "./admission";
import { Batch, BatchClient, MAX_BATCH } from "./batch";
import { ClientHead } from "./client-head";
import { McpConfig } from "./config";
import { operationOf, relayOf } from "./methods";
import { Known, NO_ROOM, Operation, Step, TOO_LARGE, UpstreamAnswer, UpstreamRequest } from "./operation";
import { RouteClient, RouteRunner } from "./route-runner";
import { isOfBody, keptHeaders } from "./answer-head";

plugin<McpConfig>("rest-to-mcp", McpConfig.parse, () => new RestToMcp()).ruleMemory = new LastGoodRules();

const JSON_TYPE: string = "application/json; charset=utf-8";

class RestToMcp extends Stream<McpConfig> implements RouteClient, BatchClient {
  private client: ClientHead = new ClientHead();
  private revision: Revision = Revision.Unknown;
  private message: Message | null = null;
  private operation: Operation | null = null;
  private batch: Batch | null = null;
  /** What is sent to the route's upstream. */
  private request: UpstreamRequest | null = null;
  private body: Body | null = null;
  /** The request has gone to the route's upstream; what comes back is its answer. */
  private isForwarded: bool = false;
  /** How the upstream's answer is heard; `Answer` before it begins. */
  private hearing: Step = Step.Answer;
  /** Of an answer that is heard in pieces. */
  private heardBytes: i64 = 0;

  onRequestHead(head: Head, end: bool): Flow {
    // Editing headers must not choose the route again: calls go to this one's upstream.
    setProperty("clear_route_cache", "off");
    this.client = ClientHead.take(head);
    const origins = this.config.origins;
    const origin = head.bytes("origin");
    if (origins !== null && origin !== null && !origins.has(origin)) {
      return this.refuse(403, ErrorCode.InvalidRequest, "origin not allowed", "origin_not_allowed");
    }
    const server = this.config.server;
    const method = head.method;
    if (end && server !== null && server.relays(this.client.claimed, this.client, "")) {
      server.relayHead(head, this.client);
      return Flow.Next;
    }
    if (method == "GET") return this.empty(405, "not_support_sse_on_this_endpoint");
    if (method == "DELETE") return this.empty(405, "session_termination_not_supported");
    if (end) return this.empty(400, "missing_body_in_mcp_request");
    const length = head.bytes("content-length");
    const most = this.config.maxRequestBytes;
    if (length !== null && readUnsigned(length).value > most) return this.refuseLarge();
    head.remove("accept-encoding");
    head.remove("content-length");
    setSwitch("set_decoder_buffer_limit", most.toString());
    setSwitch("set_encoder_buffer_limit", this.config.maxAnswerBytes.toString());
    // Whatever the type says, only JSON is understood here; nothing passes by unread.
    this.requestBodyReadable = true;
    return Flow.Hold;
  }

  onRequestBody(body: Body, end: bool): Flow {
    if (body.announcedSize > this.config.maxRequestBytes) return this.refuseLarge();
    if (!end) return Flow.Hold;
    watchRoom();
    const flow = this.take(body);
    unwatchRoom();
    return flow;
  }

  /** The whole of the client's request. */
  private take(body: Body): Flow {
    this.body = body;
    const head = this.requestHead;
    const messages = Messages.read(body.all(), MAX_BATCH);
    if (lackedRoom()) return this.refuseUnmade();
    const admission = Admission.of(messages.items[0], this.client);
    this.revision = admission.revision;
    if (messages.isBatch) return this.beginBatch(messages.items, head);
    const message = messages.items[0];
    this.message = message;
    const refusal = admission.refusal;
    if (message.kind == MessageKind.Invalid) return this.refuse(400, message.errorCode, message.error, "");
    if (refusal !== null) return this.say(refusal);
    const server = this.config.server;
    const isRelayed = server !== null && server.relays(this.revision, this.client, message.method);
    if (message.kind != MessageKind.Request && !isRelayed) return this.empty(202, `mcp:${message.method}`);
    const operation = isRelayed ? this.relayAt(message) : this.operationAt(message);
    this.operation = operation;
    const runner = new RouteRunner(this, this, DraftHead.of(head));
    const request = new UpstreamRequest(head);
    this.request = request;
    return this.onward(operation.begin(request, runner));
  }

  operationAt(message: Message): Operation {
    const server = this.config.server;
    if (server === null) return new Known(Outcome.ofError(ErrorCode.InternalError, "no server"));
    return operationOf(message, this.revision, this.config, server, this.client);
  }

  private relayAt(message: Message): Operation {
    const server = this.config.server;
    if (server === null) return this.operationAt(message);
    return relayOf(message, this.revision, this.config, server, this.client);
  }

  /** What the client's request does next. */
  private onward(step: Step): Flow {
    const request = this.request;
    const body = this.body;
    if (lackedRoom()) return this.refuseUnmade();
    if (step == Step.Wait) return Flow.Wait;
    if (step != Step.Forward || request === null || body === null) return this.answer();
    this.isForwarded = true;
    body.replace(request.body);
    // Without it the body would go in chunks, which many a REST service refuses.
    request.head.set("content-length", request.body.size.toString());
    request.body = Span.empty();
    return Flow.Next;
  }

  /** Call-outs of the operation are over. */
  proceed(step: Step): void {
    if (this.isForwarded) {
      if (step == Step.Answer) this.answer();
    } else if (this.onward(step) == Flow.Next) {
      this.resumeRequest();
    }
  }

  private beginBatch(messages: Message[], head: Head): Flow {
    if (!acceptsBatches(this.revision)) {
      return this.refuse(400, ErrorCode.InvalidRequest, "batches are not part of this revision", "");
    }
    const batch = new Batch(messages, this.revision, this, this, DraftHead.of(head));
    this.batch = batch;
    if (!batch.advance()) return Flow.Wait;
    this.batchDone();
    return Flow.Answered;
  }

  batchDone(): void {
    const batch = this.batch;
    if (batch === null) return;
    if (batch.out.overflowed) this.answerLarge(NO_ROOM);
    else if (batch.out.isEmpty) this.empty(202, "mcp:batch");
    else this.reply(200, JSON_TYPE, batch.out.span(), "mcp:batch");
  }

  onResponseHead(head: Head, end: bool): Flow {
    const operation = this.operation;
    if (!this.isForwarded || operation === null) {
      this.ignoreResponseBody();
      return Flow.Next;
    }
    this.responseBodyReadable = true;
    const length = head.bytes("content-length");
    if (length !== null && readUnsigned(length).value > this.config.maxAnswerBytes) return this.answerLarge();
    this.hearing = operation.answerBegins(head);
    if (this.hearing == Step.Answer) return this.answer();
    if (this.hearing == Step.Pass) this.ignoreResponseBody();
    if (this.hearing == Step.Pass || this.hearing == Step.Relay) return Flow.Next;
    if (!end) return Flow.Hold;
    const step =
      this.hearing == Step.Whole
        ? operation.answered(new UpstreamAnswer(head.status, head, Span.empty()))
        : operation.piece(Span.empty(), true);
    return step == Step.Wait ? Flow.Wait : this.answer();
  }

  onResponseBody(body: Body, end: bool): Flow {
    const operation = this.operation;
    if (operation === null) return Flow.Next;
    watchRoom();
    const flow = this.hear(operation, body, end);
    unwatchRoom();
    return flow;
  }

  private hear(operation: Operation, body: Body, end: bool): Flow {
    if (this.hearing == Step.Whole) {
      if (body.announcedSize > this.config.maxAnswerBytes) return this.answerLarge();
      if (!end) return Flow.Hold;
      const head = this.responseHead;
      const bytes = body.all();
      if (lackedRoom()) return this.answerLarge(NO_ROOM);
      const step = operation.answered(new UpstreamAnswer(head.status, head, bytes));
      if (lackedRoom()) return this.answerLarge(NO_ROOM);
      return step == Step.Wait ? Flow.Wait : this.answerInPlace(head, body);
    }
    const piece = body.all();
    this.heardBytes += piece.size;
    if (this.hearing == Step.Pieces && this.heardBytes > this.config.maxAnswerBytes)
      return this.answerLarge();
    const step = operation.piece(piece, end);
    if (lackedRoom()) return this.answerLarge(NO_ROOM);
    if (step == Step.Relay) {
      body.replace(operation.relayed);
      return Flow.Next;
    }
    if (step == Step.Answer) return this.answer();
    return step == Step.Wait && end ? Flow.Wait : Flow.Drop;
  }

  onDone(): void {
    const operation = this.operation;
    if (operation !== null) operation.ended();
  }

  /** The upstream's answer becomes the client's: its headers stay, but those that describe its body. */
  private answerInPlace(head: Head, body: Body): Flow {
    const operation = this.operation;
    if (operation === null) return Flow.Next;
    const names: string[] = [];
    const pairs = head.pairs();
    while (pairs.next()) if (isOfBody(pairs.name)) names.push(pairs.name.toString());
    for (let i = 0; i < names.length; i++) head.remove(names[i]);
    head.set(":status", operation.outcome.statusIn(this.revision).toString());
    head.set("content-type", JSON_TYPE);
    body.replace(this.worded(operation.outcome));
    return Flow.Next;
  }

  /** The client gets the operation's outcome in place of what else would have come. */
  private answer(): Flow {
    const operation = this.operation;
    return operation === null ? Flow.Next : this.say(operation.outcome);
  }

  private answerLarge(error: string = TOO_LARGE): Flow {
    return this.say(Outcome.ofError(ErrorCode.InternalError, error));
  }

  private say(outcome: Outcome): Flow {
    const headers: HeaderList | null = this.isForwarded ? keptHeaders(this.responseHead) : null;
    // The response callbacks run for this reply too.
    this.isForwarded = false;
    const status = outcome.statusIn(this.revision);
    return this.reply(status, JSON_TYPE, this.worded(outcome), outcome.details, headers);
  }

  private worded(outcome: Outcome): Span {
    const message = this.message;
    const out = new Buffer(outcome.result.size + 256);
    const id = message === null ? Span.empty() : message.id;
    outcome.write(out, id, this.revision);
    if (!out.overflowed && (outcome.isError || !lackedRoom())) return out.span();
    const problem = new Buffer(256);
    const failure = Outcome.ofError(ErrorCode.InternalError, NO_ROOM);
    failure.write(problem, id.size < LARGE ? id : Span.empty(), this.revision);
    return problem.span();
  }

  private refuse(status: i32, code: i32, error: string, details: string): Flow {
    const outcome = Outcome.ofError(code, error, details.length > 0 ? details : `json_rpc_error(${error})`);
    outcome.status = status;
    return this.say(outcome);
  }

  private refuseLarge(): Flow {
    return this.refuse(413, ErrorCode.InvalidRequest, "the request is too large", "request_too_large");
  }

  /** There is no room for the request, or for what was made of it; so nothing of it is kept. */
  private refuseUnmade(): Flow {
    const flow = this.refuse(413, ErrorCode.InvalidRequest, NO_ROOM, "request_too_large");
    const operation = this.operation;
    if (operation !== null) operation.ended();
    this.operation = null;
    this.message = null;
    this.request = null;
    return flow;
  }

  private empty(status: i32, details: string): Flow {
    return this.reply(status, "", Span.empty(), details);
  }
}
