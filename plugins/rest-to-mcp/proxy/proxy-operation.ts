// One request of a client to a server behind Streamable HTTP: the server is opened, the request goes there by the
// route, and the reply becomes the client's.

import { clusterName, DraftHead, Head, HttpReply } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Json } from "as-proxy-wasm-sdk/json";
import { ErrorCode, isStateless } from "as-proxy-wasm-sdk/mcp";
import { Reply, ReplyKind } from "as-proxy-wasm-sdk/mcp/client/reply";
import { operationRequest } from "as-proxy-wasm-sdk/mcp/client/request";
import { Runner, Step, UpstreamAnswer } from "../operation";
import { isAmbiguous } from "./ambiguity";
import { Mirrors } from "./mirrors";
import { Opening, OpeningWaiter } from "./opening";
import { ACCEPTED } from "./proxy-server";
import { contentTypeOf, ResponseCall, ServerRequest } from "./server-request";
import { Session } from "./session";
import { SessionCache } from "./session-cache";
import { LookupWaiter, ToolLookup } from "./tool-lookup";
import { WatchedCall } from "../watched-call";

export class ProxyOperation extends ServerRequest implements OpeningWaiter, LookupWaiter {
  private cluster: string = "";
  private session: Session | null = null;
  /** In the cache of sessions; "" without one. */
  private key: string = "";
  /** The session was there before this request. */
  private isReused: bool = false;
  /** The request is made a second time, by a call: the route has brought its answer already. */
  private isAgain: bool = false;
  /** Client and server speak the same: the message goes as it came. */
  private isRelayed: bool = false;
  private id: i64 = 0;
  private reply: Reply | null = null;
  private refused: Reply | null = null;
  private status: i32 = 0;

  protected open(): Step {
    this.cluster = clusterName();
    const sessions = this.server.sessions;
    if (sessions !== null) {
      this.key = SessionCache.keyOf(this.head, this.cluster, this.asked.client.principal);
      const session = sessions.get(this.key);
      this.isReused = session !== null;
      if (session !== null) return this.forward(session);
    }
    return this.openServer();
  }

  private openServer(): Step {
    const runner = this.runner;
    if (runner === null) return Step.Answer;
    const opening = new Opening(
      this.server,
      runner.stream,
      this.head,
      this.cluster,
      this.asked.revision,
      this,
    );
    return opening.start() ? Step.Wait : this.goOn(opening);
  }

  opened(opening: Opening): void {
    const step = this.goOn(opening);
    const runner = this.runner;
    if (runner !== null && step != Step.Wait) runner.proceed(step);
  }

  private goOn(opening: Opening): Step {
    const session = opening.session;
    if (session === null) return this.end(opening.outcome);
    const sessions = this.server.sessions;
    if (sessions !== null && !session.isStateless) sessions.keep(this.key, session);
    return this.isAgain ? this.callAgain(session) : this.forward(session);
  }

  /** The client's request becomes the upstream's. */
  private forward(session: Session): Step {
    const request = this.request;
    if (request === null) return Step.Answer;
    const head = request.head;
    const allowed = this.allowed;
    const isWhole = allowed === null || allowed.isUnlimited;
    this.isRelayed =
      isWhole &&
      session.isStateless &&
      isStateless(this.asked.revision) &&
      !isAmbiguous(this.asked.message.json);
    if (!this.isRelayed) {
      this.readdress(head, "POST");
      request.body = this.write(head, session);
      return Step.Forward;
    }
    const accept = head.bytes("accept");
    this.session = session;
    this.readdress(head, "POST");
    if (accept !== null) head.setBytes("accept", accept);
    head.set("content-type", "application/json");
    this.asked.client.restore(head);
    request.body = this.asked.message.json.raw();
    return Step.Forward;
  }

  /** Sets the request's own headers and returns its body. */
  private write(head: Head, session: Session): Span {
    this.session = session;
    this.reply = null;
    this.id = this.idIn(session);
    head.set("content-type", "application/json");
    head.set("accept", ACCEPTED);
    session.write(head, this.method, this.asked.params);
    if (session.isStateless && this.tool.length > 0) {
      this.server.mirrors.write(
        head,
        Mirrors.keyOf(session.cluster, this.tool),
        this.asked.params.get("arguments"),
      );
    }
    return operationRequest(this.id, this.method, this.asked.params, session.revision);
  }

  /** As Higress's plugin numbers them where a session has no other request. */
  private idIn(session: Session): i64 {
    if (this.server.sessions !== null || this.isAgain) return session.newId();
    return this.method == "tools/list" ? 2 : 3;
  }

  answerBegins(head: Head): Step {
    this.status = head.status;
    const reply = new Reply(this.id, contentTypeOf(head));
    this.reply = reply;
    // A stream may bring progress before its reply. What is no success may come of the gateway, or of a server that is
    // not of this era any more; and a body is looked at, as it may be anything.
    if (this.isRelayed && this.status == 200 && reply.isStream) return Step.Pass;
    return reply.isStream && this.status == 200 ? Step.Pieces : Step.Whole;
  }

  answered(answer: UpstreamAnswer): Step {
    return this.piece(answer.body, true);
  }

  piece(bytes: Span, end: bool): Step {
    const reply = this.reply;
    // What comes after the reply, while another call is under way.
    if (reply === null || this.isAgain) return end ? Step.Wait : Step.Pieces;
    const isKnown = reply.feed(bytes);
    const session = this.session;
    if (!isKnown && !end) {
      if (session !== null) this.respond(reply, session);
      return Step.Pieces;
    }
    reply.finish();
    return this.conclude(reply);
  }

  /** Tells the server at once that nobody answers what it asks in the stream of a reply. */
  private respond(reply: Reply, session: Session): void {
    for (let body = reply.takeResponse(); body !== null; body = reply.takeResponse()) {
      const head = DraftHead.of(this.head);
      session.write(head, "", Json.read(Span.empty()));
      this.server.post(this.cluster, head, body, new ResponseCall());
    }
  }

  private conclude(reply: Reply): Step {
    const session = this.session;
    if (session === null) return Step.Answer;
    if (!this.isAgain && this.wantsReopening(session, reply)) {
      this.isAgain = true;
      return this.openServer();
    }
    if (!this.isAgain && this.wantsMirrors(session, reply)) {
      this.isAgain = true;
      this.refused = reply;
      return this.lookUp(session);
    }
    return this.endWith(this.status, reply, session.revision);
  }

  /** Whether the server wants arguments repeated in headers that the gateway does not know of. */
  private wantsMirrors(session: Session, reply: Reply): bool {
    const isMismatch = reply.kind == ReplyKind.Error && reply.errorCode == ErrorCode.HeaderMismatch;
    return isMismatch && session.isStateless && this.tool.length > 0 && !this.isRelayed;
  }

  /** Asks the server's lists for the schema of the tool that is called. */
  private lookUp(session: Session): Step {
    const runner = this.runner;
    if (runner === null) return Step.Answer;
    const lookup = new ToolLookup(this.server, runner.stream, this.head, session, this.tool, this);
    return lookup.start() ? Step.Wait : this.endRefused();
  }

  lookedUp(isFound: bool): void {
    const runner = this.runner;
    const session = this.session;
    if (runner === null || session === null) return;
    const step = isFound ? this.callAgain(session) : this.endRefused();
    if (step != Step.Wait) runner.proceed(step);
  }

  /** The refusal that led to the list is what the client gets. */
  private endRefused(): Step {
    const refused = this.refused;
    const session = this.session;
    if (refused === null || session === null) return Step.Answer;
    return this.endWith(this.status, refused, session.revision);
  }

  /** Whether the server has forgotten the session, or is of another era than it was. */
  private wantsReopening(session: Session, reply: Reply): bool {
    const sessions = this.server.sessions;
    if (this.isReused && sessions !== null && (this.status == 404 || this.status == 400)) {
      sessions.drop(this.key, session);
      return true;
    }
    const isRefused = this.status == 400 || this.status == 404 || this.status == 405;
    if (!session.isStateless || !this.server.eras.isTried || !isRefused) return false;
    if (reply.kind == ReplyKind.Error && isStatelessError(reply.errorCode)) return false;
    this.server.eras.forget(this.cluster);
    return true;
  }

  private callAgain(session: Session): Step {
    const runner = this.runner;
    if (runner === null) return Step.Answer;
    const head = DraftHead.of(this.head);
    const body = this.write(head, session);
    if (this.server.post(this.cluster, head, body, new SecondCall(this, runner))) return Step.Wait;
    return this.fail(`backend ${this.method} failed`);
  }

  /** For the second call. */
  replied(answer: HttpReply): void {
    const runner = this.runner;
    if (runner === null) return;
    this.status = answer.status;
    const body = answer.isReset ? Span.empty() : answer.body.all();
    this.conclude(Reply.of(this.id, contentTypeOf(answer.head), body));
    runner.proceed(Step.Answer);
  }

  ended(): void {
    const sessions = this.server.sessions;
    const session = this.session;
    if (sessions === null || session === null || sessions.holds(this.key, session)) return;
    // Another request of the same caller has opened one meanwhile, which is the one that is kept.
    if (!this.isReused) sessions.close(session);
  }
}

class SecondCall extends WatchedCall {
  constructor(
    private operation: ProxyOperation,
    runner: Runner,
  ) {
    super();
    this.stream = runner.stream;
  }

  heard(reply: HttpReply): void {
    this.operation.replied(reply);
  }
}

/** What servers of the stateless revisions say of a request that they do not take; others know no such reasons. */
function isStatelessError(code: i32): bool {
  return (
    code == ErrorCode.MethodNotFound ||
    code == ErrorCode.InvalidParams ||
    code == ErrorCode.HeaderMismatch ||
    code == ErrorCode.MissingClientCapability ||
    code == ErrorCode.UnsupportedRevision
  );
}
