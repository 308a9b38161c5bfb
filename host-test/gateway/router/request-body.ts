// A request body that may have to be sent again.

import type { Headers } from "../../host/types.ts";
import type { UpstreamStream } from "../../services/upstream-stream.ts";

export class RequestBody {
  readonly endsWithHeaders: boolean;
  isEnded: boolean;
  #limit: number;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #trailers: Headers | undefined;

  /** `limit`: bytes to keep; 0 keeps nothing. */
  constructor(endStream: boolean, limit: number) {
    this.endsWithHeaders = endStream;
    this.isEnded = endStream;
    this.#limit = limit;
  }

  /** False: the body has outgrown the limit and cannot be sent again. */
  add(chunk: Uint8Array, endStream: boolean): boolean {
    this.isEnded ||= endStream;
    if (this.#limit === 0) return true;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limit) {
      this.forget();
      return false;
    }
    if (chunk.length > 0) this.#chunks.push(chunk);
    return true;
  }

  /** As `add` while nothing is sent on: the limit does not count. */
  keep(chunk: Uint8Array, endStream: boolean): void {
    this.isEnded ||= endStream;
    this.#bytes += chunk.length;
    if (chunk.length > 0) this.#chunks.push(chunk);
  }

  end(trailers: Headers): void {
    this.isEnded = true;
    this.#trailers = trailers;
  }

  /** Sends what has come so far. */
  replay(stream: UpstreamStream): void {
    if (this.endsWithHeaders) return;
    for (const chunk of this.#chunks) stream.data(chunk, false);
    if (!this.isEnded) return;
    if (this.#trailers) stream.trailers(this.#trailers);
    else stream.data(new Uint8Array(0), true);
  }

  forget(): void {
    this.#chunks = [];
    this.#limit = 0;
  }
}
