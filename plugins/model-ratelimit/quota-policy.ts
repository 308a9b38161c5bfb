// Balances of tokens that consumers spend: the configuration of ai-quota.

import { AnyStream, ConfigReader, count, Head, log } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Claim } from "./claim";
import { CONSUMER } from "./dimension";
import { withoutQuery } from "./form";
import { Asker, Balances, Standing, UNCHECKED } from "./ledger";
import { Limit, Unit } from "./limit";
import { Policy } from "./policy";
import { balanceKey, Operation, QuotaCall } from "./quota-call";
import { Reply } from "./reply";

const CHAT: string = "/v1/chat/completions";
const DENIED: string = "Request denied by ai quota check";

export class QuotaPolicy extends Policy {
  /** Ends of paths whose answers are counted; empty: all. */
  private meteredPaths: string[] = [CHAT];
  private adminConsumer: string = "";
  private adminPath: string = "/quota";
  private prefix: string = "chat_quota:";

  constructor(private balances: Balances) {
    super(true);
  }

  static read(reader: ConfigReader, balances: Balances): QuotaPolicy {
    const policy = new QuotaPolicy(balances);
    policy.adminConsumer = reader.text("admin_consumer");
    if (policy.adminConsumer.length == 0) reader.fail("missing admin_consumer in config");
    const path = reader.text("admin_path");
    if (path.length > 0) policy.adminPath = path;
    const prefix = reader.text("redis_key_prefix");
    if (prefix.length > 0) policy.prefix = prefix;
    if (reader.has("metered_paths")) {
      policy.meteredPaths = reader.texts("metered_paths");
      if (policy.meteredPaths.includes("*")) policy.meteredPaths = [];
    }
    return policy;
  }

  refusalOf(head: Head): Reply | null {
    const consumer = head.bytes(CONSUMER);
    if (consumer === null) {
      const reason = DENIED + ". No Key Authentication information found.";
      return Reply.text(401, "ai-quota.no_key", reason);
    }
    if (consumer.isEmpty) return unauthorized("Unauthorized consumer.");
    if (this.operationOf(head) < 0 || consumer.equals(Span.text(this.adminConsumer))) return null;
    return unauthorized("Unauthorized admin consumer.");
  }

  callOf(head: Head): QuotaCall | null {
    const operation = this.operationOf(head);
    return operation < 0 ? null : new QuotaCall(<Operation>operation, this.balances, this.prefix);
  }

  claimOf(head: Head): Claim | null {
    const consumer = head.bytes(CONSUMER);
    if (consumer === null || !this.isMetered(pathOf(head))) return null;
    // What is spent has no window, and ends where nothing is left.
    return new Claim(balanceKey(this.prefix, consumer), new Limit(Unit.Tokens, 0, 0));
  }

  ask(claim: Claim, asker: Asker, stream: AnyStream): void {
    this.balances.read(claim.key, asker, stream);
  }

  /** Without an answer of the ledger the request is refused. */
  verdict(claim: Claim, standing: Standing): Reply | null {
    if (standing.isKnown && standing.count > 0) return null;
    if (!standing.isKnown) {
      log.error(`quota not checked, request is refused: ${standing.failure}`);
      count(UNCHECKED);
    }
    return Reply.text(403, "ai-quota.noquota", DENIED + ", No quota left");
  }

  charge(claim: Claim, tokens: i64): void {
    this.balances.spend(claim.key, tokens);
  }

  /** -1 for what is no call of an administrator. */
  private operationOf(head: Head): i32 {
    const path = pathOf(head);
    const admin = CHAT + this.adminPath;
    if (endsWith(path, admin + "/refresh")) return Operation.Refresh;
    if (endsWith(path, admin + "/delta")) return Operation.Delta;
    return endsWith(path, admin) ? Operation.Query : -1;
  }

  private isMetered(path: Span): bool {
    for (let i = 0; i < this.meteredPaths.length; i++) if (endsWith(path, this.meteredPaths[i])) return true;
    return this.meteredPaths.length == 0;
  }
}

function unauthorized(reason: string): Reply {
  return Reply.text(403, "ai-quota.unauthorized", `${DENIED}. ${reason}`);
}

function pathOf(head: Head): Span {
  const path = head.bytes(":path");
  return path === null ? Span.empty() : withoutQuery(path);
}

function endsWith(path: Span, end: string): bool {
  const bytes = Span.text(end);
  return path.size >= bytes.size && path.slice(path.size - bytes.size).equals(bytes);
}
