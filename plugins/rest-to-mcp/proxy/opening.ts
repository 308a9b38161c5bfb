// Opens a server for one request: `server/discover` for the stateless revisions, `initialize` and
// `notifications/initialized` for the others. Which of them a server speaks is configured, remembered, or tried: first
// what the client itself speaks.

import { AnyStream, DraftHead, HttpReply } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonWriter } from "as-proxy-wasm-sdk/json";
import {
  ErrorCode,
  isStateless,
  NEWEST_WITH_SESSION,
  Outcome,
  Revision,
  revisionOf,
} from "as-proxy-wasm-sdk/mcp";
import { mayBeOlder, offersStateless, refusesInitialize } from "as-proxy-wasm-sdk/mcp/client/era";
import { Reply, ReplyKind } from "as-proxy-wasm-sdk/mcp/client/reply";
import {
  discoverRequest,
  initializedNotification,
  initializeRequest,
} from "as-proxy-wasm-sdk/mcp/client/request";
import { Speaks } from "./eras";
import { ProxyServer } from "./proxy-server";
import { Session } from "./session";
import { WatchedCall } from "../watched-call";

/** Ids of requests, as Higress's plugin gives them. */
const OPENING_ID: i64 = 1;
const STATELESS = Revision.R2026_07_28;
const FAILED: string = "backend initialization failed";

export interface OpeningWaiter {
  /** Called once, unless the stream is gone. */
  opened(opening: Opening): void;
}

enum Phase {
  Discover,
  Initialize,
  Announce,
}

export class Opening {
  /** Null until the server is open, and when it cannot be opened: `outcome` says why. */
  session: Session | null = null;
  outcome: Outcome = Outcome.ofError(ErrorCode.InternalError, FAILED);
  /** JSON of what the server has said of itself; empty where it was not asked. */
  introduction: Span = Span.empty();
  private pending: Session | null = null;
  private triedDiscover: bool = false;
  private triedInitialize: bool = false;

  constructor(
    private server: ProxyServer,
    readonly stream: AnyStream,
    /** Headers, address and credentials of all calls. */
    private head: DraftHead,
    private cluster: string,
    private client: Revision,
    private waiter: OpeningWaiter,
    /** The server is asked about itself also where requests could be sent at once. */
    private isIntroduced: bool = false,
  ) {
    this.outcome.details = "mcp-proxy:initialize:backend_error";
  }

  /** True when calls are under way; else `session` or `outcome` is there. */
  start(): bool {
    const stateless = this.server.eras.stateless(this.cluster);
    const initialize = this.server.eras.initialize(this.cluster);
    const isStatelessClient = isStateless(this.client);
    if (stateless == Speaks.Yes && (isStatelessClient || initialize == Speaks.No)) {
      return this.isIntroduced ? this.discover() : this.openStateless();
    }
    const isTriedFirst = isStatelessClient && stateless == Speaks.Unknown;
    return initialize == Speaks.No || isTriedFirst ? this.discover() : this.initialize();
  }

  private openStateless(): bool {
    this.session = new Session(STATELESS, Span.empty(), this.head, this.cluster);
    return false;
  }

  private discover(): bool {
    this.triedDiscover = true;
    const session = new Session(STATELESS, Span.empty(), this.head, this.cluster);
    const body = discoverRequest(OPENING_ID, STATELESS);
    return this.call(Phase.Discover, "server/discover", body, session);
  }

  private initialize(): bool {
    this.triedInitialize = true;
    const revision = isStateless(this.client) ? NEWEST_WITH_SESSION : Revision.R2025_03_26;
    return this.call(Phase.Initialize, "", initializeRequest(OPENING_ID, revision), null);
  }

  private call(phase: Phase, method: string, body: Span, session: Session | null): bool {
    const head = DraftHead.of(this.head);
    if (session !== null) session.write(head, method, Json.read(Span.empty()));
    return this.server.post(this.cluster, head, body, new OpeningCall(this, phase));
  }

  /** For the calls. */
  replied(phase: Phase, reply: HttpReply): void {
    if (!this.goOn(phase, reply)) this.waiter.opened(this);
  }

  /** True when another call is under way. */
  private goOn(phase: Phase, reply: HttpReply): bool {
    if (phase == Phase.Announce) {
      // Whatever the server says to a notification, requests tell whether it is open.
      this.session = this.pending;
      return false;
    }
    const type = reply.head.bytes("content-type");
    const status = reply.status;
    const body = status == 0 ? Span.empty() : reply.body.all();
    const answer = Reply.of(OPENING_ID, type === null ? Span.empty() : type, body);
    if (phase == Phase.Discover) return this.discovered(status, answer);
    if (status == 200 && answer.kind == ReplyKind.Result) return this.initialized(reply, answer);
    if (this.server.eras.isTried && !this.triedDiscover && refusesInitialize(answer)) return this.discover();
    this.tell(status, answer);
    return false;
  }

  private discovered(status: i32, answer: Reply): bool {
    if (offersStateless(status, answer)) {
      this.introduction = answer.result;
      this.server.eras.rememberStateless(this.cluster, true);
      if (this.triedInitialize) this.server.eras.rememberInitialize(this.cluster, false);
      return this.openStateless();
    }
    const isOpen = this.server.eras.isTried && !this.triedInitialize;
    if (isOpen && mayBeOlder(status)) return this.initialize();
    this.tell(status, answer);
    return false;
  }

  private initialized(reply: HttpReply, answer: Reply): bool {
    const named = Json.read(answer.result).get("protocolVersion");
    const revision = named.exists ? revisionOf(named.bytes()) : Revision.R2025_03_26;
    if (revision == Revision.Unknown || isStateless(revision)) {
      this.outcome = Outcome.ofError(
        ErrorCode.InvalidParams,
        "protocol version not supported by backend",
        this.outcome.details,
      );
      return false;
    }
    const id = reply.head.bytes("mcp-session-id");
    const session = new Session(revision, id === null ? Span.empty() : id, this.head, this.cluster);
    this.pending = session;
    this.introduction = answer.result;
    this.server.eras.rememberInitialize(this.cluster, true);
    if (this.triedDiscover) this.server.eras.rememberStateless(this.cluster, false);
    if (this.call(Phase.Announce, "", initializedNotification(), session)) return true;
    this.session = session;
    return false;
  }

  /** Why the server cannot be opened: its own error stands in the data. */
  private tell(status: i32, answer: Reply): void {
    const text = answer.kind == ReplyKind.Broken && status == 200 ? answer.problem : FAILED;
    this.outcome = Outcome.ofError(ErrorCode.InternalError, text, this.outcome.details);
    if (answer.kind != ReplyKind.Error) return;
    const data = new Buffer(128);
    const json = new JsonWriter(data).object().key("code").integer(answer.errorCode);
    json.key("message").text(answer.errorMessage);
    if (!answer.errorData.isEmpty) json.key("data").raw(answer.errorData);
    json.end();
    this.outcome.errorData = data.span();
  }
}

class OpeningCall extends WatchedCall {
  constructor(
    private opening: Opening,
    private phase: Phase,
  ) {
    super();
    this.stream = opening.stream;
  }

  heard(reply: HttpReply): void {
    this.opening.replied(this.phase, reply);
  }
}
