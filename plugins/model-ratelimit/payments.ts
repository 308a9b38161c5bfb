// Tells Redis what was used. Each settlement has a mark in Redis and counts once, however often it is sent. What Redis
// did not take waits (unpaid.ts) and is sent again: with the first reply of Redis, else every two seconds.

import {
  count,
  log,
  nowMs,
  random,
  Redis,
  RedisCall,
  RespCommand,
  RespKind,
  RespValue,
  Task,
} from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { siblingOf } from "./key-slot";
import { Script, digestOf, textOf } from "./settlement-scripts";
import { Charge, Unpaid } from "./unpaid";

export const UNREACHABLE: string = "cannot connect to redis cluster";
const RETRY_MS: i64 = 2000;
/** Of what Redis answers with an error: each time twice as long. */
const LONGEST_RETRY_MS: i64 = 60_000;
/** Nobody else sends meanwhile what a worker has sent. */
const UNDER_WAY_MS: i64 = 10_000;
/** Settlements that are sent again at once. */
const BATCH: i32 = 64;

/** Runs a script, by its text where the server does not have it. */
export abstract class ScriptCall extends RedisCall {
  private isWhole: bool = false;

  constructor(
    protected payments: Payments,
    protected script: Script,
    protected keys: Span[],
    protected words: string[],
  ) {
    super();
  }

  run(): void {
    const digest = this.isWhole ? "" : digestOf(this.script);
    const command = new RespCommand(digest.length > 0 ? "evalsha" : "eval");
    command.text(digest.length > 0 ? digest : textOf(this.script)).integer(this.keys.length);
    for (let i = 0; i < this.keys.length; i++) command.bytes(this.keys[i]);
    for (let i = 0; i < this.words.length; i++) command.text(this.words[i]);
    if (!this.payments.redis.send(command, this)) this.onFailure(UNREACHABLE);
  }

  onReply(value: RespValue): void {
    if (value.isError && !this.isWhole && value.bytes.startsWithAscii("NOSCRIPT")) {
      this.isWhole = true;
      this.run();
      return;
    }
    this.payments.heard();
    if (value.kind == RespKind.List && value.items.length > 0) this.finished(value);
    else this.refused(value.toString());
  }

  onFailure(reason: string): void {
    this.payments.missed(reason);
    this.unanswered(reason);
  }

  abstract finished(value: RespValue): void;
  /** Redis has answered, but not with what the script says. */
  abstract refused(reason: string): void;
  abstract unanswered(reason: string): void;
}

/** It belongs to no stream, which may be over. */
class Payment extends ScriptCall {
  constructor(
    payments: Payments,
    private charge: Charge,
    /** It is one of those that wait. */
    private isKept: bool,
  ) {
    super(payments, charge.script, charge.keys.concat([markOf(charge)]), charge.words);
  }

  finished(value: RespValue): void {
    this.payments.done(this.charge, this.isKept);
  }

  refused(reason: string): void {
    log.error(`usage waits for Redis: ${reason}`);
    const pause = RETRY_MS << (min(this.charge.tries, 6) - 1);
    this.payments.keep(this.charge, min(pause, LONGEST_RETRY_MS), this.isKept);
  }

  unanswered(reason: string): void {
    this.payments.keep(this.charge, 0, this.isKept);
  }

  /** The configuration is gone before the answer came: the next one sends it again. */
  onForgotten(): void {
    this.payments.keep(this.charge, 0, this.isKept);
  }
}

/** In the slot of the counters. Those of the native form all begin with one tag, and so do their marks. */
function markOf(charge: Charge): Span {
  const counter = charge.keys[0];
  const isNative = charge.script == Script.Native;
  return siblingOf(isNative ? counter.slice(0, counter.indexOf(0x7d) + 1) : counter, "settled:" + charge.id);
}

export class Payments extends Task {
  private unpaid: Unpaid = new Unpaid();
  /** Redis did not answer last time: what is used goes to the others that wait, and adds up there. */
  private isAway: bool = false;
  /** Of those that waited. */
  private underWay: i32 = 0;

  constructor(readonly redis: Redis) {
    super(RETRY_MS);
  }

  pay(script: Script, keys: Span[], words: string[]): void {
    const id = random().toString(36) + random().toString(36);
    const charge = new Charge(id, this.redis.target, script, keys, words);
    if (this.isAway) {
      this.keep(charge, 0, false);
      return;
    }
    charge.tries = 1;
    new Payment(this, charge, false).run();
  }

  keep(charge: Charge, pauseMs: i64, isKept: bool): void {
    charge.dueMs = nowMs() + pauseMs;
    if (isKept) this.underWay--;
    else count("model_ratelimit_deferred");
    this.unpaid.keep(charge);
  }

  done(charge: Charge, isKept: bool): void {
    if (!isKept) return;
    this.unpaid.paid(charge);
    this.underWay--;
    if (this.underWay == 0) this.sendAgain(BATCH);
  }

  /** Redis has answered. */
  heard(): void {
    if (!this.isAway) return;
    this.isAway = false;
    this.sendAgain(BATCH);
  }

  missed(reason: string): void {
    if (!this.isAway) log.error(`Redis does not answer, what is used waits for it: ${reason}`);
    this.isAway = true;
  }

  run(): void {
    this.underWay = 0;
    this.sendAgain(this.isAway ? 1 : BATCH);
  }

  private sendAgain(most: i32): void {
    const charges = this.unpaid.take(this.redis.target, most, nowMs() + UNDER_WAY_MS);
    this.underWay += charges.length;
    for (let i = 0; i < charges.length; i++) new Payment(this, charges[i], true).run();
  }
}
