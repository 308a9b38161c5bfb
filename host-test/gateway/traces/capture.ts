// The first bytes of a body, and how many there were.

import type { Redaction } from "./redaction.ts";
import type { Body } from "./trace.ts";

/** Bytes kept of one body. */
export const captureLimit = 64 * 1024;

export class Capture {
  #chunks: Uint8Array[] = [];
  #kept = 0;
  #total = 0;

  get isWhole(): boolean {
    return this.#kept === this.#total;
  }

  add(chunk: Uint8Array): void {
    this.#total += chunk.length;
    const room = captureLimit - this.#kept;
    if (room <= 0 || chunk.length === 0) return;
    // The chain goes on using its buffers.
    const part = chunk.slice(0, room);
    this.#chunks.push(part);
    this.#kept += part.length;
  }

  /** In place of what was captured so far. */
  replace(bytes: Uint8Array): void {
    this.#chunks = [];
    this.#kept = 0;
    this.#total = 0;
    this.add(bytes);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  body(redaction: Redaction): Body {
    const shown = redaction.bytes(this.bytes(), !this.isWhole);
    const body: Body = { bytes: this.#total };
    if (!this.isWhole) body.truncated = true;
    const text = decode(shown, !this.isWhole);
    if (text === undefined) body.base64 = shown.toString("base64");
    else body.text = text;
    return body;
  }
}

/** `stream`: a character at the end may be cut. */
function decode(bytes: Buffer, stream: boolean): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, { stream });
  } catch {
    return undefined;
  }
}
