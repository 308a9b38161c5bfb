// The arithmetic of the native limits: what is used and what is reserved of one counter, brought to the present. The
// script of Redis (native-script.ts) does the same steps in the same order on the same numbers: change both together.
//
//   words: used │ at │ cells of the sliding window │ (cell, amount)… │ (cell, amount)… of reservations
//   at: end of a fixed window, or when a token bucket was last drained, in ms since the epoch

export const enum Algorithm {
  /** Nothing is used up: requests at the same time. */
  None,
  /** A window that begins with what is counted first. */
  Fixed,
  /** Sixteenths of a window. The oldest counts in full: no window, wherever it begins, holds more than the limit. */
  Sliding,
  /** What was used drains away evenly. */
  Bucket,
}

/** Of a sliding window, and of the life of a reservation. */
export const PARTS: f64 = 16;
export const LIFE_PARTS: f64 = 4;
/** How long reservations are kept: beyond the quarter after their life, for a decision that finds them expired. */
const KEPT_LIVES: f64 = 2.5;

/** A limit in numbers. */
export class Measure {
  constructor(
    public algorithm: Algorithm,
    /** The most that may be used at once; more than `amount` only for a token bucket. */
    public capacity: f64,
    /** Per window. */
    public amount: f64,
    public windowMs: f64,
    /** A reservation that was not settled by then is given back, at the latest a quarter later. */
    public lifeMs: f64,
  ) {}

  /** The same for a gateway that gives a share of it. */
  scaled(share: f64): Measure {
    if (share == 1) return this;
    return new Measure(
      this.algorithm,
      Math.max(1, Math.floor(this.capacity * share)),
      this.amount * share,
      this.windowMs,
      this.lifeMs,
    );
  }
}

/** What a decision or a settlement does to a counter. */
export class Step {
  /** Must fit beside what is used and reserved. */
  test: f64 = 0;
  /** Is used at once; negative takes back. */
  take: f64 = 0;
  hold: f64 = 0;
  /** Of an earlier `hold`, and the cell that it is in. */
  release: f64 = 0;
  cell: f64 = 0;
}

/** Amounts by the span of time in which they came. */
class Series {
  cells: f64[] = [];
  amounts: f64[] = [];
  /** Something was of the future. */
  isMoved: bool = false;

  /** Adds; an amount never falls below zero. */
  add(cell: f64, amount: f64): void {
    const index = this.cells.indexOf(cell);
    if (index >= 0) {
      this.amounts[index] = max(0, this.amounts[index] + amount);
    } else if (amount > 0) {
      this.cells.push(cell);
      this.amounts.push(amount);
    }
  }

  /** Drops what is older than `life` cells; what is of the future, after a clock was set back, becomes of now. */
  advance(now: f64, life: f64): f64 {
    const kept = new Series();
    let dropped: f64 = 0;
    for (let i = 0; i < this.cells.length; i++) {
      if (now - this.cells[i] > life) dropped += this.amounts[i];
      else kept.add(min(this.cells[i], now), this.amounts[i]);
      if (this.cells[i] > now) this.isMoved = true;
    }
    this.cells = kept.cells;
    this.amounts = kept.amounts;
    return dropped;
  }

  sum(): f64 {
    let sum: f64 = 0;
    for (let i = 0; i < this.amounts.length; i++) sum += this.amounts[i];
    return sum;
  }
}

export class Tally {
  used: f64 = 0;
  /** Held by requests that are under way. */
  held: f64 = 0;
  /** Of reservations that nobody settled. */
  expired: f64 = 0;
  /** The cell of reservations that are made now. */
  cell: f64 = 0;
  /** The clock was set back: also a refusal must be written, or the limit would refuse until the clock is there again. */
  isMoved: bool = false;
  private at: f64 = 0;
  private parts: Series = new Series();
  private holds: Series = new Series();

  /** The counter as it stands at `now`. */
  constructor(
    private measure: Measure,
    words: i64[],
    private now: f64,
  ) {
    const count = words.length;
    if (count > 2) {
      this.used = reinterpret<f64>(words[0]);
      this.at = reinterpret<f64>(words[1]);
      const split = 3 + 2 * <i32>reinterpret<f64>(words[2]);
      for (let i = 3; i + 1 < count; i += 2) {
        const series = i < split ? this.parts : this.holds;
        series.add(reinterpret<f64>(words[i]), reinterpret<f64>(words[i + 1]));
      }
    }
    this.advance();
  }

  private advance(): void {
    const measure = this.measure;
    const now = this.now;
    this.cell = Math.floor((now * LIFE_PARTS) / measure.lifeMs);
    this.expired = this.holds.advance(this.cell, LIFE_PARTS);
    this.held = this.holds.sum();
    switch (measure.algorithm) {
      case Algorithm.Fixed:
        if (this.at <= now) {
          this.used = 0;
          this.at = 0;
        }
        this.isMoved = this.at > now + measure.windowMs;
        this.at = min(this.at, now + measure.windowMs);
        break;
      case Algorithm.Sliding:
        this.parts.advance(this.part(), PARTS);
        this.used = this.parts.sum();
        break;
      case Algorithm.Bucket: {
        const elapsed = max(0, now - this.at);
        this.used = max(0, this.used - (elapsed * measure.amount) / measure.windowMs);
        this.isMoved = this.at > now;
        this.at = now;
        break;
      }
      default:
        this.used = 0;
    }
    if (this.holds.isMoved || this.parts.isMoved) this.isMoved = true;
  }

  private part(): f64 {
    return Math.floor((this.now * PARTS) / this.measure.windowMs);
  }

  fits(step: Step): bool {
    return this.used + this.held + step.test <= this.measure.capacity;
  }

  apply(step: Step): void {
    const measure = this.measure;
    this.holds.add(step.cell, -step.release);
    this.holds.add(this.cell, step.hold);
    this.held = this.holds.sum();
    if (measure.algorithm == Algorithm.None || step.take == 0) return;
    if (measure.algorithm == Algorithm.Sliding) {
      this.parts.add(this.part(), step.take);
      this.used = this.parts.sum();
      return;
    }
    this.used = max(0, this.used + step.take);
    if (measure.algorithm == Algorithm.Fixed && this.at == 0) this.at = this.now + measure.windowMs;
  }

  get remaining(): f64 {
    return max(0, Math.floor(this.measure.capacity - this.used - this.held));
  }

  /** Milliseconds until nothing is used any more. */
  get resetMs(): f64 {
    const measure = this.measure;
    if (this.used == 0) return 0;
    if (measure.algorithm == Algorithm.Fixed) return this.at - this.now;
    if (measure.algorithm == Algorithm.Bucket)
      return Math.ceil((this.used * measure.windowMs) / measure.amount);
    return measure.windowMs;
  }

  /** Milliseconds after which `amount` may fit, reservations aside; at least a second. */
  waitMs(amount: f64): f64 {
    const measure = this.measure;
    const missing = this.used + amount - measure.capacity;
    let wait: f64 = 0;
    if (missing > 0) {
      if (measure.algorithm == Algorithm.Bucket)
        wait = Math.ceil((missing * measure.windowMs) / measure.amount);
      else wait = this.resetMs;
    }
    return max(1000, wait);
  }

  /** Milliseconds until the counter says nothing any more; 0: it says nothing now. What expires is kept until it was seen. */
  get lifeMs(): f64 {
    const measure = this.measure;
    const held = this.held > 0 ? Math.ceil(measure.lifeMs * KEPT_LIVES) : 0;
    const used =
      measure.algorithm == Algorithm.Sliding && this.used > 0
        ? Math.ceil(measure.windowMs * (1 + 1 / PARTS))
        : this.resetMs;
    return max(held, used);
  }

  words(): i64[] {
    const words: i64[] = [
      reinterpret<i64>(this.used),
      reinterpret<i64>(this.at),
      reinterpret<i64>(<f64>this.parts.cells.length),
    ];
    append(words, this.parts);
    append(words, this.holds);
    return words;
  }
}

function append(words: i64[], series: Series): void {
  for (let i = 0; i < series.cells.length; i++) {
    words.push(reinterpret<i64>(series.cells[i]));
    words.push(reinterpret<i64>(series.amounts[i]));
  }
}
