// Reads streams with the compiled parser, and with a plain reference that follows the standard's text.

import { loadProbe } from "../../../host-test/testing/probe.ts";
import type { Probe } from "../../../host-test/testing/probe.ts";

/** Texts hold one byte a character. */
export interface Event {
  event: string;
  data: string;
  id: string;
}

export interface Block extends Event {
  raw: string;
  isEvent: boolean;
  isComplete: boolean;
}

export interface Reading {
  blocks: Block[];
  events: Event[];
  overflowed: boolean;
  retryMs: bigint;
  /** The largest `held` between two chunks. */
  maxHeld: number;
}

export interface ReadOptions {
  maxEventBytes?: number;
  everyBlock?: boolean;
  /** False leaves the stream open. */
  finishes?: boolean;
  discardsIncomplete?: boolean;
}

export class SseProbe {
  readonly exports: Probe["exports"];
  readonly memory: WebAssembly.Memory;
  private readonly probe: Probe;
  private readings = 0;

  private constructor(probe: Probe) {
    this.probe = probe;
    this.exports = probe.exports;
    this.memory = probe.memory;
  }

  static async load(flags: string[] = []): Promise<SseProbe> {
    return new SseProbe(await loadProbe("shared/sse/test/probe.ts", { flags }));
  }

  open(options: ReadOptions = {}): void {
    this.exports.open!(options.maxEventBytes ?? 1 << 20, options.everyBlock ? 1 : 0);
  }

  /** Puts a chunk, feeds it, and answers the address it was put to. */
  feed(chunk: Uint8Array): number {
    const start = this.probe.put(chunk);
    this.exports.feed!(chunk.length);
    return start;
  }

  /** The blocks that are ready. */
  ready(): Block[] {
    const blocks: Block[] = [];
    while (this.exports.next!()) {
      blocks.push({
        event: this.text("readEvent"),
        data: this.text("readData"),
        id: this.text("readId"),
        raw: this.text("readRaw"),
        isEvent: Boolean(this.exports.isEvent!()),
        isComplete: Boolean(this.exports.isComplete!()),
      });
    }
    return blocks;
  }

  /** Reads a whole stream. A chunk's memory is overwritten as soon as the parser says that it is done with it. */
  read(chunks: Uint8Array[], options: ReadOptions = {}): Reading {
    if (this.readings++ % 100 === 0) this.exports.collect!();
    this.open(options);
    const blocks: Block[] = [];
    let maxHeld = 0;
    for (const chunk of chunks) {
      const start = this.feed(chunk);
      blocks.push(...this.ready());
      new Uint8Array(this.memory.buffer, start, chunk.length).fill(0x0a);
      maxHeld = Math.max(maxHeld, this.exports.held!());
    }
    if (options.finishes !== false) this.exports.finish!(options.discardsIncomplete ? 1 : 0);
    blocks.push(...this.ready());
    return {
      blocks,
      events: blocks.filter((block) => block.isEvent).map(({ event, data, id }) => ({ event, data, id })),
      overflowed: Boolean(this.exports.overflowed!()),
      retryMs: this.exports.retryMs!(),
      maxHeld,
    };
  }

  write(name: Buffer, data: Buffer, nameIsString: boolean): Buffer {
    this.probe.put(Buffer.concat([name, data]));
    this.exports.write!(name.length, data.length, nameIsString ? 1 : 0);
    return this.result();
  }

  result(): Buffer {
    return this.probe.take(this.exports.resultStart!(), this.exports.resultSize!());
  }

  put(bytes: Uint8Array): number {
    return this.probe.put(bytes);
  }

  pages(): number {
    return this.memory.buffer.byteLength >> 16;
  }

  private text(name: string): string {
    this.exports[name]!();
    return this.result().toString("latin1");
  }
}

/** The stream cut at the given offsets. */
export function cutAt(stream: Uint8Array, cuts: number[]): Uint8Array[] {
  const offsets = [0, ...cuts.filter((cut) => cut > 0 && cut < stream.length).sort((a, b) => a - b)];
  return offsets.map((offset, i) => stream.subarray(offset, offsets[i + 1] ?? stream.length));
}

export function drip(stream: Uint8Array): Uint8Array[] {
  return Array.from(stream, (byte) => Uint8Array.of(byte));
}

/**
 * "Interpreting an event stream" of the HTML standard, word by word, over text of one byte a character.
 * With `releasesLast` the end of the stream counts as a blank line.
 */
export function reference(stream: string, releasesLast = true): Event[] {
  const events: Event[] = [];
  let data = "";
  let event = "";
  let id = "";
  const dispatch = () => {
    if (data !== "") events.push({ event, data: data.replace(/\n$/, ""), id });
    data = "";
    event = "";
  };
  const lines = stream.replace(/^\xef\xbb\xbf/, "").split(/\r\n|\n|\r/);
  const unfinished = lines.pop()!;
  if (releasesLast) lines.push(unfinished, "");
  for (const line of lines) {
    if (line === "") {
      dispatch();
      continue;
    }
    if (line.startsWith(":")) continue;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    else if (field === "data") data += value + "\n";
    else if (field === "id" && !value.includes("\0")) id = value;
  }
  return events;
}
