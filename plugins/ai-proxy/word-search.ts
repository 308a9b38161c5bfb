// Looks for one word in bytes that come in windows. Makes no garbage: a large body comes in thousands of them.

import { Span } from "as-proxy-wasm-sdk/bytes";

/** A word to look for, made once for many bodies. */
export class Word {
  /** Where so many bytes match and the next does not, how many match at least (Knuth, Morris and Pratt). */
  readonly fallbacks: StaticArray<i32>;

  /** `text` is ASCII. */
  constructor(readonly text: string) {
    const fallbacks = new StaticArray<i32>(text.length + 1);
    for (let i = 1, length = 0; i < text.length; i++) {
      while (length > 0 && text.charCodeAt(i) != text.charCodeAt(length)) length = fallbacks[length];
      if (text.charCodeAt(i) == text.charCodeAt(length)) length++;
      fallbacks[i + 1] = length;
    }
    this.fallbacks = fallbacks;
  }
}

export class WordSearch {
  isFound: bool = false;
  /** So many bytes of the word are the last bytes seen. */
  private matched: i32 = 0;

  constructor(private word: Word) {}

  feed(window: Span): void {
    if (this.isFound) return;
    // Only at the edges of a window can the word be cut.
    const edge = this.word.text.length - 1;
    if (this.matched > 0 || window.size <= edge) this.walk(window, 0, min(edge, window.size));
    if (this.isFound || window.size <= edge) return;
    this.isFound = window.indexOfAscii(this.word.text) >= 0;
    this.matched = 0;
    if (!this.isFound) this.walk(window, window.size - edge, window.size);
  }

  private walk(window: Span, from: i32, to: i32): void {
    const text = this.word.text;
    const first = text.charCodeAt(0);
    let matched = this.matched;
    for (let i = from; i < to && matched < text.length; i++) {
      const byte = window.at(i);
      if (matched == 0 && byte != first) continue;
      while (matched > 0 && byte != text.charCodeAt(matched)) matched = this.word.fallbacks[matched];
      if (byte == text.charCodeAt(matched)) matched++;
    }
    this.matched = matched;
    this.isFound = matched == text.length;
  }
}
