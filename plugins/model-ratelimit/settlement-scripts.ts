// The scripts that count what was used, by number: what waits for Redis (unpaid.ts) names its script so.

import { NATIVE, NATIVE_SHA1 } from "./native-script";
import { CHARGE, SETTLE, SPEND } from "./scripts";

export const enum Script {
  /** Of a counter of Higress's. */
  Charge,
  /** Of a balance. */
  Spend,
  /** Of either, with what was held. */
  Settle,
  Native,
}

const TEXTS: string[] = [CHARGE, SPEND, SETTLE, NATIVE];

export function textOf(script: Script): string {
  return TEXTS[script];
}

/** By which Redis knows it; "" where the text is sent each time, as Higress's plugins do. */
export function digestOf(script: Script): string {
  return script == Script.Native ? NATIVE_SHA1 : "";
}

/** True for arguments that add up when two settlements of the same counters become one. */
export function isAmount(script: Script, index: i32): bool {
  switch (script) {
    case Script.Charge:
      return index == 2;
    case Script.Spend:
      return index == 0;
    case Script.Settle:
      return index == 2 || index == 4;
    default: {
      // Of each counter ten: `take` and `release` among them.
      const place = index < 3 ? 0 : (index - 3) % 10;
      return place == 6 || place == 8;
    }
  }
}
