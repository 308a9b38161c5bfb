// Counters, and other small records, of all workers in a fixed amount of shared data. A key's counter lives in one of many buckets; which one,
// and who the counter belongs to, a digest of the key tells, salted by the process so that no client can choose
// another's bucket. Every change is one compare-and-swap of a bucket: two workers never both win.
//
//   bucket: entries, each digest (16) │ end in ms since the epoch (i64), 0 for none │ number of words (i64) │ words (i64)

import { Buffer } from "../bytes/buffer";
import { sha256 } from "../bytes/sha256";
import { Span } from "../bytes/span";
import { nowMs, random } from "./clock";
import { Change, Store, Update } from "./store";

const BUCKETS: u32 = 1 << 14;
/** Of one bucket: 16,384 buckets take at most 64 MiB. A counter of one word has 40 bytes. */
const MAX_BUCKET_BYTES = 4096;
const HEADER_BYTES = 32;
const WORD_BYTES = 8;
/** Of one slot. */
const MAX_WORDS = 64;
const DIGEST_BYTES = 16;
const SALT: string = "salt";
/** Each time `Store.update` tries ten times. Another worker's success ends each attempt, so this many are never needed. */
const ROUNDS = 100;

export class Slot {
  /** What is kept; the caller gives it a meaning. At most 64 words; those that were never written are 0. */
  words: i64[] = [];
  /** Milliseconds since the epoch; 0: it never ends. An ended slot is empty again. */
  endMs: i64 = 0;

  word(index: i32): i64 {
    return <u32>index < <u32>this.words.length ? this.words[index] : 0;
  }

  /** For counters, which have one word. */
  get count(): i64 {
    return this.word(0);
  }

  set count(value: i64) {
    this.words = [value];
  }
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
    const count = min(slot.words.length, MAX_WORDS);
    const size = HEADER_BYTES + count * WORD_BYTES;
    let kept = current;
    for (let given = 0; given <= MAX_BUCKET_BYTES / HEADER_BYTES; given++) {
      const out = this.others(kept, own >= 0, now);
      if (out.size + size <= MAX_BUCKET_BYTES) return this.withSlot(out, slot, count);
      // Where there is no room, what would end first gives way; what never ends does not.
      const first = firstToEnd(out.span());
      if (first < 0) return null;
      const rest = new Buffer(out.size);
      rest.append(out.span().slice(0, first));
      rest.append(out.span().slice(first + sizeAt(out.span(), first)));
      kept = rest.take();
    }
    return null;
  }

  /** The entries that have not ended, without the slot's own. */
  private others(current: Span, hasOwn: bool, now: i64): Buffer {
    const out = new Buffer(current.size + HEADER_BYTES + MAX_WORDS);
    for (let at = 0; isEntry(current, at); at += sizeAt(current, at)) {
      if (isEnded(current, at, now) || (hasOwn && isOf(current, at, this.digest))) continue;
      out.append(current.slice(at, at + sizeAt(current, at)));
    }
    return out;
  }

  private withSlot(out: Buffer, slot: Slot, count: i32): Span {
    let isZero = slot.endMs == 0;
    for (let i = 0; i < count; i++) if (slot.words[i] != 0) isZero = false;
    if (isZero) return out.span();
    out.append(this.digest);
    const size = 16 + count * WORD_BYTES;
    const room = out.reserve(size);
    if (room == 0) return out.span();
    store<i64>(room, slot.endMs);
    store<i64>(room, count, 8);
    for (let i = 0; i < count; i++) store<i64>(room + <usize>(i * WORD_BYTES), slot.words[i], 16);
    out.wrote(size);
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

/** True when a whole entry stands at `at`. */
function isEntry(bucket: Span, at: i32): bool {
  if (at + HEADER_BYTES > bucket.size) return false;
  const count = load<i64>(bucket.start + <usize>at, 24);
  return count >= 0 && count <= MAX_WORDS && at + HEADER_BYTES + <i32>count * WORD_BYTES <= bucket.size;
}

function sizeAt(bucket: Span, at: i32): i32 {
  return HEADER_BYTES + <i32>load<i64>(bucket.start + <usize>at, 24) * WORD_BYTES;
}

function isOf(bucket: Span, at: i32, digest: Span): bool {
  return bucket.slice(at, at + DIGEST_BYTES).equals(digest);
}

/** Offset of the entry with this digest, or -1. */
function find(bucket: Span, digest: Span): i32 {
  for (let at = 0; isEntry(bucket, at); at += sizeAt(bucket, at)) if (isOf(bucket, at, digest)) return at;
  return -1;
}

/** Offset of the entry with the earliest end, or -1 when none has an end. */
function firstToEnd(bucket: Span): i32 {
  let first = -1;
  for (let at = 0; isEntry(bucket, at); at += sizeAt(bucket, at)) {
    const end = endAt(bucket, at);
    if (end != 0 && (first < 0 || end < endAt(bucket, first))) first = at;
  }
  return first;
}

function slotAt(bucket: Span, at: i32, now: i64): Slot {
  const slot = new Slot();
  if (at < 0 || isEnded(bucket, at, now)) return slot;
  const start = bucket.start + <usize>at;
  const count = <i32>load<i64>(start, 24);
  for (let i = 0; i < count; i++) slot.words.push(load<i64>(start + <usize>(i * WORD_BYTES), HEADER_BYTES));
  slot.endMs = endAt(bucket, at);
  return slot;
}

function endAt(bucket: Span, at: i32): i64 {
  return load<i64>(bucket.start + <usize>at, 16);
}

function isEnded(bucket: Span, at: i32, now: i64): bool {
  const end = endAt(bucket, at);
  return end != 0 && end <= now;
}
