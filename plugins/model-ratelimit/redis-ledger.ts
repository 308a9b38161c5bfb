// Counts and balances in Redis, shared by all gateways that use it.

import { AnyStream, RedisCall, RespCommand, RespKind, RespValue } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Claim } from "./claim";
import { Asker, Balances, Ledger, Standing } from "./ledger";
import { Payments, UNREACHABLE } from "./payments";
import { CHECK, TAKE } from "./scripts";
import { Script } from "./settlement-scripts";

/** A question whose reply goes to the asker. */
export abstract class Question extends RedisCall {
  constructor(
    private payments: Payments,
    private asker: Asker,
    stream: AnyStream,
  ) {
    super();
    this.stream = stream;
  }

  onReply(value: RespValue): void {
    this.payments.heard();
    this.asker.answered(value.isError ? Standing.failed(value.toString()) : this.standing(value));
  }

  onFailure(reason: string): void {
    this.payments.missed(reason);
    this.asker.answered(Standing.failed(reason));
  }

  abstract standing(value: RespValue): Standing;

  /** A command that cannot be sent is answered at once. */
  ask(command: RespCommand): void {
    if (!this.payments.redis.send(command, this)) this.onFailure(UNREACHABLE);
  }
}

class CountQuestion extends Question {
  standing(value: RespValue): Standing {
    if (value.kind != RespKind.List || value.items.length != 3) {
      return Standing.failed("not the reply of the script: " + value.toString());
    }
    return Standing.counted(value.items[1].toInteger(), value.items[2].toInteger());
  }
}

class BalanceQuestion extends Question {
  standing(value: RespValue): Standing {
    return Standing.counted(value.toInteger(), 0);
  }
}

function evaluation(script: string, claim: Claim): RespCommand {
  const limit = claim.limit;
  const command = new RespCommand("eval").text(script).integer(1).bytes(claim.key);
  return command.integer(limit.amount).integer(limit.windowSeconds);
}

export class RedisLedger extends Ledger {
  constructor(private payments: Payments) {
    super();
  }

  check(claim: Claim, asker: Asker, stream: AnyStream): void {
    new CountQuestion(this.payments, asker, stream).ask(evaluation(CHECK, claim));
  }

  take(claim: Claim, asker: Asker, stream: AnyStream): void {
    new CountQuestion(this.payments, asker, stream).ask(evaluation(TAKE, claim));
  }

  charge(claim: Claim, amount: i64): void {
    const limit = claim.limit;
    const words = [limit.amount.toString(), limit.windowSeconds.toString(), amount.toString()];
    this.payments.pay(Script.Charge, [claim.key], words);
  }
}

export class RedisBalances extends Balances {
  constructor(private payments: Payments) {
    super();
  }

  read(key: Span, asker: Asker, stream: AnyStream): void {
    new BalanceQuestion(this.payments, asker, stream).ask(new RespCommand("get").bytes(key));
  }

  spend(key: Span, amount: i64): void {
    this.payments.pay(Script.Spend, [key], [amount.toString()]);
  }

  set(key: Span, amount: i64, asker: Asker, stream: AnyStream): void {
    new BalanceQuestion(this.payments, asker, stream).ask(new RespCommand("set").bytes(key).integer(amount));
  }

  add(key: Span, amount: i64, asker: Asker, stream: AnyStream): void {
    const isLess = amount < 0;
    const command = new RespCommand(isLess ? "decrby" : "incrby")
      .bytes(key)
      .integer(isLess ? -amount : amount);
    new BalanceQuestion(this.payments, asker, stream).ask(command);
  }
}
