// What a template may know besides its data. The library itself meets no host.

export class TemplateContext {
  /** Milliseconds since 1970, for `now` and dates. */
  nowMs: i64 = 0;
  /** For `getSocketIP`, without the port. */
  socketIp: string = "";
  /** For `getRealIP`. */
  realIp: string = "";

  /** `seed` comes from a good source of randomness where tokens are made. */
  constructor(private seed: u64 = 0x9e3779b97f4a7c15) {}

  /** The next 64 random bits (SplitMix64). */
  random(): u64 {
    this.seed += 0x9e3779b97f4a7c15;
    let bits = this.seed;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
    return bits ^ (bits >> 31);
  }
}
