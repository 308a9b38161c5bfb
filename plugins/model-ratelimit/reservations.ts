// `accounting: reserve` for Higress's forms: beside their counters and balances, which old gateways go on reading, stands
// what requests under way hold.

import { AnyStream, ConfigReader, count, RespCommand, RespKind, RespValue } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Usage } from "as-proxy-wasm-sdk/llm/usage";
import { Claim } from "./claim";
import { Demand, NativeUnit } from "./demand";
import { Experience, Forecast } from "./forecast";
import { Asker, Balances, EXPIRED, reportUncounted, Standing } from "./ledger";
import { LocalBalances } from "./local-ledger";
import { readDefaultOutput, readLifeMs } from "./native-limits";
import { siblingOf } from "./key-slot";
import { Payments } from "./payments";
import { Question } from "./redis-ledger";
import { RequestFacts } from "./request-facts";
import { RESERVE } from "./scripts";
import { Script } from "./settlement-scripts";
import { SlotLimits } from "./slot-limits";
import { Algorithm, Measure } from "./tally";

/** More than any balance. */
const UNLIMITED: f64 = 9007199254740991;

export abstract class Reservations {
  private experience: Experience = new Experience();
  private defaultOutput: f64 = 1000;
  protected lifeMs: f64 = 0;

  static read(reader: ConfigReader, payments: Payments | null): Reservations {
    const reservations: Reservations =
      payments !== null ? new RedisReservations(payments) : new LocalReservations(new LocalBalances());
    reservations.defaultOutput = readDefaultOutput(reader);
    reservations.lifeMs = readLifeMs(reader);
    return reservations;
  }

  /** What the request is expected to use and what is held for it. */
  prepare(claim: Claim, facts: RequestFacts): Forecast {
    const forecast = this.experience.forecast(facts, this.defaultOutput);
    claim.estimate = <i64>(forecast.input + forecast.output);
    claim.held = <i64>(forecast.mostInput + forecast.mostOutput);
    return forecast;
  }

  learn(facts: RequestFacts, usage: Usage, metered: f64): void {
    this.experience.learn(facts, usage, metered);
  }

  /** Reserves what was prepared, or nothing; the answer is a standing as of a ledger that has counted it. */
  abstract reserve(claim: Claim, asker: Asker, stream: AnyStream): void;

  /** Gives back what was held and counts what was used. */
  abstract settle(claim: Claim, used: i64): void;
}

/** Balances have no window. */
function isBalance(claim: Claim): bool {
  return claim.limit.windowSeconds == 0;
}

/** In the words of the policies' verdicts: a count above the limit, or a balance of nothing, refuses. */
function standingOf(claim: Claim, isReserved: bool, room: i64, left: i64): Standing {
  if (isBalance(claim)) return Standing.counted(isReserved ? max(room, 1) : 0, left);
  const limit = claim.limit.amount;
  return Standing.counted(isReserved ? max(0, limit - room) : limit + 1, left);
}

class ReserveQuestion extends Question {
  constructor(
    private reservations: RedisReservations,
    private claim: Claim,
    asker: Asker,
    stream: AnyStream,
  ) {
    super(reservations.payments, asker, stream);
    // What a stream holds that has ended meanwhile is known by the reply only.
    this.outlivesStream = true;
  }

  onReply(value: RespValue): void {
    if (!this.isStreamGone) super.onReply(value);
    else if (!value.isError && this.standing(value).isKnown && this.claim.held > 0) {
      this.reservations.settle(this.claim, 0);
    }
  }

  onFailure(reason: string): void {
    if (!this.isStreamGone) super.onFailure(reason);
  }

  standing(value: RespValue): Standing {
    if (value.kind != RespKind.List || value.items.length != 5) {
      return Standing.failed("not the reply of the script: " + value.toString());
    }
    const claim = this.claim;
    const items = value.items;
    const isReserved = items[0].toInteger() == 1;
    claim.cell = items[3].toInteger();
    if (items[4].toInteger() > 0) count(EXPIRED);
    if (!isReserved) claim.held = 0;
    return standingOf(claim, isReserved, items[1].toInteger(), items[2].toInteger());
  }
}

export class RedisReservations extends Reservations {
  constructor(readonly payments: Payments) {
    super();
  }

  reserve(claim: Claim, asker: Asker, stream: AnyStream): void {
    const keys = keysOf(claim);
    const command = new RespCommand("eval").text(RESERVE).integer(keys.length).bytes(keys[0]).bytes(keys[1]);
    command.text(limitOf(claim)).integer(claim.limit.windowSeconds);
    command
      .integer(claim.estimate)
      .integer(claim.held)
      .integer(<i64>this.lifeMs);
    new ReserveQuestion(this, claim, asker, stream).ask(command);
  }

  settle(claim: Claim, used: i64): void {
    const words = [limitOf(claim), claim.limit.windowSeconds.toString(), used.toString()];
    words.push(claim.cell.toString());
    words.push(claim.held.toString());
    this.payments.pay(Script.Settle, keysOf(claim), words);
  }
}

/** The counter or balance, and what is held beside it. */
function keysOf(claim: Claim): Span[] {
  return [claim.key, siblingOf(claim.key, "held")];
}

function limitOf(claim: Claim): string {
  return isBalance(claim) ? "" : claim.limit.amount.toString();
}

export class LocalReservations extends Reservations {
  private slots: SlotLimits = new SlotLimits();

  constructor(private balances: Balances) {
    super();
  }

  reserve(claim: Claim, asker: Asker, stream: AnyStream): void {
    const demand = this.demand(claim);
    demand.step.test = isBalance(claim) ? 0 : <f64>claim.estimate;
    demand.step.hold = <f64>claim.held;
    const decision = this.slots.decide([demand]);
    if (demand.expired > 0) count(EXPIRED);
    claim.cell = <i64>demand.cell;
    if (!decision.isAdmitted) claim.held = 0;
    if (decision.failure.length > 0) {
      asker.answered(Standing.failed(decision.failure));
      return;
    }
    if (isBalance(claim)) {
      // A balance is read after others' reservations: whoever settles spends first and gives back then.
      const others = <i64>(UNLIMITED - demand.remaining) - claim.held;
      this.balances.read(claim.key, new BalanceReader(this, claim, others, asker), stream);
      return;
    }
    const left = <i64>Math.ceil(demand.resetMs / 1000);
    asker.answered(
      standingOf(
        claim,
        decision.isAdmitted,
        <i64>demand.remaining,
        left > 0 ? left : claim.limit.windowSeconds,
      ),
    );
  }

  settle(claim: Claim, used: i64): void {
    if (isBalance(claim) && used > 0) this.balances.spend(claim.key, used);
    const demand = this.demand(claim);
    demand.step.take = isBalance(claim) ? 0 : <f64>used;
    demand.step.release = <f64>claim.held;
    demand.step.cell = <f64>claim.cell;
    if (!this.slots.settle(demand)) reportUncounted("the gateway's shared data takes no more");
  }

  private demand(claim: Claim): Demand {
    const limit = claim.limit;
    const capacity = isBalance(claim) ? UNLIMITED : <f64>limit.amount;
    const algorithm = isBalance(claim) ? Algorithm.None : Algorithm.Fixed;
    const windowMs = <f64>max(limit.windowSeconds, 1) * 1000;
    const measure = new Measure(algorithm, capacity, capacity, windowMs, this.lifeMs);
    return new Demand(claim.key, "", NativeUnit.TotalTokens, measure, 1);
  }
}

/** Decides with the balance; what was held too much is given back. */
class BalanceReader implements Asker {
  constructor(
    private reservations: LocalReservations,
    private claim: Claim,
    private others: i64,
    private asker: Asker,
  ) {}

  answered(standing: Standing): void {
    const claim = this.claim;
    const room = standing.count - this.others;
    const isReserved = room >= claim.estimate;
    if (!isReserved) {
      this.reservations.settle(claim, 0);
      claim.held = 0;
    }
    this.asker.answered(standingOf(claim, isReserved, room, 0));
  }
}
