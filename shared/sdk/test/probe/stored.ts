// Steps on the data that all workers share.

import { Change, Store, StoreEntry, Update } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";

const store = new Store("probe:");

/** Creates `key` if nobody has. */
export function putOnce(key: string, value: string): string {
  const created = store.swap(key, Span.text(value), null);
  const entry: StoreEntry | null = store.get(key);
  return `created ${created}, now ${entry === null ? "absent" : entry.value.toString()}`;
}

class Add extends Change {
  tries: i32 = 0;
  constructor(private amount: i64) {
    super();
  }

  apply(current: Span): Span | null {
    this.tries++;
    if (this.amount == 0) return null;
    const before = current.isEmpty ? 0 : <i64>I64.parseInt(current.toString());
    return Span.text((before + this.amount).toString());
  }
}

export function addTo(key: string, amount: i64): string {
  const change = new Add(amount);
  const outcome = store.update(key, change);
  return `update ${outcomeName(outcome)} after ${change.tries}`;
}

function outcomeName(outcome: Update): string {
  if (outcome == Update.Written) return "written";
  if (outcome == Update.Unchanged) return "unchanged";
  return outcome == Update.Contended ? "contended" : "failed";
}
