// One request of a client to a server of the transport of 2024-11-05: the route opens a stream of events, messages are
// posted beside it, and their replies come in the stream. It ends with the client's answer, whatever the server does.

import { AnyStream, clusterName, DraftHead, Head, HttpReply, nowMs } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { Outcome, Revision } from "as-proxy-wasm-sdk/mcp";
import {
  CLOSED,
  isEventStream,
  MAX_REPLY_BYTES,
  Reply,
  ReplyKind,
  TOO_LARGE,
} from "as-proxy-wasm-sdk/mcp/client/reply";
import {
  initializedNotification,
  initializeRequest,
  operationRequest,
} from "as-proxy-wasm-sdk/mcp/client/request";
import { SseParser } from "as-proxy-wasm-sdk/sse";
import { Step } from "../operation";
import { Deadline } from "./deadlines";
import { contentTypeOf, ResponseCall, ServerRequest } from "./server-request";
import { WatchedCall } from "../watched-call";

const INITIALIZE_ID: i64 = 1;
const REQUEST_ID: i64 = 2;
const REVISION = Revision.R2025_03_26;
const CLIENT: string = '{"name":"Higress-mcp-proxy","title":"Higress MCP Proxy","version":"1.0.0"}';

enum Phase {
  /** For the event that names the address for messages. */
  Endpoint,
  Initialize,
  Announce,
  Request,
}

export class SseOperation extends ServerRequest {
  private phase: Phase = Phase.Endpoint;
  private cluster: string = "";
  private events: SseParser = new SseParser(MAX_REPLY_BYTES);
  private reply: Reply = new Reply(INITIALIZE_ID, Span.empty());
  private isOver: bool = false;
  private isSilent: bool = true;
  /** Of the opening alone: how long a tool may take is for the route to say. */
  private deadline: OpeningDeadline = new OpeningDeadline();

  get needsRoute(): bool {
    return true;
  }

  protected open(): Step {
    const request = this.request;
    if (request === null) return Step.Answer;
    this.cluster = clusterName();
    this.readdress(request.head, "GET");
    request.head.set("accept", "text/event-stream");
    return Step.Forward;
  }

  answerBegins(head: Head): Step {
    const type = contentTypeOf(head);
    if (!isEventStream(type)) {
      const found = type.slice(0, 100).toString();
      return this.fail(`invalid content-type, expected text/event-stream but got: ${found}`);
    }
    if (head.status != 200) return this.fail(`SSE connection failed with status ${head.status}`);
    const deadline = this.deadline;
    deadline.operation = this;
    deadline.dueMs = nowMs() + this.server.timeoutMs;
    this.server.deadlines.add(deadline);
    return Step.Pieces;
  }

  piece(bytes: Span, end: bool): Step {
    if (!bytes.isEmpty) this.isSilent = false;
    this.events.feed(bytes);
    if (end) this.events.finish();
    while (!this.isOver && this.events.next()) {
      if (this.heard(this.events.event, this.events.data) == Step.Answer) return Step.Answer;
    }
    if (this.isOver) return Step.Answer;
    if (this.events.overflowed) return this.fail(TOO_LARGE);
    if (!end) return Step.Pieces;
    return this.fail(this.isSilent ? "no response body in SSE response" : CLOSED);
  }

  private heard(name: Span, data: Span): Step {
    if (this.phase == Phase.Endpoint) {
      return name.equalsAscii("endpoint") ? this.openAt(data.toString()) : Step.Pieces;
    }
    this.reply.takeEvent(name, data);
    this.respond();
    if (this.reply.kind == ReplyKind.Awaited) return Step.Pieces;
    if (this.phase == Phase.Request) return this.endWith(200, this.reply, REVISION);
    return this.phase == Phase.Initialize ? this.announce() : Step.Pieces;
  }

  private openAt(reference: string): Step {
    const runner = this.runner;
    const address = this.server.address.sibling(reference);
    if (address.error.length > 0 || runner === null) return this.fail(`invalid endpoint: ${address.error}`);
    this.head = DraftHead.of(runner.client);
    this.server.readdress(this.head, this.tool, address.path);
    return this.say(Phase.Initialize, initializeRequest(INITIALIZE_ID, REVISION, CLIENT));
  }

  private announce(): Step {
    const reply = this.reply;
    const isOpen = reply.kind == ReplyKind.Result && Json.read(reply.result).kind == JsonKind.Object;
    if (!isOpen) {
      if (reply.kind == ReplyKind.Error) return this.endWith(200, reply, REVISION);
      return this.fail("invalid response format");
    }
    return this.say(Phase.Announce, initializedNotification());
  }

  /** Tells the server at once that nobody answers what it asks. */
  private respond(): void {
    for (let body = this.reply.takeResponse(); body !== null; body = this.reply.takeResponse()) {
      this.server.post(this.cluster, DraftHead.of(this.head), body, new ResponseCall());
    }
  }

  private say(phase: Phase, body: Span): Step {
    const runner = this.runner;
    if (runner === null) return Step.Answer;
    this.phase = phase;
    if (phase == Phase.Initialize) this.reply = new Reply(INITIALIZE_ID, Span.empty());
    if (phase == Phase.Request) {
      this.reply = new Reply(REQUEST_ID, Span.empty());
      this.deadline.dueMs = 0;
    }
    const call = new MessageCall(this, phase);
    call.stream = runner.stream;
    if (this.server.post(this.cluster, DraftHead.of(this.head), body, call)) return Step.Pieces;
    return phase == Phase.Announce ? this.ask() : this.fail(failure(phase, 0));
  }

  private ask(): Step {
    return this.say(
      Phase.Request,
      operationRequest(REQUEST_ID, this.asked.message.method, this.asked.params, REVISION),
    );
  }

  /** The server has taken a message, or not. */
  posted(phase: Phase, status: i32): void {
    const runner = this.runner;
    if (this.isOver || runner === null) return;
    // The reply may come before the word that the message was taken.
    if (phase != this.phase) return;
    let step = Step.Pieces;
    if (phase == Phase.Announce) step = this.ask();
    else if (status != 200 && status != 202) step = this.fail(failure(phase, status));
    if (step == Step.Answer) runner.proceed(step);
  }

  protected end(outcome: Outcome): Step {
    this.isOver = true;
    this.deadline.dueMs = 0;
    return super.end(outcome);
  }

  get stream(): AnyStream | null {
    const runner = this.runner;
    return runner === null ? null : runner.stream;
  }

  /** The server has not opened in time. */
  expire(): void {
    const runner = this.runner;
    if (this.isOver || runner === null) return;
    this.fail("backend initialization timed out");
    runner.proceed(Step.Answer);
  }

  ended(): void {
    this.isOver = true;
    this.deadline.dueMs = 0;
  }
}

class OpeningDeadline extends Deadline {
  operation: SseOperation | null = null;

  get stream(): AnyStream | null {
    const operation = this.operation;
    return operation === null ? null : operation.stream;
  }

  expire(): void {
    const operation = this.operation;
    if (operation !== null) operation.expire();
  }
}

function failure(phase: Phase, status: i32): string {
  const what = phase == Phase.Initialize ? "initialize" : "tool request";
  return `SSE ${what} failed with status ${status}`;
}

class MessageCall extends WatchedCall {
  constructor(
    private operation: SseOperation,
    private phase: Phase,
  ) {
    super();
  }

  heard(reply: HttpReply): void {
    this.operation.posted(this.phase, reply.status);
  }
}
