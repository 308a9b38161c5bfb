// Looks for one word in bytes that come in windows. Makes no garbage: a large body comes in thousands of them.

import { Span } from "as-proxy-wasm-sdk/bytes";

export class WordSearch {
  isFound: bool = false;
  /** So many bytes of the word are the last bytes seen. */
  private matched: i32 = 0;
  /** Where so many bytes match and the next does not, how many match at least (Knuth, Morris and Pratt). */
  private fallbacks: StaticArray<i32>;

  /** `word` is ASCII. */
  constructor(private word: string) {
    const fallbacks = new StaticArray<i32>(word.length + 1);
    for (let i = 1, length = 0; i < word.length; i++) {
      while (length > 0 && word.charCodeAt(i) != word.charCodeAt(length)) length = fallbacks[length];
      if (word.charCodeAt(i) == word.charCodeAt(length)) length++;
      fallbacks[i + 1] = length;
    }
    this.fallbacks = fallbacks;
  }

  feed(window: Span): void {
    if (this.isFound) return;
    // Only at the edges of a window can the word be cut.
    const edge = this.word.length - 1;
    this.walk(window, 0, min(edge, window.size));
    if (this.isFound || window.size <= edge) return;
    this.isFound = window.indexOfAscii(this.word) >= 0;
    this.matched = 0;
    if (!this.isFound) this.walk(window, window.size - edge, window.size);
  }

  private walk(window: Span, from: i32, to: i32): void {
    const word = this.word;
    let matched = this.matched;
    for (let i = from; i < to && matched < word.length; i++) {
      const byte = window.at(i);
      while (matched > 0 && byte != word.charCodeAt(matched)) matched = this.fallbacks[matched];
      if (byte == word.charCodeAt(matched)) matched++;
    }
    this.matched = matched;
    this.isFound = matched == word.length;
  }
}
