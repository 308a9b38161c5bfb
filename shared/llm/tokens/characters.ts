// Kinds of characters, as tokenizers tell them apart.

/** Kinds of characters. Each counts its runs and its characters. */
export const enum Kind {
  Space = 0,
  Newline = 1,
  /** Latin letters, with or without marks. */
  Word = 2,
  Digit = 3,
  /** ASCII marks. */
  Mark = 4,
  /** Quotation marks, dashes and other marks beyond ASCII. */
  Quote = 5,
  /** Arrows, boxes, mathematics. */
  Symbol = 6,
  WideMark = 7,
  Han = 8,
  Kana = 9,
  Hangul = 10,
  Cyrillic = 11,
  Greek = 12,
  Hebrew = 13,
  Arabic = 14,
  Devanagari = 15,
  /** Scripts of South Asia besides Devanagari. */
  Indic = 16,
  Thai = 17,
  Emoji = 18,
  /** What else there is, such as Georgian, Ethiopic, Khmer; and broken UTF-8. */
  Other = 19,
  COUNT = 20,
}

/** Stands for bytes that are no UTF-8. */
export const BROKEN: u32 = 0xfffd;

/** Where ranges of characters begin, and their kinds. */
const STARTS: StaticArray<u32> = [
  0x80, 0xaa, 0xab, 0xb5, 0xb6, 0xba, 0xbb, 0xc0, 0x250, 0x370, 0x400, 0x530, 0x590, 0x600, 0x700, 0x750,
  0x780, 0x900, 0x980, 0xe00, 0xe80, 0x1100, 0x1200, 0x1c80, 0x1e00, 0x1f00, 0x2000, 0x2070, 0x2600, 0x27c0,
  0x2c00, 0x2d00, 0x2e80, 0x3000, 0x3040, 0x3100, 0x3130, 0x3190, 0x3400, 0xa000, 0xac00, 0xd7b0, 0xf900,
  0xfb00, 0xfb1d, 0xfb50, 0xfe00, 0xfe10, 0xfe70, 0xff00, 0xff61, 0xffa0, 0xfff0, 0x1f000, 0x20000, 0x30000,
];
const KINDS: StaticArray<Kind> = [
  Kind.Quote,
  Kind.Word,
  Kind.Quote,
  Kind.Word,
  Kind.Quote,
  Kind.Word,
  Kind.Quote,
  Kind.Word,
  Kind.Other,
  Kind.Greek,
  Kind.Cyrillic,
  Kind.Other,
  Kind.Hebrew,
  Kind.Arabic,
  Kind.Other,
  Kind.Arabic,
  Kind.Other,
  Kind.Devanagari,
  Kind.Indic,
  Kind.Thai,
  Kind.Other,
  Kind.Hangul,
  Kind.Other,
  Kind.Cyrillic,
  Kind.Word,
  Kind.Greek,
  Kind.Quote,
  Kind.Symbol,
  Kind.Emoji,
  Kind.Symbol,
  Kind.Other,
  Kind.Other,
  Kind.Han,
  Kind.WideMark,
  Kind.Kana,
  Kind.Other,
  Kind.Hangul,
  Kind.WideMark,
  Kind.Han,
  Kind.Other,
  Kind.Hangul,
  Kind.Other,
  Kind.Han,
  Kind.Word,
  Kind.Hebrew,
  Kind.Arabic,
  Kind.Emoji,
  Kind.WideMark,
  Kind.Arabic,
  Kind.WideMark,
  Kind.Kana,
  Kind.Hangul,
  Kind.Other,
  Kind.Emoji,
  Kind.Han,
  Kind.Other,
];

/** Of each 64 characters of the first plane their kind, or MIXED: filled in as they come. */
const BLOCKS: usize = memory.data(1024);
const UNKNOWN: u8 = 0;
const MIXED: u8 = 255;

export class Kinds {
  /** The kind of a character below 0x10000 if those around it are alike and one was asked for before; else 0 or 255. */
  @inline static known(point: u32): u32 {
    return <u32>load<u8>(BLOCKS + <usize>(point >> 6));
  }
}

/** The kind of a character beyond ASCII. */
export function kindOf(point: u32): Kind {
  const block = point >> 6;
  if (block >= 1024) return search(point);
  let kind = load<u8>(BLOCKS + <usize>block);
  if (kind == UNKNOWN) {
    kind = isMixed(block << 6) ? MIXED : <u8>search(point);
    store<u8>(BLOCKS + <usize>block, kind);
  }
  return kind == MIXED ? search(point) : <Kind>kind;
}

/** True where a range begins behind the first of 64 characters. */
function isMixed(first: u32): bool {
  for (let i = 0; i < STARTS.length; i++) if (STARTS[i] - first - 1 < 63) return true;
  return false;
}

function search(point: u32): Kind {
  let low = 0;
  let high = STARTS.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (STARTS[middle] <= point) low = middle;
    else high = middle;
  }
  return KINDS[low];
}
