// Vertex AI's OpenAI-compatible API writes all but ASCII as \uXXXX. Clients get the characters: some of them look for
// words in the bytes. What an escape of ASCII stands for (quotes, line feeds) must stay escaped.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { AnswerStage } from "../../answer-stage";

const BACKSLASH: i32 = 0x5c;
/** Bytes of `\uXXXX`. */
const UNIT: i32 = 6;

export class PlainTextStage extends AnswerStage {
  /** From a backslash on: an escape whose end has not come. */
  private held: Buffer = new Buffer(16);

  feed(chunk: Span): void {
    if (this.held.isEmpty) {
      this.held.append(this.decode(chunk, false));
      return;
    }
    this.held.append(chunk);
    this.held.drop(this.held.size - this.decode(this.held.span(), false).size);
  }

  finish(): void {
    this.decode(this.held.span(), true);
    this.held.clear();
  }

  /** Writes what is complete, and everything when `isLast`; returns the rest. */
  private decode(bytes: Span, isLast: bool): Span {
    let kept = 0;
    let at = bytes.indexOf(BACKSLASH);
    while (at >= 0) {
      const rest = bytes.size - at;
      if (!isLast && (rest < 2 || (bytes.at(at + 1) == 0x75 && rest < UNIT))) break;
      const unit = unitAt(bytes, at);
      let size = 2;
      if (unit >= 0x80) {
        size = UNIT;
        let character = unit;
        if ((unit & 0xfc00) == 0xd800) {
          // The other half may still come.
          if (!isLast && rest < 2 * UNIT && mayBecomeUnit(bytes, at + UNIT)) break;
          const low = unitAt(bytes, at + UNIT);
          if ((low & ~0x3ff) == 0xdc00) {
            size = 2 * UNIT;
            character = 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff);
          }
        }
        // Half a character is none: it stays as it is written.
        if (character < 0xd800 || character > 0xdfff) {
          this.out.append(bytes.slice(kept, at));
          this.out.text(String.fromCodePoint(character));
          kept = at + size;
        }
      }
      at = bytes.indexOf(BACKSLASH, at + size);
    }
    const end = at < 0 ? bytes.size : at;
    this.out.append(bytes.slice(kept, end));
    return bytes.slice(end);
  }
}

/** The value of the `\uXXXX` at `at`, or -1. */
function unitAt(bytes: Span, at: i32): i32 {
  if (bytes.at(at) != BACKSLASH || bytes.at(at + 1) != 0x75) return -1;
  let unit = 0;
  for (let i = at + 2; i < at + UNIT; i++) {
    const byte = bytes.at(i);
    const letter = (byte | 0x20) - 0x61;
    const digit =
      byte >= 0x30 && byte <= 0x39 ? byte - 0x30 : byte >= 0 && letter >= 0 && letter < 6 ? letter + 10 : -1;
    if (digit < 0) return -1;
    unit = (unit << 4) | digit;
  }
  return unit;
}

/** True when the bytes from `at` on, which end early, are the beginning of an escape. */
function mayBecomeUnit(bytes: Span, at: i32): bool {
  return (
    bytes.size <= at || (bytes.at(at) == BACKSLASH && (bytes.size == at + 1 || bytes.at(at + 1) == 0x75))
  );
}
