// What a request waits for before it can go on: a token, a picture, a text. Every one of them has a deadline.

import { AnyStream, Head } from "as-proxy-wasm-sdk/sdk";

export interface PreparationWaiter {
  /** Called once, unless the stream is gone. */
  prepared(preparation: Preparation): void;
}

export abstract class Preparation {
  /** Why it failed, for the client; "" when it did not. */
  error: string = "";
  /** The failure in the access log: `ai-proxy.<detail>`. */
  detail: string = "proc_req_body_failed";

  /** The request is edited before the client hears of a failure: Go's order, which its tests see. */
  failsLate: bool = false;

  /**
   * Starts the calls, which report to `waiter` when all is there. False when nothing was started: with `error`, or
   * because all is there already. `head` is the request's.
   */
  abstract start(head: Head, stream: AnyStream, waiter: PreparationWaiter): bool;
}
