// Counts and balances in the shared data of this gateway's process, exact across its workers. The same steps as
// the scripts of Redis.

import { AnyStream, nowMs, Slot, SlotChange, Slots, Update } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Claim } from "./claim";
import { Asker, Balances, Ledger, reportUncounted, Standing } from "./ledger";
import { Limit } from "./limit";

const UNAVAILABLE: string = "the gateway's shared data takes no more";

/** Milliseconds until a window ends. A clock that was set back does not make it longer. */
function leftOf(slot: Slot, limit: Limit, now: i64): i64 {
  const window = limit.windowSeconds * 1000;
  return slot.endMs == 0 ? window : min(slot.endMs - now, window);
}

function standingOf(slot: Slot, limit: Limit, now: i64): Standing {
  return Standing.counted(slot.count, (leftOf(slot, limit, now) + 999) / 1000);
}

/** Adds to a counter that is not above its limit. */
class Addition extends SlotChange {
  standing: Standing = new Standing();

  constructor(
    private limit: Limit,
    private amount: i64,
  ) {
    super();
  }

  apply(slot: Slot, now: i64): bool {
    const limit = this.limit;
    const isOpen = slot.count <= limit.amount;
    if (isOpen)
      slot.count = i64.MAX_VALUE - slot.count < this.amount ? i64.MAX_VALUE : slot.count + this.amount;
    const end = now + leftOf(slot, limit, now);
    const isMoved = end != slot.endMs;
    slot.endMs = end;
    this.standing = standingOf(slot, limit, now);
    return isOpen || isMoved;
  }
}

class BalanceChange extends SlotChange {
  balance: i64 = 0;

  constructor(
    private amount: i64,
    private replaces: bool,
  ) {
    super();
  }

  apply(slot: Slot, now: i64): bool {
    const amount = this.amount;
    if (this.replaces) slot.count = amount;
    else if (amount > 0 && slot.count > i64.MAX_VALUE - amount) slot.count = i64.MAX_VALUE;
    else if (amount < 0 && slot.count < i64.MIN_VALUE - amount) slot.count = i64.MIN_VALUE;
    else slot.count += amount;
    this.balance = slot.count;
    return true;
  }
}

export class LocalLedger extends Ledger {
  private slots: Slots = new Slots("model-ratelimit.count.");

  check(claim: Claim, asker: Asker, stream: AnyStream): void {
    const slot = this.slots.read(claim.key);
    asker.answered(standingOf(slot, claim.limit, nowMs()));
  }

  take(claim: Claim, asker: Asker, stream: AnyStream): void {
    const addition = new Addition(claim.limit, 1);
    const outcome = this.slots.update(claim.key, addition);
    asker.answered(outcome <= Update.Unchanged ? addition.standing : Standing.failed(UNAVAILABLE));
  }

  charge(claim: Claim, amount: i64): void {
    const outcome = this.slots.update(claim.key, new Addition(claim.limit, amount));
    if (outcome > Update.Unchanged) reportUncounted(UNAVAILABLE);
  }
}

export class LocalBalances extends Balances {
  private slots: Slots = new Slots("model-ratelimit.balance.");

  read(key: Span, asker: Asker, stream: AnyStream): void {
    asker.answered(Standing.counted(this.slots.read(key).count, 0));
  }

  spend(key: Span, amount: i64): void {
    if (!this.change(key, new BalanceChange(-amount, false))) reportUncounted(UNAVAILABLE);
  }

  set(key: Span, amount: i64, asker: Asker, stream: AnyStream): void {
    this.changeFor(key, new BalanceChange(amount, true), asker);
  }

  add(key: Span, amount: i64, asker: Asker, stream: AnyStream): void {
    this.changeFor(key, new BalanceChange(amount, false), asker);
  }

  private changeFor(key: Span, change: BalanceChange, asker: Asker): void {
    const isDone = this.change(key, change);
    asker.answered(isDone ? Standing.counted(change.balance, 0) : Standing.failed(UNAVAILABLE));
  }

  private change(key: Span, change: BalanceChange): bool {
    return this.slots.update(key, change) == Update.Written;
  }
}
