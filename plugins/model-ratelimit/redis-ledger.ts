// Counts and balances in Redis, shared by all gateways that use it.

import { AnyStream, Redis, RedisCall, RespCommand, RespKind, RespValue } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Claim } from "./claim";
import { Asker, Balances, Ledger, reportUncounted, Standing } from "./ledger";
import { CHARGE, CHECK, TAKE } from "./scripts";

/** As the SDK words it where a reply is lost. */
const REFUSED: string = "cannot connect to redis cluster";

/** A question whose reply goes to the asker. */
export abstract class Question extends RedisCall {
  constructor(
    private asker: Asker,
    stream: AnyStream,
  ) {
    super();
    this.stream = stream;
  }

  onReply(value: RespValue): void {
    this.asker.answered(value.isError ? Standing.failed(value.toString()) : this.standing(value));
  }

  onFailure(reason: string): void {
    this.asker.answered(Standing.failed(reason));
  }

  abstract standing(value: RespValue): Standing;

  /** A command that cannot be sent is answered at once. */
  ask(redis: Redis, command: RespCommand): void {
    if (!redis.send(command, this)) this.onFailure(REFUSED);
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

/** What was used. It belongs to no stream, which may be over. */
export class Payment extends RedisCall {
  onReply(value: RespValue): void {
    if (value.isError) this.onFailure(value.toString());
  }

  onFailure(reason: string): void {
    reportUncounted(reason);
  }

  pay(redis: Redis, command: RespCommand): void {
    if (!redis.send(command, this)) this.onFailure(REFUSED);
  }
}

function evaluation(script: string, claim: Claim): RespCommand {
  const limit = claim.limit;
  const command = new RespCommand("eval").text(script).integer(1).bytes(claim.key);
  return command.integer(limit.amount).integer(limit.windowSeconds);
}

export class RedisLedger extends Ledger {
  constructor(private redis: Redis) {
    super();
  }

  check(claim: Claim, asker: Asker, stream: AnyStream): void {
    new CountQuestion(asker, stream).ask(this.redis, evaluation(CHECK, claim));
  }

  take(claim: Claim, asker: Asker, stream: AnyStream): void {
    new CountQuestion(asker, stream).ask(this.redis, evaluation(TAKE, claim));
  }

  charge(claim: Claim, amount: i64): void {
    new Payment().pay(this.redis, evaluation(CHARGE, claim).integer(amount));
  }
}

export class RedisBalances extends Balances {
  constructor(private redis: Redis) {
    super();
  }

  read(key: Span, asker: Asker, stream: AnyStream): void {
    new BalanceQuestion(asker, stream).ask(this.redis, new RespCommand("get").bytes(key));
  }

  spend(key: Span, amount: i64): void {
    new Payment().pay(this.redis, new RespCommand("decrby").bytes(key).integer(amount));
  }

  set(key: Span, amount: i64, asker: Asker, stream: AnyStream): void {
    new BalanceQuestion(asker, stream).ask(this.redis, new RespCommand("set").bytes(key).integer(amount));
  }

  add(key: Span, amount: i64, asker: Asker, stream: AnyStream): void {
    const isLess = amount < 0;
    const command = new RespCommand(isLess ? "decrby" : "incrby")
      .bytes(key)
      .integer(isLess ? -amount : amount);
    new BalanceQuestion(asker, stream).ask(this.redis, command);
  }
}
