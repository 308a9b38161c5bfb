// The OAuth token that requests carry. All workers of the process share it; whoever finds none, or one that is about
// to end, asks Google for a new one while its request waits.

import {
  AnyStream,
  Head,
  HttpCall,
  HttpReply,
  HttpRequest,
  log,
  nowMs,
  send,
  Store,
  StoreEntry,
} from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { Preparation, PreparationWaiter } from "../../preparation";
import { ServiceAccount } from "./service-account";

const AUTHORITY: string = "oauth2.googleapis.com";
const GRANT: string = "grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=";
const MAX_REPLY_BYTES: i32 = 64 << 10;
const DEFAULT_SECONDS: i64 = 3600;
/** Of what Google says of a failure, in the log. */
const MAX_REASON: i32 = 200;

/** The tokens of one service account in one project and region. */
export class AccessTokens {
  private store: Store = new Store("");

  constructor(
    private account: ServiceAccount,
    private key: string,
    private cluster: string,
    private refreshAheadSeconds: i64,
    private timeoutMs: i32,
  ) {}

  /** A token that is good for longer than the time ahead; "" when there is none. */
  fresh(): string {
    const entry = this.read();
    if (entry === null) return "";
    const value = Json.checked(entry.value);
    const isFresh = value.get("expireAt").integer(0) > nowMs() / 1000 + this.refreshAheadSeconds;
    return isFresh ? value.get("token").text() : "";
  }

  /** The entry that the workers share, to be replaced only if no other worker was faster. */
  read(): StoreEntry | null {
    return this.store.get(this.key);
  }

  keep(token: string, seconds: i64, read: StoreEntry | null): void {
    const value = new Buffer(token.length + 48);
    const json = new JsonWriter(value).object().key("token").text(token);
    json
      .key("expireAt")
      .integer(nowMs() / 1000 + seconds)
      .end();
    // Where another worker was faster its token is as good as this one.
    this.store.swap(this.key, value.take(), read);
  }

  /** The call for a new token, or null with the account's error. */
  request(): HttpRequest | null {
    const claim = this.account.signedClaim(nowMs() / 1000);
    if (claim.length == 0) return null;
    const request = new HttpRequest(this.cluster, "POST", AUTHORITY, "/token");
    request.headers.add("content-type", "application/x-www-form-urlencoded");
    request.body = Span.text(GRANT + claim);
    request.timeoutMs = this.timeoutMs;
    return request;
  }

  get error(): string {
    return this.account.error;
  }
}

/** A request waits for its token, which then stands in its head. */
export class TokenPreparation extends Preparation {
  private head: Head | null = null;

  constructor(public tokens: AccessTokens) {
    super();
    this.failsLate = true;
  }

  start(head: Head, stream: AnyStream, waiter: PreparationWaiter): bool {
    this.head = head;
    if (this.takeShared()) return false;
    const request = this.tokens.request();
    if (request === null) {
      this.error = "failed to process request body: " + this.tokens.error;
      return false;
    }
    if (send(request, new TokenCall(stream, this, waiter))) return true;
    this.fail("no cluster " + request.cluster);
    return false;
  }

  /** Puts the token that the workers share into the head; false when there is none. */
  takeShared(): bool {
    const token = this.tokens.fresh();
    return token.length > 0 && this.carry(token);
  }

  /** False when the token is no header value. */
  carry(token: string): bool {
    const head = this.head;
    return head !== null && head.set("authorization", "Bearer " + token);
  }

  fail(why: string): void {
    this.error = "failed to load vertex ak";
    this.detail = "vertex.load_ak_failed";
    log.error("no access token: " + why);
  }
}

class TokenCall extends HttpCall {
  private read: StoreEntry | null;

  constructor(
    stream: AnyStream,
    private preparation: TokenPreparation,
    private waiter: PreparationWaiter,
  ) {
    super();
    this.stream = stream;
    this.read = preparation.tokens.read();
  }

  onReply(reply: HttpReply): void {
    const preparation = this.preparation;
    const body = Json.checked(reply.body.read(0, MAX_REPLY_BYTES));
    const token = reply.status == 200 ? body.get("access_token").text() : "";
    if (token.length > 0 && preparation.carry(token)) {
      const seconds = body.get("expires_in").integer(0);
      preparation.tokens.keep(token, seconds > 0 ? seconds : DEFAULT_SECONDS, this.read);
    } else if (!preparation.takeShared()) {
      // Nor was another worker luckier meanwhile.
      preparation.fail(`status ${reply.status} ${reasonOf(body)}`);
    }
    this.waiter.prepared(preparation);
  }
}

/** Google's words for why there is no token. */
function reasonOf(body: Json): string {
  const description = body.get("error_description");
  const reason = description.kind == JsonKind.String ? description : body.get("error");
  return reason.text().substring(0, MAX_REASON);
}
