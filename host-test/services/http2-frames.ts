// Bodies over Node's HTTP/2 streams, with the borders and the end of stream as they are on the wire.

import { constants, type ClientHttp2Stream, type ServerHttp2Stream } from "node:http2";
import type { Headers } from "../host/types.ts";
import { pairs } from "./upstream-stream.ts";

type Http2Stream = ClientHttp2Stream | ServerHttp2Stream;

const nothing = new Uint8Array(0);
const highWaterMark = 64 * 1024;

export interface FrameListener {
  data(chunk: Uint8Array, endStream: boolean): void;
  trailers(trailers: Headers): void;
}

/**
 * Reports a stream's body. Node tells the end of a stream after its last data; Envoy sees both in one frame. So a
 * chunk waits for the rest of the loop's turn, in which the end arrives if the frame carried it.
 */
export class FrameReader {
  #stream: Http2Stream;
  #listener: FrameListener;
  #held: Uint8Array | undefined;
  #flush: NodeJS.Immediate | undefined;
  #trailers: Headers | undefined;
  #isPaused = false;
  #isStopped = false;

  constructor(stream: Http2Stream, listener: FrameListener) {
    this.#stream = stream;
    this.#listener = listener;
    stream.on(
      "trailers",
      (_headers: unknown, _flags: unknown, raw: string[]) => (this.#trailers = pairs(raw)),
    );
    stream.on("data", (chunk: Uint8Array) => this.#onData(chunk));
    stream.on("end", () => this.#onEnd());
  }

  pause(): void {
    this.#isPaused = true;
    this.#stream.pause();
    clearImmediate(this.#flush);
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#stream.resume();
    if (this.#held) this.#flush = setImmediate(() => this.#deliver(false));
  }

  /** Reports what is still held: the stream broke off behind it. */
  flush(): void {
    this.#deliver(false);
  }

  /** Reports nothing more. */
  stop(): void {
    this.#isStopped = true;
    clearImmediate(this.#flush);
  }

  #onData(chunk: Uint8Array): void {
    this.#deliver(false);
    this.#held = chunk;
    clearImmediate(this.#flush);
    if (!this.#isPaused) this.#flush = setImmediate(() => this.#deliver(false));
  }

  #onEnd(): void {
    clearImmediate(this.#flush);
    // Node also ends what was reset: only an end that the peer sent is one.
    if (this.#isStopped || this.#stream.aborted || this.#stream.rstCode !== constants.NGHTTP2_NO_ERROR)
      return;
    if (this.#trailers) {
      this.#deliver(false);
      this.#listener.trailers(this.#trailers);
    } else {
      this.#held ??= nothing;
      this.#deliver(true);
    }
  }

  #deliver(endStream: boolean): void {
    const chunk = this.#held;
    this.#held = undefined;
    if (chunk && !this.#isStopped) this.#listener.data(chunk, endStream);
  }
}

/**
 * Writes a body so that each chunk makes its own DATA frames, as in Envoy. Node joins chunks that wait together, so
 * only one is given to it at a time.
 */
export class FrameWriter {
  #stream: Http2Stream;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #isWriting = false;
  #isEnded = false;
  #isStopped = false;
  #trailers: Headers = [];
  #onDrain: () => void;
  #onEmpty: (() => void) | undefined;

  /** The stream must have been opened with `waitForTrailers`. `onEnd` is called once the end has been sent. */
  constructor(stream: Http2Stream, onDrain: () => void, onEnd: () => void = () => undefined) {
    this.#stream = stream;
    this.#onDrain = onDrain;
    stream.on("wantTrailers", () => {
      stream.sendTrailers(grouped(this.#trailers));
      // Not in the same turn: a reset would overtake the end.
      setImmediate(onEnd);
    });
  }

  /** False: the queue is long enough. */
  data(chunk: Uint8Array, endStream: boolean): boolean {
    if (chunk.length > 0) {
      this.#queue.push(chunk);
      this.#queuedBytes += chunk.length;
    }
    this.#isEnded ||= endStream;
    this.#next();
    return this.#queuedBytes < highWaterMark;
  }

  trailers(trailers: Headers): void {
    this.#trailers = trailers;
    this.#isEnded = true;
    this.#next();
  }

  /** Calls back once everything written so far has left; at once if the stream is gone. */
  afterFlush(callback: () => void): void {
    this.#onEmpty = callback;
    this.#next();
  }

  stop(): void {
    this.#isStopped = true;
  }

  #next(): void {
    if (this.#isWriting || this.#isStopped || this.#stream.destroyed) return this.#flushed();
    const chunk = this.#queue.shift();
    if (chunk === undefined) {
      if (this.#isEnded && !this.#stream.writableEnded) this.#stream.end();
      return this.#flushed();
    }
    this.#isWriting = true;
    this.#stream.write(chunk, () => {
      this.#isWriting = false;
      const wasFull = this.#queuedBytes >= highWaterMark;
      this.#queuedBytes -= chunk.length;
      if (wasFull && this.#queuedBytes < highWaterMark) this.#onDrain();
      this.#next();
    });
  }

  #flushed(): void {
    if (this.#isWriting && !this.#isStopped && !this.#stream.destroyed) return;
    const callback = this.#onEmpty;
    this.#onEmpty = undefined;
    callback?.();
  }
}

/** Node takes trailers as an object only. */
function grouped(headers: Headers): Record<string, string[]> {
  const object: Record<string, string[]> = {};
  for (const [name, value] of headers) (object[name] ??= []).push(value);
  return object;
}
