// Writes one Redis command: an array of bulk strings, https://redis.io/docs/latest/develop/reference/protocol-spec

import { Buffer } from "../bytes/buffer";
import { writeInteger } from "../bytes/integer";
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
    head(out, 0x2a, this.words.length);
    for (let i = 0; i < this.words.length; i++) {
      head(out, 0x24, this.words[i].size);
      out.append(this.words[i]);
      endLine(out);
    }
    return out.take();
  }
}

function head(out: Buffer, mark: u32, count: i32): void {
  out.push(mark);
  writeInteger(out, count);
  endLine(out);
}

function endLine(out: Buffer): void {
  out.push(0x0d);
  out.push(0x0a);
}
