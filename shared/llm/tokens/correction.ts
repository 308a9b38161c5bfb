// By what estimates of one kind are off, learned from what was stated: stated ≈ offset + ratio * estimated. A frame that a
// provider puts around each request is an offset, another tokenizer a ratio; to take the one for the other is to be wrong
// about all requests of another size.
//
// A least-squares fit of the relative error, drawn towards "the estimate is right". An answer counts the more the longer it
// is, as estimates are off by about ten percent and ten tokens. What was learned long ago fades. Five sums are kept, of w
// (weight), w*u, w*u*u, w*d, w*u*d, where u = 1 / estimated and d = stated / estimated - 1.
//
// Where the plain estimate has been better of late, it stands: a correction must earn that it is used.

export const CORRECTION_BYTES: i32 = 24;

/** Of what was learned this part is kept with each answer: most of the last 64. */
const KEPT: f64 = 1 - 1 / 64;
/** How far, as a factor, one answer may be from what is known without being clipped. */
const STEP: f64 = 2;
/** Within which a ratio is believed at all, and an offset. */
const LEAST_RATIO: f64 = 0.1;
const MOST_RATIO: f64 = 20;
const MOST_OFFSET: f64 = 32768;
/** Squares: of ten tokens to ten percent; of ten percent to a usual offset of twenty tokens, and to a ratio of 15 %. */
const TOKENS_TO_SHARE: f64 = 1e4;
const OFFSET_PRIOR: f64 = 2.5e-5;
const RATIO_PRIOR: f64 = 0.44;
/** What the lead of one over the other may grow to: the sum of what it was nearer, as logarithms. */
const MOST_LEAD: f64 = 2;
/** What one answer may add to it; from where it is no luck any more. */
const MOST_GAIN: f64 = 0.5;
const LEAST_LEAD: f64 = 0.5;

export class Correction {
  private weight: f64 = 0;
  private u: f64 = 0;
  private uu: f64 = 0;
  private d: f64 = 0;
  private ud: f64 = 0;
  /** How much nearer corrected estimates were than plain ones. */
  private lead: f64 = 0;
  private ratio: f64 = 1;
  private offset: f64 = 0;

  /** What `estimated` tokens really are. */
  apply(estimated: f64): f64 {
    return this.lead > LEAST_LEAD ? this.corrected(estimated) : estimated;
  }

  /** The greater of the plain estimate, where it is what counts, and the corrected one. */
  most(estimated: f64): f64 {
    return max(this.apply(estimated), this.corrected(estimated));
  }

  /** Counts below one teach nothing. */
  learn(estimated: f64, stated: f64): void {
    if (!(estimated >= 1 && stated >= 1)) return;
    const expected = this.corrected(estimated);
    const seen = this.weight > 0 ? min(max(stated, expected / STEP), expected * STEP) : stated;
    const gained = Math.abs(Math.log(stated / estimated)) - Math.abs(Math.log(stated / expected));
    this.lead = min(max(this.lead * KEPT + min(max(gained, -MOST_GAIN), MOST_GAIN), -MOST_LEAD), MOST_LEAD);
    const u = 1 / estimated;
    const d = min(max(seen * u, LEAST_RATIO), MOST_RATIO) - 1;
    const weight = 1 / (1 + TOKENS_TO_SHARE * u * u);
    this.weight = this.weight * KEPT + weight;
    this.u = this.u * KEPT + weight * u;
    this.uu = this.uu * KEPT + weight * u * u;
    this.d = this.d * KEPT + weight * d;
    this.ud = this.ud * KEPT + weight * u * d;
    this.solve();
  }

  /** Bytes that no `write` has written read as nothing learned, or as something harmless. */
  read(at: usize): void {
    this.weight = <f64>load<f32>(at);
    this.u = <f64>load<f32>(at, 4);
    this.uu = <f64>load<f32>(at, 8);
    this.d = <f64>load<f32>(at, 12);
    this.ud = <f64>load<f32>(at, 16);
    const lead = <f64>load<f32>(at, 20);
    this.lead = lead >= -MOST_LEAD && lead <= MOST_LEAD ? lead : 0;
    this.solve();
  }

  write(at: usize): void {
    store<f32>(at, <f32>this.weight);
    store<f32>(at, <f32>this.u, 4);
    store<f32>(at, <f32>this.uu, 8);
    store<f32>(at, <f32>this.d, 12);
    store<f32>(at, <f32>this.ud, 16);
    store<f32>(at, <f32>this.lead, 20);
  }

  private corrected(estimated: f64): f64 {
    return max(this.offset + this.ratio * estimated, estimated * LEAST_RATIO);
  }

  private solve(): void {
    const weight = this.weight + RATIO_PRIOR;
    const uu = this.uu + OFFSET_PRIOR;
    const determinant = weight * uu - this.u * this.u;
    const change = (this.d * uu - this.u * this.ud) / determinant;
    const offset = (weight * this.ud - this.u * this.d) / determinant;
    if (determinant > 0 && this.weight >= 0 && isFinite(change) && isFinite(offset)) {
      this.ratio = min(max(1 + change, LEAST_RATIO), MOST_RATIO);
      this.offset = min(max(offset, -MOST_OFFSET), MOST_OFFSET);
      return;
    }
    this.weight = this.u = this.uu = this.d = this.ud = 0;
    this.ratio = 1;
    this.offset = 0;
  }
}
