// Collects an answer and hands out its pieces as they come.

import { Answer } from "./message.ts";

export class AnswerReader {
  readonly answer = new Answer();
  #head = Promise.withResolvers<Answer>();
  #end = Promise.withResolvers<Answer>();
  #progress = Promise.withResolvers<void>();
  #given = 0;
  #ended = false;

  get head(): Promise<Answer> {
    return this.#head.promise;
  }

  get end(): Promise<Answer> {
    return this.#end.promise;
  }

  gotHead(): void {
    this.#head.resolve(this.answer);
  }

  gotData(chunk: Buffer): void {
    this.answer.chunks.push(chunk);
    this.#step();
  }

  /** The exchange is over, well or not: `answer.complete` says which. */
  gotEnd(): void {
    this.#ended = true;
    this.#head.resolve(this.answer);
    this.#end.resolve(this.answer);
    this.#step();
  }

  async next(): Promise<Buffer | null> {
    while (this.#given >= this.answer.chunks.length) {
      if (this.#ended) return null;
      await this.#progress.promise;
    }
    return this.answer.chunks[this.#given++]!;
  }

  async until(text: string): Promise<void> {
    while (!this.answer.text.includes(text)) {
      if (this.#ended)
        throw new Error(`the answer ended without ${JSON.stringify(text)}: ${this.answer.text}`);
      await this.#progress.promise;
    }
  }

  #step(): void {
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
  }
}
