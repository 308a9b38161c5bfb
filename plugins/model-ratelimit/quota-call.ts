// The calls by which an administrator reads and fills balances.

import { AnyStream, Head } from "as-proxy-wasm-sdk/sdk";
import { Buffer, readInteger, Span } from "as-proxy-wasm-sdk/bytes";
import { JsonWriter } from "as-proxy-wasm-sdk/json";
import { formValue, queryOf } from "./form";
import { Asker, Balances, Standing } from "./ledger";
import { Reply } from "./reply";

const DENIED: string = "Request denied by ai quota check. ";

export const enum Operation {
  /** What is left. */
  Query,
  /** Replaces the balance. */
  Refresh,
  /** Adds to it, or takes away. */
  Delta,
}

/** Name of a consumer's balance. */
export function balanceKey(prefix: string, consumer: Span): Span {
  const key = new Buffer(64);
  key.text(prefix);
  key.append(consumer);
  return key.take();
}

export class QuotaCall {
  private consumer: Span = Span.empty();

  constructor(
    private operation: Operation,
    private balances: Balances,
    /** How the names of the balances begin. */
    private prefix: string,
  ) {}

  /** The parameters stand in the query, or in the body. */
  get readsBody(): bool {
    return this.operation != Operation.Query;
  }

  /** Does what the parameters ask for; the refusal of parameters that say nothing. */
  begin(head: Head, body: Span, asker: Asker, stream: AnyStream): Reply | null {
    let form = body;
    if (!this.readsBody) {
      const path = head.bytes(":path");
      form = path === null ? Span.empty() : queryOf(path);
    }
    const consumer = formValue(form, Span.text("consumer"));
    if (consumer !== null) this.consumer = consumer;
    const key = balanceKey(this.prefix, this.consumer);
    if (!this.readsBody) {
      if (this.consumer.isEmpty) return refusal("consumer can't be empty.");
      this.balances.read(key, asker, stream);
      return null;
    }
    const isRefresh = this.operation == Operation.Refresh;
    const name = isRefresh ? "quota" : "value";
    const text = formValue(form, Span.text(name));
    // A sign in front, as Go's `Atoi` takes it.
    const digits =
      text === null ? Span.empty() : text.at(0) == 0x2b && text.at(1) != 0x2d ? text.slice(1) : text;
    const amount = readInteger(digits);
    if (this.consumer.isEmpty || amount.failed) {
      return refusal(`consumer can't be empty and ${name} must be integer.`);
    }
    if (isRefresh) this.balances.set(key, amount.value, asker, stream);
    else this.balances.add(key, amount.value, asker, stream);
    return null;
  }

  /** What the administrator gets. */
  reply(standing: Standing): Reply {
    if (!standing.isKnown) return Reply.text(503, "ai-quota.error", "redis error:" + standing.failure);
    if (this.operation == Operation.Refresh) {
      return Reply.text(200, "ai-quota.refreshquota", "refresh quota successful");
    }
    if (this.operation == Operation.Delta) {
      return Reply.text(200, "ai-quota.deltaquota", "delta quota successful");
    }
    const out = new Buffer(64);
    const json = new JsonWriter(out, true).object();
    json.key("consumer").bytes(this.consumer).key("quota").integer(standing.count).end();
    const reply = new Reply(200, "ai-quota.queryquota", out.span().toString());
    reply.contentType = "application/json";
    return reply;
  }
}

function refusal(reason: string): Reply {
  return Reply.text(403, "ai-quota.unauthorized", DENIED + reason);
}
