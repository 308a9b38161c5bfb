// What was used and Redis has not taken yet: in the shared data of the process, so that it outlives the configuration,
// and the VM, that counted it. Sixteen lanes of bounded size; charges of the same counters become one.
//
//   lane: charges, each size (4 bytes, little-endian) │ digest of what must be equal to add up (16) │ 1 once it was sent
//   │ RESP: id, due ms, tries, first ms, target, script, number of keys, keys…, arguments…

import { Change, nowMs, RespCommand, RespKind, Store, Update } from "as-proxy-wasm-sdk/sdk";
import { Buffer, sha256, Span } from "as-proxy-wasm-sdk/bytes";
import { readResp } from "as-proxy-wasm-sdk/resp";
import { reportUncounted } from "./ledger";
import { isAmount, Script } from "./settlement-scripts";

const LANES: i32 = 16;
/** 1 MiB in all: some 200 bytes for each set of counters. */
const LANE_BYTES: i32 = 64 << 10;
const DIGEST_BYTES: i32 = 16;
const HEADER_BYTES: i32 = 4 + DIGEST_BYTES + 1;
/** Of `Store.update`, which tries ten times. */
const ROUNDS: i32 = 50;
/** What nobody has paid after a day was for a Redis that no configuration names any more. */
const LONGEST_MS: i64 = 86_400_000;

export class Charge {
  /** When it may be sent again. */
  dueMs: i64 = 0;
  tries: i64 = 0;
  firstMs: i64 = 0;

  constructor(
    /** Of its mark in Redis. */
    readonly id: string,
    /** Which Redis. */
    readonly target: string,
    readonly script: Script,
    readonly keys: Span[],
    public words: string[],
  ) {}

  /** Of all that must be equal for two charges to be one. */
  digest(): Span {
    const same = new Buffer(256);
    same.text(`${this.target}\n${<i32>this.script}\n`);
    for (let i = 0; i < this.keys.length; i++) {
      same.text(`${this.keys[i].size}:`);
      same.append(this.keys[i]);
    }
    for (let i = 0; i < this.words.length; i++) {
      if (!isAmount(this.script, i)) same.text(`${this.words[i]}\n`);
    }
    return sha256(same.span()).slice(0, DIGEST_BYTES);
  }

  addTo(other: Charge): void {
    for (let i = 0; i < this.words.length && i < other.words.length; i++) {
      if (isAmount(this.script, i))
        other.words[i] = numeral(F64.parseFloat(this.words[i]) + F64.parseFloat(other.words[i]));
    }
  }

  writeTo(out: Buffer, digest: Span): void {
    const command = new RespCommand(this.id).integer(this.dueMs).integer(this.tries).integer(this.firstMs);
    command
      .text(this.target)
      .integer(<i64>this.script)
      .integer(this.keys.length);
    for (let i = 0; i < this.keys.length; i++) command.bytes(this.keys[i]);
    for (let i = 0; i < this.words.length; i++) command.text(this.words[i]);
    const bytes = command.encode();
    const size = HEADER_BYTES + bytes.size;
    for (let shift = 0; shift < 32; shift += 8) out.push((size >> shift) & 0xff);
    out.append(digest);
    out.push(this.tries > 0 ? 1 : 0);
    out.append(bytes);
  }

  /** Null for what nobody here has written. */
  static read(bytes: Span): Charge | null {
    const value = readResp(bytes);
    const items = value.items;
    if (value.kind != RespKind.List || items.length < 7) return null;
    const count = <i32>items[6].toInteger();
    const script = items[5].toInteger();
    if (count < 0 || 7 + count > items.length || script < 0 || script > Script.Native) return null;
    const keys: Span[] = [];
    const words: string[] = [];
    for (let i = 7; i < items.length; i++) {
      if (i < 7 + count) keys.push(items[i].bytes);
      else words.push(items[i].toString());
    }
    const charge = new Charge(items[0].toString(), items[4].toString(), <Script>script, keys, words);
    charge.dueMs = items[1].toInteger();
    charge.tries = items[2].toInteger();
    charge.firstMs = items[3].toInteger();
    return charge;
  }
}

/** Most numbers are whole, and written many times faster as such. */
export function numeral(value: f64): string {
  const whole = <i64>value;
  return <f64>whole == value ? whole.toString() : value.toString();
}

/** Size of the charge at `at`; 0 where none stands. */
function sizeAt(lane: Span, at: i32): i32 {
  if (at + HEADER_BYTES > lane.size) return 0;
  const size = lane.at(at) | (lane.at(at + 1) << 8) | (lane.at(at + 2) << 16) | (lane.at(at + 3) << 24);
  return size < HEADER_BYTES || size > lane.size - at ? 0 : size;
}

function chargeAt(lane: Span, at: i32, size: i32): Charge | null {
  return Charge.read(lane.slice(at + HEADER_BYTES, at + size));
}

/** Keeps a charge, or takes it out. */
class Entry extends Change {
  /** Charges that gave way. */
  dropped: i32 = 0;

  constructor(
    private charge: Charge,
    private digest: Span,
    private isPaid: bool,
  ) {
    super();
  }

  apply(lane: Span): Span | null {
    const charge = this.charge;
    const out = new Buffer(lane.size + 512);
    let isDone = this.isPaid;
    let isFound = false;
    for (let at = 0, size = sizeAt(lane, 0); size > 0; at += size, size = sizeAt(lane, at)) {
      const isSame = !isFound && lane.slice(at + 4, at + 4 + DIGEST_BYTES).equals(this.digest);
      const other = isSame ? chargeAt(lane, at, size) : null;
      if (other !== null && other.id == charge.id) {
        if (!this.isPaid) charge.writeTo(out, this.digest);
        isDone = isFound = true;
      } else if (other !== null && !isDone && charge.tries == 0 && other.tries == 0) {
        charge.addTo(other);
        other.writeTo(out, this.digest);
        isDone = isFound = true;
      } else out.append(lane.slice(at, at + size));
    }
    if (!isDone) charge.writeTo(out, this.digest);
    if (this.isPaid && !isFound) return null;
    // What came first gives way.
    let kept = out.take();
    this.dropped = 0;
    while (kept.size > LANE_BYTES) {
      kept = kept.slice(max(sizeAt(kept, 0), 1));
      this.dropped++;
    }
    return kept;
  }
}

/** Takes what is due for one Redis; it stays until it is paid, and is nobody else's for a while. */
class Round extends Change {
  charges: Charge[] = [];
  dropped: i32 = 0;

  constructor(
    private target: string,
    private most: i32,
    private untilMs: i64,
  ) {
    super();
  }

  apply(lane: Span): Span | null {
    const now = nowMs();
    const out = new Buffer(lane.size + 64);
    this.charges = [];
    this.dropped = 0;
    for (let at = 0, size = sizeAt(lane, 0); size > 0; at += size, size = sizeAt(lane, at)) {
      const charge = chargeAt(lane, at, size);
      if (charge === null || now - charge.firstMs > LONGEST_MS) {
        this.dropped++;
        continue;
      }
      // A clock that was set back must not silence it.
      const isDue = charge.dueMs <= now || charge.dueMs > now + LONGEST_MS;
      if (!isDue || charge.target != this.target || this.charges.length >= this.most) {
        out.append(lane.slice(at, at + size));
        continue;
      }
      charge.tries++;
      charge.dueMs = this.untilMs;
      charge.writeTo(out, lane.slice(at + 4, at + 4 + DIGEST_BYTES));
      this.charges.push(charge);
    }
    return this.charges.length > 0 || this.dropped > 0 ? out.take() : null;
  }
}

export class Unpaid {
  private lanes: Store = new Store("model-ratelimit.unpaid.");

  keep(charge: Charge): void {
    if (charge.firstMs == 0) charge.firstMs = nowMs();
    const digest = charge.digest();
    const entry = new Entry(charge, digest, false);
    const isKept = this.update(laneOf(digest), entry) <= Update.Unchanged;
    reportDropped(isKept ? entry.dropped : 1);
  }

  paid(charge: Charge): void {
    const digest = charge.digest();
    this.update(laneOf(digest), new Entry(charge, digest, true));
  }

  /** At most so many charges to `target` that are due, which are not due again before `untilMs`. */
  take(target: string, most: i32, untilMs: i64): Charge[] {
    let charges: Charge[] = [];
    for (let i = 0; i < LANES && charges.length < most; i++) {
      const round = new Round(target, most - charges.length, untilMs);
      const lane = i.toString();
      const current = this.lanes.get(lane);
      if (current === null || current.value.isEmpty) continue;
      if (this.update(lane, round) != Update.Written) continue;
      charges = charges.concat(round.charges);
      reportDropped(round.dropped);
    }
    return charges;
  }

  private update(lane: string, change: Change): Update {
    let outcome = Update.Contended;
    for (let i = 0; i < ROUNDS && outcome == Update.Contended; i++) outcome = this.lanes.update(lane, change);
    return outcome;
  }
}

function reportDropped(charges: i32): void {
  for (let i = 0; i < charges; i++) reportUncounted("too much waits for Redis");
}

function laneOf(digest: Span): string {
  return (digest.at(0) % LANES).toString();
}
