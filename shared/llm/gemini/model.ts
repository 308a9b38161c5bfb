// What a Gemini model's name tells of what it can do.

import { Span } from "../../bytes";

export class GeminiModel {
  /** Ten times the version: 25 for `gemini-2.5-pro`, 30 for `gemini-3-flash`; 0 for other models. */
  readonly generation: i32;
  readonly isPro: bool;

  /** `name` may have a path before it, as in `models/gemini-2.5-pro`. */
  constructor(name: Span) {
    const at = name.indexOfAscii("gemini-");
    this.isPro = name.indexOfAscii("-pro") >= 0;
    let generation = 0;
    if (at >= 0) {
      const major = digitAt(name, at + 7);
      if (major > 0) {
        const minor = name.at(at + 8) == 0x2e ? digitAt(name, at + 9) : 0;
        generation = major * 10 + max(minor, 0);
      } else if (name.endsWithAscii("-latest")) {
        // `gemini-flash-latest` is 2.5 or later; later models take what 2.5 takes.
        generation = 25;
      }
    }
    this.generation = generation;
  }
}

function digitAt(name: Span, index: i32): i32 {
  const digit = name.at(index) - 0x30;
  return digit >= 0 && digit <= 9 ? digit : -1;
}
