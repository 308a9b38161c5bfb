// Looks for one word in bytes that come in windows.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";

export class WordSearch {
  isFound: bool = false;
  /** The last bytes seen, in which the word may begin. */
  private tail: Buffer = new Buffer(64);

  /** `word` is ASCII. */
  constructor(private word: string) {}

  feed(window: Span): void {
    if (this.isFound) return;
    const kept = this.word.length - 1;
    this.tail.append(window.slice(0, kept));
    this.isFound = this.tail.span().indexOfAscii(this.word) >= 0 || window.indexOfAscii(this.word) >= 0;
    if (window.size >= kept) {
      this.tail.clear();
      this.tail.append(window.slice(window.size - kept));
    } else {
      this.tail.drop(this.tail.size - kept);
    }
  }
}
