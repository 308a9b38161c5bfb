// Counters of all workers in a fixed amount of shared data. A key's counter lives in one of many buckets; which one,
// and who the counter belongs to, a digest of the key tells, salted by the process so that no client can choose
// another's bucket. Every change is one compare-and-swap of a bucket: two workers never both win.
//
//   bucket: entries of 32 bytes, each digest (16) │ count (i64) │ end in ms since the epoch (i64), 0 for none

import { Buffer } from "../bytes/buffer";
import { sha256 } from "../bytes/sha256";
import { Span } from "../bytes/span";
import { nowMs, random } from "./clock";
import { Change, Store, Update } from "./store";

const BUCKETS: u32 = 1 << 14;
/** Of one bucket. 16,384 buckets of 32 entries of 32 bytes: at most 16 MiB for 524,288 counters. */
const MAX_ENTRIES = 32;
const ENTRY_BYTES = 32;
const DIGEST_BYTES = 16;
const SALT: string = "salt";
/** Each time `Store.update` tries ten times. Another worker's success ends each attempt, so this many are never needed. */
const ROUNDS = 100;

export class Slot {
  count: i64 = 0;
  /** Milliseconds since the epoch; 0: it never ends. An ended slot counts 0 again. */
  endMs: i64 = 0;
}

export abstract class SlotChange {
  /** Changes the slot; false leaves it as it was. May be called again with what another worker has written. */
  abstract apply(slot: Slot, now: i64): bool;
}

/** A bucket with one of its slots changed. */
class BucketChange extends Change {
  constructor(
    private digest: Span,
    private change: SlotChange,
  ) {
    super();
  }

  apply(current: Span): Span | null {
    const now = nowMs();
    const own = find(current, this.digest);
    const slot = slotAt(current, own, now);
    if (!this.change.apply(slot, now)) return null;
    const out = new Buffer(current.size + ENTRY_BYTES);
    let entries = 1;
    let first = -1;
    for (let at = 0; at + ENTRY_BYTES <= current.size; at += ENTRY_BYTES) {
      if (at == own || isEnded(current, at, now)) continue;
      const end = endAt(current, at);
      if (end != 0 && (first < 0 || end < endAt(current, first))) first = at;
      entries++;
    }
    // Where there is no room, what would end first gives way; what never ends does not.
    const gives = entries > MAX_ENTRIES;
    if (gives && first < 0) return null;
    for (let at = 0; at + ENTRY_BYTES <= current.size; at += ENTRY_BYTES) {
      if (at == own || isEnded(current, at, now) || (gives && at == first)) continue;
      out.append(current.slice(at, at + ENTRY_BYTES));
    }
    if (slot.count != 0 || slot.endMs != 0) {
      out.append(this.digest);
      const room = out.reserve(16);
      if (room == 0) return null;
      store<i64>(room, slot.count);
      store<i64>(room, slot.endMs, 8);
      out.wrote(16);
    }
    return out.span();
  }
}

export class Slots {
  private buckets: Store;
  private salt: Span = Span.empty();

  /** `prefix` keeps plugins apart. */
  constructor(prefix: string) {
    this.buckets = new Store(prefix);
  }

  read(key: Span): Slot {
    const digest = this.digest(key);
    const entry = this.buckets.get(bucketOf(digest));
    if (entry === null) return new Slot();
    return slotAt(entry.value, find(entry.value, digest), nowMs());
  }

  /** `Unchanged` also when a new slot finds its bucket full of slots that never end. */
  update(key: Span, change: SlotChange): Update {
    const digest = this.digest(key);
    const bucket = bucketOf(digest);
    const bucketChange = new BucketChange(digest, change);
    let outcome = Update.Contended;
    for (let round = 0; round < ROUNDS && outcome == Update.Contended; round++) {
      outcome = this.buckets.update(bucket, bucketChange);
    }
    return outcome;
  }

  private digest(key: Span): Span {
    if (this.salt.isEmpty) this.salt = this.findSalt();
    const salted = new Buffer(96);
    salted.append(this.salt);
    salted.append(key);
    return sha256(salted.span()).slice(0, DIGEST_BYTES);
  }

  /** The first worker chooses it for all. */
  private findSalt(): Span {
    const chosen = new Buffer(16);
    const room = chosen.reserve(16);
    if (room != 0) {
      store<u64>(room, random());
      store<u64>(room, random(), 8);
      chosen.wrote(16);
    }
    const kept = this.buckets.get(SALT);
    if (kept !== null) return kept.value;
    if (this.buckets.swap(SALT, chosen.span(), null)) return chosen.span();
    const other = this.buckets.get(SALT);
    return other === null ? chosen.span() : other.value;
  }
}

function bucketOf(digest: Span): string {
  return ((((<u32>digest.at(0)) << 8) | (<u32>digest.at(1))) % BUCKETS).toString();
}

/** Offset of the entry with this digest, or -1. */
function find(bucket: Span, digest: Span): i32 {
  for (let at = 0; at + ENTRY_BYTES <= bucket.size; at += ENTRY_BYTES) {
    if (bucket.slice(at, at + DIGEST_BYTES).equals(digest)) return at;
  }
  return -1;
}

function slotAt(bucket: Span, at: i32, now: i64): Slot {
  const slot = new Slot();
  if (at < 0 || isEnded(bucket, at, now)) return slot;
  slot.count = load<i64>(bucket.start + <usize>at, 16);
  slot.endMs = endAt(bucket, at);
  return slot;
}

function endAt(bucket: Span, at: i32): i64 {
  return load<i64>(bucket.start + <usize>at, 24);
}

function isEnded(bucket: Span, at: i32, now: i64): bool {
  const end = endAt(bucket, at);
  return end != 0 && end <= now;
}
