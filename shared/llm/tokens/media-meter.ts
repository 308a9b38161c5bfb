// What pictures, sound and files cost, by documented rules: providers count pixels, seconds and pages, of which the
// bytes of a request tell little.

import { Buffer, decodeBase64, Span } from "../../bytes";
import { findByte } from "../../bytes/find";
import { Family } from "./family";
import { PictureSize } from "./picture-size";

const enum Media {
  Picture,
  Sound,
  Text,
  Document,
}

/** How media types and names of formats begin, and what they are; all others are documents. */
const TYPES: StaticArray<string> = [
  "image",
  "png",
  "jp",
  "gif",
  "webp",
  "audio",
  "video",
  "wav",
  "mp",
  "flac",
  "opus",
  "pcm",
  "ogg",
  "text",
  "txt",
  "md",
  "csv",
  "html",
];
const PICTURES: i32 = 5;
const SOUNDS: i32 = 13;

/** Tokens of a picture of about a megapixel, by family, where the bytes do not tell how large it is. */
const PICTURE_TOKENS: StaticArray<i32> = [765, 765, 1400, 1032, 1280, 1024, 1601];
/** Base64 of a page, and its tokens. */
const PAGE_BYTES: f64 = 65536;
const PAGE_TOKENS: f64 = 2000;
const SOUND_BYTES_PER_TOKEN: f64 = 2048;
const TEXT_BYTES_PER_TOKEN: f64 = 4;
/** Of data: in most files the size stands in the first kilobyte. */
const HEAD_BYTES: i32 = 2048;
const TYPE_BYTES: i32 = 32;

export class MediaMeter {
  /** Pictures whose size is not known, and tokens of the others, by family. */
  private pictures: i32 = 0;
  private known: StaticArray<f64> = new StaticArray<f64>(Family.COUNT);
  /** Tokens of what is no picture. */
  private others: f64 = 0;
  /** Bytes of the data last read, whose type may still follow; 0 when none waits. */
  private waiting: i32 = 0;
  private size: i32 = 0;
  private hasSpace: bool = false;
  /** How the data begins. */
  private head: Buffer = new Buffer(TYPE_BYTES);
  private type: Buffer = new Buffer(TYPE_BYTES);

  /** What follows belongs to another part. */
  forget(): void {
    this.settle();
    this.type.clear();
  }

  begin(): void {
    this.settle();
    this.head.clear();
    this.size = 0;
    this.hasSpace = false;
  }

  /** The next bytes of data or of an address. */
  bytes(start: usize, end: usize): void {
    const size = <i32>(end - start);
    appendUpTo(this.head, HEAD_BYTES, start, size);
    if (!this.hasSpace) this.hasSpace = findByte(start, end, 0x20) < end;
    this.size = <i32>min(<i64>this.size + size, i32.MAX_VALUE);
  }

  end(): void {
    this.waiting = this.size;
  }

  beginType(): void {
    this.type.clear();
  }

  typeBytes(start: usize, size: i32): void {
    appendUpTo(this.type, TYPE_BYTES, start, size);
  }

  tokens(family: Family): f64 {
    this.settle();
    if (<u32>family >= <u32>Family.COUNT) return 0;
    return this.others + this.known[family] + <f64>this.pictures * <f64>PICTURE_TOKENS[family];
  }

  private settle(): void {
    const size = <f64>this.waiting;
    if (size == 0) return;
    this.waiting = 0;
    const head = this.head.span();
    const isInline = head.startsWithAscii("data:");
    const isAddress = !isInline && head.indexOf(0x3a) > 0;
    switch (this.hasSpace ? Media.Text : mediaOf(isInline ? head.slice(5) : this.type.span())) {
      case Media.Picture:
        return this.addPicture(isAddress ? Span.empty() : head);
      case Media.Sound:
        this.others += isAddress ? PAGE_TOKENS : size / SOUND_BYTES_PER_TOKEN;
        return;
      case Media.Text:
        this.others += isAddress ? PAGE_TOKENS : size / TEXT_BYTES_PER_TOKEN;
        return;
    }
    this.others += PAGE_TOKENS * (isAddress ? 1 : ceil(size / PAGE_BYTES));
  }

  /** `data`: how the base64 begins, behind `data:…,` if there is that. */
  private addPicture(data: Span): void {
    const base64 = data.slice(data.indexOf(0x2c) + 1);
    const file = decodeBase64(base64.slice(0, base64.size & ~3));
    const size = new PictureSize(file === null ? Span.empty() : file);
    if (size.width == 0) {
      this.pictures++;
      return;
    }
    for (let family = 0; family < <i32>Family.COUNT; family++) {
      this.known[family] += pictureTokens(family, size.width, size.height);
    }
  }
}

/** What pictures of so many pixels cost: the rules that providers publish, as far as they do. */
function pictureTokens(family: Family, width: f64, height: f64): f64 {
  switch (family) {
    case Family.Openai:
    case Family.OpenaiOld: {
      // Fitted into 2048 by 2048, then the shorter side into 768, then tiles of 512.
      const scale = min(1, min(2048 / max(width, height), 768 / min(width, height)));
      return 85 + 170 * ceil((width * scale) / 512) * ceil((height * scale) / 512);
    }
    case Family.Claude: {
      const scale = min(1, 1568 / max(width, height));
      return min(ceil((width * height * scale * scale) / 750), 1600);
    }
    case Family.Gemini:
      return width <= 384 && height <= 384 ? 258 : 258 * ceil(width / 768) * ceil(height / 768);
    case Family.Qwen:
      return min(ceil(width / 28) * ceil(height / 28) + 2, 1280);
  }
  return PICTURE_TOKENS[family];
}

/** Appends of the bytes as many as leave the buffer no larger than `most`. */
export function appendUpTo(buffer: Buffer, most: i32, start: usize, size: i32): void {
  const taken = min(size, most - buffer.size);
  if (taken <= 0) return;
  const room = buffer.reserve(taken);
  if (room == 0) return;
  memory.copy(room, start, <usize>taken);
  buffer.wrote(taken);
}

/** A picture where nothing is told. */
function mediaOf(type: Span): Media {
  if (type.isEmpty) return Media.Picture;
  for (let i = 0; i < TYPES.length; i++) {
    if (type.startsWithAscii(TYPES[i]))
      return i < PICTURES ? Media.Picture : i < SOUNDS ? Media.Sound : Media.Text;
  }
  return Media.Document;
}
