// Decisions in Redis: one script over all counters, one round trip. Settlements that could not be sent are kept and
// sent again; each carries a mark, so that one that arrived twice counts once.

import {
  AnyStream,
  count,
  every,
  log,
  random,
  Redis,
  RedisCall,
  RespCommand,
  RespKind,
  RespValue,
  Task,
} from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Decision, Demand } from "./demand";
import { NATIVE, NATIVE_SHA1 } from "./native-script";
import { Step } from "./tally";

const UNREACHABLE: string = "cannot connect to redis cluster";
const REPLIES: i32 = 5;
/** Settlements that wait for Redis; those beyond are lost, and counted. */
const MAX_WAITING: i32 = 1000;
/** Below the five minutes for which Redis keeps marks. */
const MOST_TRIES: i32 = 100;
const RETRY_MS: i64 = 2000;

export interface ScriptAsker {
  told(decision: Decision): void;
  /** The stream ended before Redis has answered: what it may hold expires. */
  gone(): void;
}

/** Runs the script, the whole of it where the server does not have it. */
abstract class ScriptCall extends RedisCall {
  private isWhole: bool = false;

  constructor(
    protected redis: Redis,
    protected keys: Span[],
    protected words: string[],
  ) {
    super();
  }

  run(): bool {
    const command = new RespCommand(this.isWhole ? "eval" : "evalsha");
    command.text(this.isWhole ? NATIVE : NATIVE_SHA1).integer(this.keys.length);
    for (let i = 0; i < this.keys.length; i++) command.bytes(this.keys[i]);
    for (let i = 0; i < this.words.length; i++) command.text(this.words[i]);
    return this.redis.send(command, this);
  }

  onReply(value: RespValue): void {
    if (value.isError && !this.isWhole && value.bytes.startsWithAscii("NOSCRIPT")) {
      this.isWhole = true;
      if (!this.run()) this.onFailure(UNREACHABLE);
      return;
    }
    if (value.kind == RespKind.List && value.items.length > 0) this.finished(value);
    else this.onFailure(value.toString());
  }

  abstract finished(value: RespValue): void;
}

class Question extends ScriptCall {
  constructor(
    redis: Redis,
    keys: Span[],
    words: string[],
    private demands: Demand[],
    private asker: ScriptAsker,
  ) {
    super(redis, keys, words);
  }

  finished(value: RespValue): void {
    const items = value.items;
    if (items.length < 1 + this.demands.length * REPLIES) {
      this.onFailure("not the reply of the script");
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
    this.asker.told(new Decision(refusedBy));
  }

  onFailure(reason: string): void {
    this.asker.told(new Decision(-1, reason));
  }

  onStreamGone(): void {
    this.asker.gone();
  }
}

class Settlement extends ScriptCall {
  tries: i32 = 0;

  constructor(
    redis: Redis,
    keys: Span[],
    words: string[],
    private waiting: WaitingSettlements,
  ) {
    super(redis, keys, words);
  }

  finished(value: RespValue): void {}

  onFailure(reason: string): void {
    this.waiting.add(this, reason);
  }

  send(): void {
    this.tries++;
    if (!this.run()) this.onFailure(UNREACHABLE);
  }
}

/** What Redis has not taken yet, of one worker. */
class WaitingSettlements extends Task {
  private waiting: Settlement[] = [];

  constructor() {
    super(RETRY_MS);
  }

  add(settlement: Settlement, reason: string): void {
    if (this.waiting.length < MAX_WAITING && settlement.tries < MOST_TRIES) {
      this.waiting.push(settlement);
      return;
    }
    log.error(`usage not counted: ${reason}`);
    count("model_ratelimit_uncounted");
  }

  run(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (let i = 0; i < waiting.length; i++) waiting[i].send();
  }
}

export class ScriptLimits {
  private waiting: WaitingSettlements = new WaitingSettlements();

  constructor(private redis: Redis) {}

  /** From `Config.start`. */
  start(): void {
    every(this.waiting);
  }

  /** Takes and reserves what all demands ask, or nothing. */
  decide(demands: Demand[], asker: ScriptAsker, stream: AnyStream): void {
    const question = new Question(this.redis, keysOf(demands), wordsOf(demands, false), demands, asker);
    question.stream = stream;
    if (!question.run()) question.onFailure(UNREACHABLE);
  }

  /** `scope` begins the mark's name, with the hash tag of the counters. It belongs to no stream, which may be over. */
  settle(demands: Demand[], scope: string): void {
    const keys = keysOf(demands);
    keys.push(Span.text(`${scope}settled:${random().toString(36)}${random().toString(36)}`));
    new Settlement(this.redis, keys, wordsOf(demands, true), this.waiting).send();
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

/** Most are whole, and written many times faster as such. */
function numeral(value: f64): string {
  const whole = <i64>value;
  return <f64>whole == value ? whole.toString() : value.toString();
}
