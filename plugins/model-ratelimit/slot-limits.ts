// Decisions in the shared data of this gateway's process. A host swaps one value at a time: several counters are taken
// one after the other, and given back when a later one refuses. So nothing is ever admitted beyond a limit; a request
// that races with one that is about to be refused may be refused with it.

import { nowMs, Slot, SlotChange, Slots, Update } from "as-proxy-wasm-sdk/sdk";
import { Decision, Demand } from "./demand";
import { Step, Tally } from "./tally";

class CounterChange extends SlotChange {
  fits: bool = false;
  isMoved: bool = false;

  constructor(
    private demand: Demand,
    private step: Step,
    private force: bool,
    /** Of the limit: what this gateway may give when it is alone. */
    private share: f64,
  ) {
    super();
  }

  /** Tells how the counter stands; nothing is taken. */
  look(slot: Slot, now: i64): Tally {
    const tally = new Tally(this.demand.measure.scaled(this.share), slot.words, <f64>now);
    this.fits = this.force || tally.fits(this.step);
    this.isMoved = tally.isMoved;
    this.tell(tally);
    return tally;
  }

  private tell(tally: Tally): void {
    this.demand.remaining = tally.remaining;
    this.demand.resetMs = tally.resetMs;
    this.demand.waitMs = tally.waitMs(this.step.test);
  }

  apply(slot: Slot, now: i64): bool {
    const demand = this.demand;
    const tally = this.look(slot, now);
    demand.expired = this.fits ? tally.expired : 0;
    if (this.fits) {
      tally.apply(this.step);
      this.tell(tally);
      if (this.step.hold > 0) demand.cell = tally.cell;
    }
    if (!this.fits && !tally.isMoved) return false;
    const life = tally.lifeMs;
    slot.words = life > 0 ? tally.words() : [];
    slot.endMs = life > 0 ? now + <i64>life : 0;
    return true;
  }
}

export class SlotLimits {
  private slots: Slots = new Slots("model-ratelimit.limit.");

  constructor(private share: f64 = 1) {}

  /** Takes and reserves what all demands ask, or nothing. */
  decide(demands: Demand[]): Decision {
    // Looking first keeps refusals from writing; what the look saw may have changed when it is taken. All are looked at:
    // a refusal tells how they stand.
    let refusedBy = -1;
    for (let i = 0; i < demands.length && demands.length > 1; i++) {
      const look = new CounterChange(demands[i], demands[i].step, false, this.share);
      look.look(this.slots.read(demands[i].key), nowMs());
      if (look.fits) continue;
      if (refusedBy < 0) refusedBy = i;
      if (look.isMoved) this.slots.update(demands[i].key, look);
    }
    if (refusedBy >= 0) return new Decision(refusedBy);
    for (let i = 0; i < demands.length; i++) {
      const demand = demands[i];
      const change = new CounterChange(demand, demand.step, false, this.share);
      const outcome = this.slots.update(demand.key, change);
      if (outcome == Update.Written && change.fits) continue;
      for (let j = 0; j < i; j++) this.giveBack(demands[j]);
      return change.fits ? new Decision(-1, "the gateway's shared data takes no more") : new Decision(i);
    }
    return new Decision(-1);
  }

  /** False when it could not be written. */
  settle(demand: Demand): bool {
    const change = new CounterChange(demand, demand.step, true, this.share);
    return this.slots.update(demand.key, change) <= Update.Unchanged;
  }

  private giveBack(demand: Demand): void {
    const step = new Step();
    step.take = -demand.step.take;
    step.release = demand.step.hold;
    step.cell = demand.cell;
    step.hold = demand.step.release;
    this.slots.update(demand.key, new CounterChange(demand, step, true, this.share));
  }
}
