// Width and height of a picture, from how its file begins: PNG, GIF, WebP, JPEG.

import { Span } from "../../bytes";

/** Segments of a JPEG file before the one that tells. */
const MOST_SEGMENTS: i32 = 32;

/** In pixels; 0 where the bytes do not tell. */
export class PictureSize {
  width: i32 = 0;
  height: i32 = 0;

  constructor(file: Span) {
    const word = file.size < 30 ? 0 : littleEndian(file, 0, 4);
    if (word == 0x474e5089) this.set(bigEndian(file, 16, 4), bigEndian(file, 20, 4));
    else if (word == 0x38464947) this.set(littleEndian(file, 6, 2), littleEndian(file, 8, 2));
    else if (word == 0x46464952) this.readWebp(file);
    else if ((word & 0xffffff) == 0xffd8ff) this.readJpeg(file);
  }

  private readWebp(file: Span): void {
    switch (littleEndian(file, 12, 4)) {
      case 0x58385056:
        return this.set(littleEndian(file, 24, 3) + 1, littleEndian(file, 27, 3) + 1);
      case 0x20385056:
        return this.set(littleEndian(file, 26, 2) & 0x3fff, littleEndian(file, 28, 2) & 0x3fff);
      case 0x4c385056: {
        const sizes = littleEndian(file, 21, 4);
        return this.set((sizes & 0x3fff) + 1, ((sizes >>> 14) & 0x3fff) + 1);
      }
    }
  }

  private readJpeg(file: Span): void {
    let at = 2;
    for (let i = 0; i < MOST_SEGMENTS && at + 9 <= file.size && file.at(at) == 0xff; i++) {
      const marker = file.at(at + 1);
      const isFrame = marker >= 0xc0 && marker < 0xd0 && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
      if (isFrame) return this.set(bigEndian(file, at + 7, 2), bigEndian(file, at + 5, 2));
      at += 2 + bigEndian(file, at + 2, 2);
    }
  }

  private set(width: i32, height: i32): void {
    if (width <= 0 || height <= 0) return;
    this.width = width;
    this.height = height;
  }
}

function bigEndian(file: Span, at: i32, size: i32): i32 {
  let value = 0;
  for (let i = 0; i < size; i++) value = (value << 8) | file.at(at + i);
  return value;
}

function littleEndian(file: Span, at: i32, size: i32): i32 {
  let value = 0;
  for (let i = size - 1; i >= 0; i--) value = (value << 8) | file.at(at + i);
  return value;
}
