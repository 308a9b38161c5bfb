// Finds where RESP replies end, without reading what they say
// (https://redis.io/docs/latest/develop/reference/protocol-spec/).

const lineFeed = 10;
const carriageReturn = 13;

/** A reply longer than this closes the connection: nobody can use it, and it would be kept until it ends. */
const maxReplyBytes = 512 * 1024 * 1024;
const maxLineBytes = 64 * 1024;

/** The server sent what is not RESP. */
export class RedisProtocolError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RedisProtocolError";
  }
}

/** Cuts a byte stream into whole replies. */
export class ReplyReader {
  #received: Buffer = Buffer.alloc(0);
  /** Chunks that do not complete the value being waited for, so that a long one is joined once. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #neededBytes = 0;
  /** Where scanning goes on. */
  #position = 0;
  /** Values still missing until the current reply is whole. */
  #missing = 1;

  /** Replies that became whole, as the server sent them. Throws `RedisProtocolError`. */
  feed(chunk: Uint8Array): Buffer[] {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (this.#received.length + this.#waitingBytes < this.#neededBytes) return [];
    this.#received = Buffer.concat([this.#received, ...this.#waiting]);
    [this.#waiting, this.#waitingBytes, this.#neededBytes] = [[], 0, 0];
    const replies: Buffer[] = [];
    while (this.#scanValue()) {
      if (this.#missing > 0) continue;
      replies.push(this.#received.subarray(0, this.#position));
      this.#received = this.#received.subarray(this.#position);
      this.#position = 0;
      this.#missing = 1;
    }
    if (this.#received.length > maxReplyBytes) throw new RedisProtocolError("a reply is too long");
    return replies;
  }

  /** Passes over one value, an aggregate's members not included. False: it has not arrived whole. */
  #scanValue(): boolean {
    const end = this.#received.indexOf(lineFeed, this.#position);
    if (end < 0) {
      if (this.#received.length - this.#position > maxLineBytes && !this.#isLongText()) {
        throw new RedisProtocolError("a line is too long");
      }
      return false;
    }
    if (this.#received[end - 1] !== carriageReturn)
      throw new RedisProtocolError("a line does not end with CR LF");
    const type = String.fromCharCode(this.#received[this.#position]!);
    const next = end + 1;
    switch (type) {
      case "+":
      case "-":
      case ":":
      case "_":
      case "#":
      case ",":
      case "(":
        return this.#passed(next, 0);
      case "$":
      case "!":
      case "=":
        return this.#passBulk(this.#length(end), next);
      case "*":
      case "~":
      case ">":
        return this.#passed(next, Math.max(this.#length(end), 0));
      case "%":
        return this.#passed(next, Math.max(this.#length(end), 0) * 2);
      default:
        throw new RedisProtocolError(`unknown reply type ${JSON.stringify(type)}`);
    }
  }

  #passBulk(length: number, start: number): boolean {
    if (length < 0) return this.#passed(start, 0);
    const end = start + length + 2;
    if (length > maxReplyBytes) throw new RedisProtocolError("a reply is too long");
    if (this.#received.length >= end) return this.#passed(end, 0);
    this.#neededBytes = end;
    return false;
  }

  #passed(position: number, members: number): true {
    this.#position = position;
    this.#missing += members - 1;
    return true;
  }

  #length(end: number): number {
    const text = this.#received.toString("latin1", this.#position + 1, end - 1);
    if (!/^-?\d{1,10}$/.test(text))
      throw new RedisProtocolError(`not a length: ${JSON.stringify(text.slice(0, 20))}`);
    return Number(text);
  }

  /** Simple strings and errors have no length in front. */
  #isLongText(): boolean {
    const type = this.#received[this.#position];
    return (type === 0x2b || type === 0x2d) && this.#received.length - this.#position < maxReplyBytes;
  }
}
