// Data that all workers of the process share. Every write is compare-and-swap: two workers that read the same
// value cannot both win. The host has no delete and no expiry, so the set of keys must be bounded by design.

import * as host from "../abi/shared";
import { Status } from "../abi/codes";
import { Span } from "../bytes/span";

/** A CAS that no existing entry has: writing with it creates a missing key and never overwrites (measured). */
const CREATE_ONLY: u32 = 0xffffffff;
const ATTEMPTS = 10;

export class StoreEntry {
  constructor(
    public value: Span,
    public cas: u32,
  ) {}
}

/** How a read-modify-write ended. */
export enum Update {
  Written,
  /** `change` wanted no write. */
  Unchanged,
  /** Others were faster every time; the caller decides what that means. */
  Contended,
  Failed,
}

export abstract class Change {
  /** The new value for `current` (empty when the key does not exist), or null to leave it. May be called again. */
  abstract apply(current: Span): Span | null;
}

export class Store {
  /** `prefix` keeps plugins apart: the host has one name space for all of them. */
  constructor(private prefix: string) {}

  get(key: string): StoreEntry | null {
    const keyBytes = Span.text(this.prefix + key);
    const value = host.sharedData(keyBytes);
    return value === null ? null : new StoreEntry(value, host.sharedDataCas());
  }

  /** Writes whatever is there. */
  put(key: string, value: Span): bool {
    return host.setSharedData(Span.text(this.prefix + key), value, 0) == Status.Ok;
  }

  /** Writes only if nobody wrote since `read` was read; `null`: only if the key does not exist. */
  swap(key: string, value: Span, read: StoreEntry | null): bool {
    const keyBytes = Span.text(this.prefix + key);
    const status = read === null ? create(keyBytes, value) : host.setSharedData(keyBytes, value, read.cas);
    return status == Status.Ok;
  }

  /** Reads, changes and writes until nobody came in between, at most ten times. */
  update(key: string, change: Change): Update {
    const keyBytes = Span.text(this.prefix + key);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const current = host.sharedData(keyBytes);
      const cas = host.sharedDataCas();
      const next = change.apply(current === null ? Span.empty() : current);
      if (next === null) return Update.Unchanged;
      const status = current === null ? create(keyBytes, next) : host.setSharedData(keyBytes, next, cas);
      if (status == Status.Ok) return Update.Written;
      if (status != Status.CasMismatch) return Update.Failed;
    }
    return Update.Contended;
  }
}

/** Of several creators one wins; the others see a mismatch. */
function create(key: Span, value: Span): Status {
  const status = host.setSharedData(key, value, CREATE_ONLY);
  if (status != Status.CasMismatch || host.sharedData(key) !== null) return status;
  // The Go project's test host knows no other way to create. Entries never vanish, so Envoy does not come here.
  return host.setSharedData(key, value, 0);
}
