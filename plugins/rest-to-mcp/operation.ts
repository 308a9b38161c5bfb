// What one request of a client sets in motion. An operation says step by step how it goes on; a runner does it:
// on the client's own exchange, whose request is rewritten and sent to the route's upstream, or, for a message of
// a batch, by calling that upstream.

import { AnyStream, DraftHead, Head } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { ErrorCode, Outcome } from "as-proxy-wasm-sdk/mcp";

/** Why an upstream's answer is not read. */
export const TOO_LARGE: string = "the upstream's answer is too large";
/** Why a message is not made, of which the VM, whose memory the host may limit, has no room for all. */
export const NO_ROOM: string = "this takes more memory than the gateway has";

export enum Step {
  /** `outcome` is what the client gets. */
  Answer,
  /** The request that `begin` was given goes to the route's upstream as the operation has edited it. */
  Forward,
  /** Call-outs are under way; `runner.proceed` tells how it goes on. */
  Wait,
  /** Of an upstream's answer: `answered` hears it when all of it is there. */
  Whole,
  /** Of an upstream's answer: `piece` hears it as it comes, and wants more. Nothing of it reaches the client. */
  Pieces,
  /** Of an upstream's answer: it is the client's, as it comes. */
  Pass,
  /** As `Pieces`, but what `piece` leaves in `relayed` goes to the client at once. */
  Relay,
}

/** A request to the route's upstream, to be edited in place. It begins as the client's own. */
export class UpstreamRequest {
  body: Span = Span.empty();

  constructor(
    /** The request itself, or a copy: `:method`, `:path`, `:authority` and the headers. */
    readonly head: Head,
  ) {}
}

/** All of what the route's upstream answered. */
export class UpstreamAnswer {
  constructor(
    readonly status: i32,
    /** To be read, not edited. */
    readonly head: Head,
    readonly body: Span,
  ) {}
}

export abstract class Runner {
  constructor(
    /** For call-outs. */
    readonly stream: AnyStream,
    /** The client's headers as they came, less what only the gateway reads. */
    readonly client: DraftHead,
  ) {}

  /** Ends a `Step.Wait`; also, at any time after `Step.Pieces`, brings the answer. */
  abstract proceed(step: Step): void;
}

export abstract class Operation {
  outcome: Outcome = Outcome.ofError(ErrorCode.InternalError, "no answer");
  /** After `Step.Relay`: what goes to the client in place of the piece. */
  relayed: Span = Span.empty();

  /** True where the upstream's answer is heard in pieces: such an operation cannot be part of a batch. */
  get needsRoute(): bool {
    return false;
  }

  /** `Answer`, `Forward` or `Wait`. */
  abstract begin(request: UpstreamRequest, runner: Runner): Step;

  /** The upstream's answer begins: `Whole`, `Pieces`, `Pass` or `Relay` (the head may be edited for the client), or `Answer`. */
  answerBegins(head: Head): Step {
    return Step.Whole;
  }

  /** After `Whole`: `Answer`, or `Wait` for call-outs. The answer is readable only inside. */
  answered(answer: UpstreamAnswer): Step {
    return Step.Answer;
  }

  /** After `Pieces` and `Relay`: the same again, `Wait` (pieces still come), or `Answer`. Bytes may be empty. */
  piece(bytes: Span, end: bool): Step {
    return Step.Answer;
  }

  /** The exchange is over, whoever ended it: give back what is held. */
  ended(): void {}
}

/** An operation whose outcome is known at once. */
export class Known extends Operation {
  constructor(outcome: Outcome) {
    super();
    this.outcome = outcome;
  }

  begin(request: UpstreamRequest, runner: Runner): Step {
    return Step.Answer;
  }
}
