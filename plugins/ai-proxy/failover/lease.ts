// One VM of all checks the tokens: who holds the lease, and renews it (compat ai-proxy §12.3).

import { Change, nowMs, Store, Update } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonWriter } from "as-proxy-wasm-sdk/json";
import { uuid } from "../uuid";
import { LEASE } from "./shared-tokens";

/** A holder that is silent for longer is gone. */
const LEASE_SECONDS = 60;

export class Lease extends Change {
  private holder: string = uuid();
  private isForeign: bool = false;

  /** True when this VM holds the lease now. */
  take(store: Store): bool {
    return store.update(LEASE, this) == Update.Written && !this.isForeign;
  }

  apply(current: Span): Span | null {
    const lease = Json.read(current);
    const holder = lease.get("vmID").text();
    const now = nowMs() / 1000;
    this.isForeign =
      holder.length > 0 && holder != this.holder && now - lease.get("timestamp").integer(0) <= LEASE_SECONDS;
    if (this.isForeign) return null;
    const out = new Buffer(96);
    new JsonWriter(out).object().key("vmID").text(this.holder).key("timestamp").integer(now).end();
    return out.span();
  }
}
