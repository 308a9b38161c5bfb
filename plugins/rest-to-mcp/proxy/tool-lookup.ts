// Looks for a tool in the lists of a stateless server, page by page, to learn which of its arguments are mirrored.

import { AnyStream, DraftHead, HttpReply } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { Reply } from "as-proxy-wasm-sdk/mcp/client/reply";
import { operationRequest } from "as-proxy-wasm-sdk/mcp/client/request";
import { Mirrors } from "./mirrors";
import { ProxyServer } from "./proxy-server";
import { contentTypeOf } from "./server-request";
import { Session } from "./session";
import { WatchedCall } from "../watched-call";

const LIST_ID: i64 = 1;
const MAX_PAGES: i32 = 20;

export interface LookupWaiter {
  /** Called once, unless the stream is gone. */
  lookedUp(isFound: bool): void;
}

export class ToolLookup {
  private pages: i32 = 0;

  constructor(
    private server: ProxyServer,
    readonly stream: AnyStream,
    private head: DraftHead,
    private session: Session,
    private tool: string,
    private waiter: LookupWaiter,
  ) {}

  /** False where no call can be made. */
  start(): bool {
    return this.ask(Json.read(Span.empty()));
  }

  private ask(params: Json): bool {
    const session = this.session;
    const head = DraftHead.of(this.head);
    session.write(head, "tools/list", params);
    const body = operationRequest(LIST_ID, "tools/list", params, session.revision);
    this.pages++;
    return this.server.post(session.cluster, head, body, new PageCall(this));
  }

  /** For the calls. */
  replied(answer: HttpReply): void {
    const body = answer.isReset ? Span.empty() : answer.body.all();
    const list = Json.read(Reply.of(LIST_ID, contentTypeOf(answer.head), body).result);
    const key = Mirrors.keyOf(this.session.cluster, this.tool);
    const isFound = this.server.mirrors.learn(key, this.tool, list);
    const cursor = list.get("nextCursor");
    const hasMore = cursor.kind == JsonKind.String && this.pages < MAX_PAGES;
    if (!isFound && hasMore && this.ask(nextPage(cursor))) return;
    this.waiter.lookedUp(isFound);
  }
}

function nextPage(cursor: Json): Json {
  const params = new Buffer(cursor.raw().size + 16);
  new JsonWriter(params).object().key("cursor").raw(cursor.raw()).end();
  return Json.read(params.span());
}

class PageCall extends WatchedCall {
  constructor(private lookup: ToolLookup) {
    super();
    this.stream = lookup.stream;
  }

  heard(reply: HttpReply): void {
    this.lookup.replied(reply);
  }
}
