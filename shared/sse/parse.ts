// Server-sent events from byte chunks that are cut anywhere. Grammar and meaning are those of
// https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
// save that text stays bytes: invalid UTF-8 is handed on as it came.
//
// The stream is read as blocks that end with a blank line. A block with data is an event. A comment or a
// blank line between events is a block of its own, so that keep-alives need not wait for the next event.

import { Buffer } from "../bytes/buffer";
import { findLineBreak } from "../bytes/find";
import { Span } from "../bytes/span";
import { SseBlock, recycle } from "./block";

const LF: u8 = 0x0a;
const CR: u8 = 0x0d;

const NOTHING: Span = Span.empty();

const enum Step {
  /** The chunk is used up within a block. */
  Starved,
  /** A block, or a piece of an overlong one, ends at `at`. */
  Ended,
  /** The block passes the bound. */
  Overlong,
}

/**
 * A resumable reader: `feed` a chunk, then call `next` until it answers false. The spans of a block are valid
 * until the following `next` or `feed`; they point into the chunk when the block lies within it.
 */
export class SseParser {
  /** True when the block is an event; always so unless `everyBlock` is set. */
  isEvent: bool = false;
  /** False for a block that `finish` released without its blank line, and for pieces of an overlong one. */
  isComplete: bool = false;
  /** True once an event was longer than the bound. The events after it are read as ever. */
  overflowed: bool = false;

  private readonly maxEventBytes: i32;

  // The open block is `carry`, then the chunk's bytes from `from` to `at`. Once bytes are carried, each further
  // line moves to `carry` as it ends: offsets within the block have one base, and no byte is scanned twice.
  private carry: Buffer = new Buffer();
  private chunk: Span = NOTHING;
  private from: i32 = 0;
  private at: i32 = 0;
  /** Takes the chunks fed while an earlier one was not read to its end. */
  private unread: Buffer = new Buffer();

  private block: SseBlock = new SseBlock();
  /** Offset of the present line in the block. */
  private line: i32 = 0;
  private isFirstLine: bool = true;
  /** The last line ended with a CR at the end of its chunk: a LF that follows belongs to it. */
  private isAfterCr: bool = false;
  private isAnswered: bool = false;
  private isSkipping: bool = false;
  private isSkippedLineEmpty: bool = false;
  private isFinished: bool = false;
  private discardsIncomplete: bool = false;

  /**
   * Events longer than `maxEventBytes`, counted up to their blank line, are dropped. With `everyBlock` set,
   * `next` answers also what is no event (comments, blank lines, blocks without data, pieces of overlong
   * events), and the `raw` of all blocks one after the other is the stream, byte for byte.
   */
  constructor(
    maxEventBytes: i32,
    private readonly everyBlock: bool = false,
  ) {
    this.maxEventBytes = min(max(maxEventBytes, 0), Buffer.MAX_SIZE >> 1);
  }

  /** Takes the next bytes of the stream. They must stay unchanged until `next` answers false. */
  feed(chunk: Span): void {
    if (this.isFinished) return;
    if (this.isAnswered) this.startBlock();
    // Only at the end of a block can bytes be unread: within one, `next` reads to the end of the chunk.
    if (this.at < this.chunk.size) {
      if (this.unread.isEmpty) this.unread.append(this.chunk.slice(this.at));
      else this.unread.drop(this.at);
      this.unread.append(chunk);
      this.chunk = this.unread.span();
      this.at = 0;
      this.from = 0;
    } else {
      this.letGoChunk();
      this.chunk = chunk;
    }
  }

  /**
   * Ends the stream; call `next` until it answers false. An event without its blank line is still answered,
   * since the end of a model's answer must not be lost; with `discardsIncomplete` it is not, as in browsers.
   */
  finish(discardsIncomplete: bool = false): void {
    this.isFinished = true;
    this.discardsIncomplete = discardsIncomplete;
  }

  /** Goes to the next event. False when the bytes fed so far hold no further one. */
  next(): bool {
    if (this.isAnswered) this.startBlock();
    while (true) {
      const step = this.isSkipping ? this.skip() : this.read();
      if (step == Step.Starved && (!this.isFinished || !this.endLast())) return false;
      if (step == Step.Overlong) this.cut();
      if (this.isEvent || (this.everyBlock && this.carry.size + this.at - this.from > 0)) {
        this.isAnswered = true;
        return true;
      }
      this.startBlock();
    }
  }

  /** The event's name; empty when the stream gave none, which stands for `message`. */
  get event(): Span {
    return this.isAnswered ? this.part(this.block.nameStart, this.block.nameSize) : NOTHING;
  }

  /** The event's data, its lines joined with LF. */
  get data(): Span {
    if (!this.isAnswered) return NOTHING;
    const block = this.block;
    return block.dataLines > 1 ? block.joined.span() : this.part(block.dataStart, block.dataSize);
  }

  /** The last id the stream has set, which stays for the events that follow. */
  get id(): Span {
    return this.block.id.span();
  }

  /** The reconnection time the stream last set, in milliseconds, or -1. */
  get retryMs(): i64 {
    return this.block.retryMs;
  }

  /** The exact bytes of the block, its line breaks and the blank line included. */
  get raw(): Span {
    if (!this.isAnswered) return NOTHING;
    return this.carry.isEmpty ? this.chunk.slice(this.from, this.at) : this.carry.span();
  }

  /** Bytes held for an event that is not complete yet. */
  get held(): i32 {
    return this.carry.size + this.block.joined.size;
  }

  /** Reads lines to the end of the block or of the chunk. */
  private read(): Step {
    const start = this.chunk.start;
    const size = this.chunk.size;
    while (this.at < size) {
      if (this.passLf()) {
        if (this.line > 0) {
          this.line++;
          continue;
        }
        // The other half of the line break that ended the block before.
        this.isComplete = true;
        return Step.Ended;
      }
      const found = findLineBreak(start + <usize>this.at, this.chunk.end);
      if (found == this.chunk.end) break;
      const index = <i32>(found - start);
      const lineEnd = this.carry.size + index - this.from;
      if (lineEnd > this.maxEventBytes) return Step.Overlong;
      this.passBreak(index);
      if (!this.carry.isEmpty) this.carryOn();
      const base = this.base;
      const lineStart = this.passMark(base, lineEnd);
      if (lineStart == lineEnd) {
        this.isEvent = this.block.dataLines > 0;
        this.isComplete = true;
        return Step.Ended;
      }
      if (!this.block.readLine(base, lineStart, lineEnd)) {
        this.isComplete = true;
        return Step.Ended;
      }
      this.line = this.carry.size + this.at - this.from;
    }
    this.at = size;
    if (this.carry.size + size - this.from > this.maxEventBytes) return Step.Overlong;
    this.carryOn();
    this.letGoChunk();
    return Step.Starved;
  }

  /** Passes over an overlong block, to its blank line or the end of the chunk. */
  private skip(): Step {
    const start = this.chunk.start;
    const size = this.chunk.size;
    if (this.at == size) {
      this.letGoChunk();
      return Step.Starved;
    }
    while (this.at < size) {
      if (this.passLf()) continue;
      const found = findLineBreak(start + <usize>this.at, this.chunk.end);
      if (found == this.chunk.end) {
        this.isSkippedLineEmpty = false;
        this.at = size;
        break;
      }
      const index = <i32>(found - start);
      this.isSkipping = !(this.isSkippedLineEmpty && index == this.at);
      this.isSkippedLineEmpty = true;
      this.passBreak(index);
      if (!this.isSkipping) break;
    }
    return Step.Ended;
  }

  /** Ends an overlong block where its present line began, so that `skip` sees the line from there. */
  private cut(): void {
    const lineInChunk = this.line - this.carry.size;
    this.at = this.from + max(lineInChunk, 0);
    // At most a LF whose CR is carried.
    if (!this.carry.isEmpty) this.carryOn();
    this.isSkippedLineEmpty = lineInChunk >= 0;
    this.isSkipping = true;
    this.isFirstLine = false;
    this.overflowed = true;
  }

  /** Ends the block that the stream left open; false when there is none. */
  private endLast(): bool {
    if (this.carry.isEmpty) return false;
    const base = this.base;
    const lineStart = this.passMark(base, this.carry.size);
    if (lineStart < this.carry.size) this.block.readLine(base, lineStart, this.carry.size);
    this.isEvent = this.block.dataLines > 0 && !this.discardsIncomplete;
    return true;
  }

  private startBlock(): void {
    recycle(this.carry);
    this.block.clear();
    this.from = this.at;
    this.line = 0;
    this.isEvent = false;
    this.isComplete = false;
    this.isAnswered = false;
  }

  /** Address of the open block's first byte. */
  private get base(): usize {
    return this.carry.isEmpty ? this.chunk.start + <usize>this.from : this.carry.start;
  }

  private part(start: i32, size: i32): Span {
    return this.carry.isEmpty
      ? new Span(this.chunk.owner, this.base + <usize>start, size)
      : this.carry.span().slice(start, start + size);
  }

  /** Passes the line break at `index`. */
  private passBreak(index: i32): void {
    this.at = index + 1;
    if (this.chunk.at(index) != CR) return;
    this.isAfterCr = true;
    if (this.at < this.chunk.size) this.passLf();
  }

  /** Passes a LF that belongs to the CR before it; true when there was one. */
  private passLf(): bool {
    if (!this.isAfterCr) return false;
    this.isAfterCr = false;
    if (this.chunk.at(this.at) != LF) return false;
    this.at++;
    return true;
  }

  /** Where the line begins, behind the byte order mark that the stream may begin with. */
  private passMark(base: usize, lineEnd: i32): i32 {
    if (!this.isFirstLine) return this.line;
    this.isFirstLine = false;
    const hasMark = lineEnd >= 3 && load<u16>(base) == 0xbbef && load<u8>(base, 2) == 0xbf;
    return hasMark ? 3 : this.line;
  }

  /** Moves the open block's bytes from the chunk to `carry`. */
  private carryOn(): void {
    if (this.from < this.at) this.carry.append(this.chunk.slice(this.from, this.at));
    this.from = this.at;
  }

  private letGoChunk(): void {
    recycle(this.unread);
    this.chunk = NOTHING;
    this.from = 0;
    this.at = 0;
  }
}
