// Writes one Redis command: an array of bulk strings, https://redis.io/docs/latest/develop/reference/protocol-spec

import { Buffer } from "../bytes/buffer";
import { Span } from "../bytes/span";

export class RespCommand {
  private words: Span[] = [];

  /** `name` in lower case, as Higress's clients send it. */
  constructor(name: string) {
    this.words.push(Span.text(name));
  }

  text(word: string): RespCommand {
    this.words.push(Span.text(word));
    return this;
  }

  bytes(word: Span): RespCommand {
    this.words.push(word);
    return this;
  }

  integer(word: i64): RespCommand {
    return this.text(word.toString());
  }

  encode(): Span {
    const out = new Buffer(256);
    out.text(`*${this.words.length}\r\n`);
    for (let i = 0; i < this.words.length; i++) {
      out.text(`$${this.words[i].size}\r\n`);
      out.append(this.words[i]);
      out.push(0x0d);
      out.push(0x0a);
    }
    return out.take();
  }
}
