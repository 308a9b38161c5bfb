// A request against a limit: what a ledger is asked.

import { Span } from "as-proxy-wasm-sdk/bytes";
import { Limit } from "./limit";

export class Claim {
  /** Of a reservation: tokens that must be left, tokens that are held until it is settled, and since when. */
  estimate: i64 = 0;
  held: i64 = 0;
  cell: i64 = 0;

  constructor(
    /** Name of the counter, the same in all gateways. */
    public key: Span,
    public limit: Limit,
  ) {}
}
