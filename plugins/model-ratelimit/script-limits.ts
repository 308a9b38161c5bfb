// Decisions in Redis: one script over all counters, one round trip.

import { AnyStream, RespValue } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Decision, Demand } from "./demand";
import { Payments, ScriptCall } from "./payments";
import { Script } from "./settlement-scripts";
import { Step } from "./tally";
import { numeral } from "./unpaid";

const REPLIES: i32 = 5;

export interface ScriptAsker {
  told(decision: Decision): void;
  /** The stream ended before Redis has answered. What Redis decided is known, as in `told`. */
  gone(decision: Decision): void;
}

class Question extends ScriptCall {
  constructor(
    payments: Payments,
    private demands: Demand[],
    private asker: ScriptAsker,
  ) {
    super(payments, Script.Native, keysOf(demands), wordsOf(demands, false));
    // What a stream holds that has ended meanwhile is known by the reply only.
    this.outlivesStream = true;
  }

  finished(value: RespValue): void {
    const items = value.items;
    if (items.length < 1 + this.demands.length * REPLIES) {
      this.refused("not the reply of the script");
      return;
    }
    const refusedBy = <i32>items[0].toInteger() - 1;
    for (let i = 0; i < this.demands.length; i++) {
      const demand = this.demands[i];
      const at = 1 + i * REPLIES;
      demand.remaining = <f64>items[at].toInteger();
      demand.resetMs = <f64>items[at + 1].toInteger();
      demand.waitMs = <f64>items[at + 2].toInteger();
      if (refusedBy < 0) demand.cell = <f64>items[at + 3].toInteger();
      demand.expired = <f64>items[at + 4].toInteger();
    }
    this.tell(new Decision(refusedBy));
  }

  refused(reason: string): void {
    this.tell(new Decision(-1, reason));
  }

  unanswered(reason: string): void {
    this.tell(new Decision(-1, reason));
  }

  private tell(decision: Decision): void {
    if (this.isStreamGone) this.asker.gone(decision);
    else this.asker.told(decision);
  }
}

export class ScriptLimits {
  constructor(private payments: Payments) {}

  /** Takes and reserves what all demands ask, or nothing. */
  decide(demands: Demand[], asker: ScriptAsker, stream: AnyStream): void {
    const question = new Question(this.payments, demands, asker);
    question.stream = stream;
    question.run();
  }

  settle(demands: Demand[]): void {
    this.payments.pay(Script.Native, keysOf(demands), wordsOf(demands, true));
  }
}

function keysOf(demands: Demand[]): Span[] {
  const keys: Span[] = [];
  for (let i = 0; i < demands.length; i++) keys.push(demands[i].key);
  return keys;
}

function wordsOf(demands: Demand[], settles: bool): string[] {
  const words: string[] = ["0", demands.length.toString(), settles ? "1" : "0"];
  for (let i = 0; i < demands.length; i++) {
    const measure = demands[i].measure;
    const step: Step = demands[i].step;
    words.push((<i32>measure.algorithm).toString());
    words.push(numeral(measure.capacity));
    words.push(numeral(measure.amount));
    words.push(numeral(measure.windowMs));
    words.push(numeral(measure.lifeMs));
    words.push(numeral(step.test));
    words.push(numeral(step.take));
    words.push(numeral(step.hold));
    words.push(numeral(step.release));
    words.push(numeral(step.cell));
  }
  return words;
}
