// gRPC's framing: one byte for compression, four for the length, the message
// (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md).

const headBytes = 5;

/** What Envoy's codec takes at most; a longer one ends the call. */
const maxMessageBytes = 64 * 1024 * 1024;

export function frameMessage(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(headBytes + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, headBytes);
  return frame;
}

/** Cuts a body into messages. */
export class MessageReader {
  #received: Buffer = Buffer.alloc(0);
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #neededBytes = headBytes;

  /** Messages that became whole; `undefined` when the body is not gRPC, or compressed, which nobody asked for. */
  feed(chunk: Uint8Array): Buffer[] | undefined {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    const messages: Buffer[] = [];
    if (this.#received.length + this.#waitingBytes < this.#neededBytes) return messages;
    this.#received = Buffer.concat([this.#received, ...this.#waiting]);
    [this.#waiting, this.#waitingBytes] = [[], 0];
    while (this.#received.length >= headBytes) {
      const length = this.#received.readUInt32BE(1);
      if (this.#received[0] !== 0 || length > maxMessageBytes) return undefined;
      this.#neededBytes = headBytes + length;
      if (this.#received.length < this.#neededBytes) return messages;
      messages.push(this.#received.subarray(headBytes, this.#neededBytes));
      this.#received = this.#received.subarray(this.#neededBytes);
      this.#neededBytes = headBytes;
    }
    return messages;
  }

  /** Nothing is left of a message that has begun. */
  get isAtBorder(): boolean {
    return this.#received.length + this.#waitingBytes === 0;
  }
}
