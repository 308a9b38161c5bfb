// A transparent server: what the client sends goes to it as it came, in the client's own session, and what it answers
// comes back so: notifications, questions, subscriptions and methods that the gateway does not know. What stays the
// gateway's is the address, credentials, and which tools there are.

import { clusterName, Head } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { ErrorCode, isStateless, Outcome } from "as-proxy-wasm-sdk/mcp";
import { refusesInitialize } from "as-proxy-wasm-sdk/mcp/client/era";
import { Reply } from "as-proxy-wasm-sdk/mcp/client/reply";
import { Step, UpstreamAnswer } from "../operation";
import { isAmbiguous } from "./ambiguity";
import { Introduction } from "./introduction";
import { contentTypeOf } from "./server-request";

/** Of a list that is filtered: its reply is looked for by an id that cannot be mistaken. */
const LIST_ID: i64 = 2;

export class Relay extends Introduction {
  private reply: Reply | null = null;
  private status: i32 = 0;
  private cluster: string = "";

  get needsRoute(): bool {
    return true;
  }

  protected open(): Step {
    const request = this.request;
    if (request === null) return Step.Answer;
    this.cluster = clusterName();
    if (isAmbiguous(this.asked.message.json)) {
      return this.end(Outcome.ofError(ErrorCode.InvalidRequest, "the message has a member twice"));
    }
    const kept = new KeptHeaders(request.head);
    this.readdress(request.head, "POST");
    kept.restore(request.head);
    this.asked.client.restore(request.head);
    this.asked.client.restoreSession(request.head);
    request.body = this.allowed === null ? this.asked.message.json.raw() : this.withListId();
    return Step.Forward;
  }

  /** The message with another id: the last of its ids, which is the one that was read. */
  private withListId(): Span {
    const message = this.asked.message.json;
    const body = message.raw();
    const id = message.get("id");
    const start = id.offset - message.offset;
    const out = new Buffer(body.size + 8);
    out.append(body.slice(0, start));
    out.text(LIST_ID.toString());
    out.append(body.slice(start + id.raw().size));
    return out.span();
  }

  answerBegins(head: Head): Step {
    this.status = head.status;
    const isHandshake = this.method == "initialize" && !isStateless(this.asked.revision);
    if (isHandshake && this.status == 200) this.server.eras.rememberInitialize(this.cluster, true);
    // A server without `initialize` is introduced by the gateway; another's refusal reaches the client.
    const mayBeRefused = isHandshake && (this.status == 400 || this.status == 404 || this.status == 405);
    if (this.allowed === null && !mayBeRefused) return Step.Pass;
    const reply = new Reply(LIST_ID, contentTypeOf(head));
    this.reply = reply;
    return reply.isStream && this.status == 200 ? Step.Pieces : Step.Whole;
  }

  answered(answer: UpstreamAnswer): Step {
    return this.piece(answer.body, true);
  }

  piece(bytes: Span, end: bool): Step {
    const reply = this.reply;
    if (reply === null) return Step.Answer;
    if (!reply.feed(bytes) && !end) return Step.Pieces;
    reply.finish();
    if (this.allowed === null) return this.refused(reply);
    return this.endWith(this.status, reply, this.asked.revision);
  }

  private refused(reply: Reply): Step {
    if (this.server.eras.isTried && refusesInitialize(reply)) {
      this.server.eras.rememberInitialize(this.cluster, false);
      return super.open();
    }
    const step = this.endWith(this.status, reply, this.asked.revision);
    this.outcome.status = this.status;
    return step;
  }
}

/** Headers about the body and the answer, which a request that becomes another's loses. */
export class KeptHeaders {
  private accept: Span | null;
  private contentType: Span | null;
  private lastEventId: Span | null;

  constructor(head: Head) {
    this.accept = head.bytes("accept");
    this.contentType = head.bytes("content-type");
    this.lastEventId = head.bytes("last-event-id");
  }

  restore(head: Head): void {
    put(head, "accept", this.accept);
    put(head, "content-type", this.contentType);
    put(head, "last-event-id", this.lastEventId);
  }
}

function put(head: Head, name: string, value: Span | null): void {
  if (value !== null) head.setBytes(name, value);
}
