// A request against a limit: what a ledger is asked.

import { Span } from "as-proxy-wasm-sdk/bytes";
import { Limit } from "./limit";

export class Claim {
  constructor(
    /** Name of the counter, the same in all gateways. */
    public key: Span,
    public limit: Limit,
  ) {}
}
