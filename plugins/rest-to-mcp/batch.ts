// The messages of a batch, one after the other. An exchange has one request to the upstream, so what they need of it
// is fetched by calls.

import {
  AnyStream,
  clusterName,
  DraftHead,
  HttpReply,
  HttpRequest,
  lackedRoom,
  send,
} from "as-proxy-wasm-sdk/sdk";
import { Buffer } from "as-proxy-wasm-sdk/bytes";
import { ErrorCode, Message, MessageKind, Outcome, Revision } from "as-proxy-wasm-sdk/mcp";
import { NO_ROOM, Operation, Runner, Step, UpstreamAnswer, UpstreamRequest } from "./operation";
import { WatchedCall } from "./watched-call";

/** Messages in a batch, and with them calls that a client's request makes. */
export const MAX_BATCH: i32 = 50;
const TIMEOUT_MS: i32 = 30000;

export interface BatchClient {
  /** The operation of a request; `index` counts the messages. */
  operationAt(message: Message): Operation;
  batchDone(): void;
}

export class Batch extends Runner {
  /** The answers: JSON of a list; empty where nothing was asked. */
  readonly out: Buffer = new Buffer(256);
  private next: i32 = 0;
  private operation: Operation | null = null;
  private request: UpstreamRequest | null = null;

  constructor(
    private messages: Message[],
    private revision: Revision,
    private owner: BatchClient,
    stream: AnyStream,
    client: DraftHead,
  ) {
    super(stream, client);
  }

  /** Goes on until a call is under way; true when all is answered. */
  advance(): bool {
    while (this.next < this.messages.length) {
      const message = this.messages[this.next];
      if (message.kind == MessageKind.Invalid) {
        this.answer(Outcome.ofError(message.errorCode, message.error));
      } else if (message.kind != MessageKind.Request) {
        this.next++;
      } else {
        const operation = this.owner.operationAt(message);
        this.operation = operation;
        const request = new UpstreamRequest(DraftHead.of(this.client));
        this.request = request;
        if (!this.take(operation.begin(request, this))) return false;
      }
    }
    if (this.out.size > 0 && this.out.span().at(this.out.size - 1) != 0x5d) this.out.push(0x5d);
    return true;
  }

  proceed(step: Step): void {
    if (this.take(step) && this.advance()) this.owner.batchDone();
  }

  /** The upstream has answered the operation at hand. */
  replied(reply: HttpReply): void {
    const operation = this.operation;
    if (operation === null) return;
    let step = operation.answerBegins(reply.head);
    if (step == Step.Whole) {
      step = operation.answered(new UpstreamAnswer(reply.status, reply.head, reply.body.all()));
    } else if (step == Step.Pieces) step = operation.piece(reply.body.all(), true);
    this.proceed(step == Step.Wait ? step : Step.Answer);
  }

  /** True when the message at hand is answered. */
  private take(step: Step): bool {
    const operation = this.operation;
    const request = this.request;
    if (step == Step.Wait) return false;
    if (operation === null || request === null) return true;
    if (lackedRoom()) operation.outcome = Outcome.ofError(ErrorCode.InternalError, NO_ROOM);
    else if (step == Step.Forward) {
      if (!operation.needsRoute && this.call(request)) return false;
      operation.outcome = Outcome.ofError(ErrorCode.InternalError, "this call cannot be made in a batch");
    }
    this.answer(operation.outcome);
    operation.ended();
    return true;
  }

  private call(request: UpstreamRequest): bool {
    const head = request.head;
    const sent = new HttpRequest(clusterName(), head.method, head.authority, head.path);
    sent.headers = DraftHead.of(head).regular;
    sent.body = request.body;
    sent.timeoutMs = TIMEOUT_MS;
    return send(sent, new BatchCall(this));
  }

  private answer(outcome: Outcome): void {
    this.out.push(this.out.size == 0 ? 0x5b : 0x2c);
    outcome.write(this.out, this.messages[this.next].id, this.revision);
    this.next++;
  }
}

class BatchCall extends WatchedCall {
  constructor(private batch: Batch) {
    super();
    this.stream = batch.stream;
  }

  heard(reply: HttpReply): void {
    this.batch.replied(reply);
  }
}
