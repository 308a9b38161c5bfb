// AWS event streams (`application/vnd.amazon.eventstream`), read as they arrive: frames are cut anywhere.
// https://smithy.io/2.0/aws/amazon-eventstream.html
//
//     u32 size of the frame | u32 size of its headers | u32 CRC-32 of these 8 bytes
//     headers: u8 size of the name | name | u8 type | value
//     payload | u32 CRC-32 of all before

import { Buffer, Span } from "../bytes";
import { crc32 } from "../bytes/crc32";

export const enum EventStreamError {
  None = 0,
  /** A checksum does not match: what follows cannot be told apart. */
  Checksum = 1,
  /** Sizes that contradict each other, or a header of a type that nobody knows. */
  Malformed = 2,
  /** A frame has more bytes than are accepted. */
  TooLong = 3,
}

const PRELUDE_BYTES: i32 = 12;
const CHECKSUM_BYTES: i32 = 4;
const STRING_TYPE: i32 = 7;

/** Bytes of a header's value by its type; -1: two bytes before it tell. */
const VALUE_BYTES: StaticArray<i32> = [0, 0, 1, 2, 4, 8, -1, -1, 8, 16];

/** `parser.feed(chunk); while (parser.next()) { parser.eventType; parser.payload }` */
export class EventStreamParser {
  /** Of the frame that `next` found; valid until `feed` or `next` is called again. Empty where it has none. */
  payload: Span = Span.empty();
  /** `event`, `exception` or `error`. */
  messageType: Span = Span.empty();
  eventType: Span = Span.empty();
  /** `:exception-type` of an exception, `:error-code` of an error. */
  exceptionType: Span = Span.empty();
  errorMessage: Span = Span.empty();
  /** Once it is set, nothing more is read. */
  error: EventStreamError = EventStreamError.None;

  private readonly held: Buffer = new Buffer(1024);
  /** Size of the frame that was handed out last and still stands at the front. */
  private readBytes: i32 = 0;
  /** Size of the frame at the front, once its prelude was found good; else 0. */
  private frameBytes: i32 = 0;

  constructor(private readonly maxFrameBytes: i32) {}

  /** True when bytes are held that are no whole frame. */
  get isCut(): bool {
    return this.held.size > this.readBytes;
  }

  /** Takes the next bytes; they need not outlive the call. */
  feed(chunk: Span): void {
    if (this.error != EventStreamError.None) return;
    this.release();
    this.held.append(chunk);
    if (this.held.overflowed) this.error = EventStreamError.TooLong;
  }

  /** Reads the next frame; false when there is no whole one, or after an error. */
  next(): bool {
    if (this.error != EventStreamError.None) return false;
    this.release();
    const frame = this.held.span();
    if (this.frameBytes == 0 && !this.readPrelude(frame)) return false;
    if (frame.size < this.frameBytes) return false;
    const end = this.frameBytes - CHECKSUM_BYTES;
    if (crc32(frame.slice(0, end)) != bigEndian(frame, end)) return this.fail(EventStreamError.Checksum);
    const payloadStart = PRELUDE_BYTES + <i32>bigEndian(frame, 4);
    if (!this.readHeaders(frame.slice(PRELUDE_BYTES, payloadStart))) {
      return this.fail(EventStreamError.Malformed);
    }
    this.payload = frame.slice(payloadStart, end);
    this.readBytes = this.frameBytes;
    this.frameBytes = 0;
    return true;
  }

  /** Forgets the frame that was handed out. */
  private release(): void {
    this.held.drop(this.readBytes);
    this.readBytes = 0;
  }

  private readPrelude(frame: Span): bool {
    if (frame.size < PRELUDE_BYTES) return false;
    if (crc32(frame.slice(0, 8)) != bigEndian(frame, 8)) return this.fail(EventStreamError.Checksum);
    const size = bigEndian(frame, 0);
    if (size < <u32>(PRELUDE_BYTES + CHECKSUM_BYTES)) return this.fail(EventStreamError.Malformed);
    if (bigEndian(frame, 4) > size - PRELUDE_BYTES - CHECKSUM_BYTES) {
      return this.fail(EventStreamError.Malformed);
    }
    if (size > <u32>this.maxFrameBytes) return this.fail(EventStreamError.TooLong);
    this.frameBytes = <i32>size;
    return true;
  }

  private readHeaders(headers: Span): bool {
    this.messageType = Span.empty();
    this.eventType = Span.empty();
    this.exceptionType = Span.empty();
    this.errorMessage = Span.empty();
    let at = 0;
    while (at < headers.size) {
      const nameStart = at + 1;
      const nameEnd = nameStart + headers.at(at);
      const type = headers.at(nameEnd);
      if (<u32>type >= <u32>VALUE_BYTES.length) return false;
      let valueStart = nameEnd + 1;
      let size = VALUE_BYTES[type];
      if (size < 0) {
        if (valueStart + 2 > headers.size) return false;
        size = (headers.at(valueStart) << 8) | headers.at(valueStart + 1);
        valueStart += 2;
      }
      at = valueStart + size;
      if (at > headers.size) return false;
      if (type == STRING_TYPE) {
        this.keep(headers.slice(nameStart, nameEnd), headers.slice(valueStart, at));
      }
    }
    return true;
  }

  private keep(name: Span, value: Span): void {
    if (name.equalsAscii(":event-type")) this.eventType = value;
    else if (name.equalsAscii(":message-type")) this.messageType = value;
    else if (name.equalsAscii(":exception-type") || name.equalsAscii(":error-code")) {
      this.exceptionType = value;
    } else if (name.equalsAscii(":error-message")) this.errorMessage = value;
  }

  private fail(error: EventStreamError): bool {
    this.error = error;
    this.held.clear();
    return false;
  }
}

/** The big-endian number at `at`; four bytes must be there. */
function bigEndian(bytes: Span, at: i32): u32 {
  return bswap<u32>(load<u32>(bytes.start + <usize>at));
}
