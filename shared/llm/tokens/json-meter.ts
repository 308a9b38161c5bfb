// Walks over the JSON of a request or an answer, in whichever dialect, and measures what a model reads or has written.
// One pass over windows cut anywhere, fixed memory. The names of members tell what their values are; the tables are in
// member-names.ts. What is broken is measured as far as it goes: the provider will refuse it.

import { Buffer, fnv1a64, Span } from "../../bytes";
import { findEither } from "../../bytes/find";
import { ArgumentCounter } from "./argument-counter";
import { EscapeReader } from "./escape-reader";
import { Meaning, meaningOf } from "./member-names";
import { appendUpTo, MediaMeter } from "./media-meter";
import { TextMeter, Until } from "./text-meter";

/** What the values below a member are. */
export const enum Area {
  /** Nothing a model reads. */
  Skipped = 0,
  /** Members of the outermost object of a request. */
  Request = 1,
  /** Numbers that bound the answer. */
  Settings = 2,
  /** Texts; members that are no texts are known by name. */
  Texts = 3,
  /** JSON that the model is given as it stands: arguments and results of tools. */
  Json = 4,
  /** The same, of tools and schemas. */
  Tools = 5,
  /** Pictures, sound and files, inside or by address. */
  Data = 6,
  /** Members of the outermost object of an answer, or of an event of one. */
  Answer = 7,
  /** What the model wrote, in members that are known by name; all others are no texts. */
  Written = 8,
}

const DEPTH: i32 = 64;
/** A longer name is none of the tables'. */
const NAME_BYTES: i32 = 32;
const MODEL_BYTES: i32 = 256;
const PATH_BYTES: i32 = 256;
/** One that was escaped. */
const CHARACTER: usize = memory.data(16);

const enum Within {
  Nothing,
  Name,
  /** A string that is passed over. */
  Skipped,
  Text,
  Data,
  MediaType,
  Model,
  Path,
  Sealed,
  Number,
  /** JSON that is given as it stands, between its strings. */
  Json,
}

const enum Number {
  None,
  MostOutput,
  Choices,
}

export class JsonMeter {
  /** What is text, or JSON within. */
  readonly texts: TextMeter = new TextMeter();
  /** Tools and schemas. */
  readonly tools: TextMeter = new TextMeter();
  readonly media: MediaMeter = new MediaMeter();
  messages: i32 = 0;
  /** What has a name beside texts: calls of tools. */
  calls: i32 = 0;
  /** Bytes of thoughts that are sealed. */
  sealed: i64 = 0;
  /** Places of arguments that come one by one, as Gemini streams them. */
  paths: i32 = 0;
  readonly arguments: ArgumentCounter = new ArgumentCounter();
  /** The model's name, up to 256 bytes. */
  readonly model: Buffer = new Buffer(16);
  /** The most tokens that the request lets an answer have; -1 when it does not tell. */
  mostOutput: i64 = -1;
  /** How many answers are asked for. */
  choices: i64 = 1;

  /** The one that was given last. */
  private current: TextMeter = this.texts;
  private depth: i32 = 0;
  /** Of the open objects and lists, with bit 7 for objects. */
  private areas: StaticArray<u8> = new StaticArray<u8>(DEPTH);
  /** Of the present object or list, and of the next value in it. */
  private area: Area;
  private next: Area;
  private isObject: bool = false;
  /** The next string is the name of a member. */
  private isNameNext: bool = false;
  private within: Within = Within.Nothing;
  private nextString: Within = Within.Text;
  private nextNumber: Number = Number.None;
  private isCallNext: bool = false;
  /** A string of JSON for the model has ended, which may have been the name of a member. */
  private isBehindName: bool = false;
  private number: i64 = 0;
  /** Of JSON that is given as it stands the objects and lists that are open. */
  private nested: i32 = 0;
  private name: Buffer = new Buffer(NAME_BYTES + 4);
  private path: Buffer = new Buffer(16);
  /** Of the last path: its value may come in pieces that all tell it. */
  private pathDigest: u64 = 0;
  private escape: EscapeReader = new EscapeReader();

  constructor(private outermost: Area) {
    this.area = outermost;
    this.next = outermost;
  }

  /** Another document follows, whose texts go on where those of the last have ended. */
  restart(): void {
    this.depth = 0;
    this.area = this.outermost;
    this.next = this.outermost;
    this.isObject = false;
    this.isNameNext = false;
    this.within = Within.Nothing;
    this.nextString = Within.Text;
    this.nextNumber = Number.None;
    this.escape.reset();
    this.nested = 0;
    this.texts.join();
  }

  feed(window: Span): void {
    this.current.enter();
    const end = window.end;
    let at = window.start;
    while (at < end) {
      const within = this.within;
      if (within == Within.Nothing || within == Within.Number) this.structure(<u32>load<u8>(at++));
      else if (within == Within.Json) at = this.json(at, end);
      else if (this.escape.isOpen) this.point(this.escape.next(<u32>load<u8>(at++)));
      else at = this.content(at, end);
    }
    this.current.leave();
  }

  /** Content of a string, and the quotation mark or the backslash that ends it. Returns where it goes on. */
  private content(start: usize, end: usize): usize {
    const within = this.within;
    const isText = within == Within.Text;
    const at = isText ? this.meter().take(start, end, Until.Quote) : findEither(start, end, 0x22, 0x5c);
    const isEnd = at < end && load<u8>(at) == 0x22;
    if (within == Within.Name && isEnd && this.name.isEmpty) {
      // Most names stand in one piece: nothing is copied.
      this.within = Within.Nothing;
      this.isNameNext = false;
      this.readName(start, <i32>(at - start));
      return at + 1;
    }
    if (!isText) this.characters(start, at);
    else if (this.isArgument) this.arguments.plain(start, at);
    if (at == end) return at;
    if (isEnd) {
      this.closeString();
      return at + 1;
    }
    return this.escapes(at, end);
  }

  /** Inside arguments or a result of a tool that come as a text. */
  private get isArgument(): bool {
    return this.next == Area.Json && this.nested == 0;
  }

  /** Escapes that stand side by side and whole in the window; else only the backslash is taken. Returns where it goes on. */
  private escapes(start: usize, end: usize): usize {
    let at = start;
    const isPlain = this.within == Within.Text && !this.isArgument;
    const meter = this.meter();
    while (end - at > 5 && load<u8>(at) == 0x5c) {
      const point = this.escape.whole(at);
      at += load<u8>(at, 1) == 0x75 ? 6 : 2;
      if (!isPlain) this.point(point);
      else if (point >= 0) meter.push(point);
    }
    if (at > start) return at;
    this.escape.open();
    return at + 1;
  }

  /** JSON that is given as it stands, without the white space between its marks. Returns where it goes on. */
  private json(start: usize, end: usize): usize {
    const meter = this.meter();
    let at = start;
    while (at < end) {
      if (this.isBehindName) {
        if (load<u8>(at) == 0x3a && this.nested == 1 && meter === this.texts) this.arguments.count++;
        this.isBehindName = false;
      }
      at = meter.take(at, end, Until.JsonMark);
      if (at == end) break;
      const byte = <u32>load<u8>(at++);
      if (byte <= 0x20) {
        while (at < end && load<u8>(at) <= 0x20) at++;
        continue;
      }
      meter.push(byte);
      if (byte == 0x22) {
        this.escape.reset();
        this.within = Within.Text;
        break;
      }
      if ((byte | 0x20) == 0x7b) this.nested++;
      else if (byte != 0x5c && --this.nested == 0) {
        this.within = Within.Nothing;
        this.close();
        break;
      }
    }
    return at;
  }

  /** Of what is given now. */
  private meter(): TextMeter {
    const meter = this.area == Area.Tools || this.next == Area.Tools ? this.tools : this.texts;
    if (meter !== this.current) {
      this.current.leave();
      meter.enter();
      this.current = meter;
    }
    return meter;
  }

  private structure(byte: u32): void {
    if (this.within == Within.Number) {
      if (byte - 0x30 < 10) {
        if (this.number < (<i64>1) << 48) this.number = this.number * 10 + <i64>(byte - 0x30);
        return;
      }
      this.within = Within.Nothing;
      // A bound that is not understood is none: `1e5` is not 1.
      if ((byte | 0x20) == 0x65) this.nextNumber = Number.None;
      this.takeNumber();
    }
    if (byte <= 0x20) return;
    switch (byte) {
      case 0x22:
        return this.openString();
      case 0x7b:
        return this.open(true);
      case 0x5b:
        return this.open(false);
      case 0x7d:
      case 0x5d:
        return this.close();
      case 0x2c:
        this.isNameNext = this.isObject;
        if (this.isObject) this.next = this.area;
        return;
    }
    // To some servers a negative bound is none.
    if (byte == 0x2d) this.nextNumber = Number.None;
    if (byte - 0x30 < 10 && this.nextNumber != Number.None) {
      this.within = Within.Number;
      this.number = <i64>(byte - 0x30);
    }
  }

  private takeNumber(): void {
    if (this.nextNumber == Number.MostOutput) this.mostOutput = max(this.mostOutput, this.number);
    else if (this.nextNumber == Number.Choices) this.choices = max(this.choices, this.number);
    this.nextNumber = Number.None;
  }

  private open(isObject: bool): void {
    if (this.depth < DEPTH) this.areas[this.depth] = (<u8>this.area) | (this.isObject ? 0x80 : 0);
    this.depth++;
    // The members of an object that is data tell what it is.
    this.area = this.next == Area.Data && isObject ? Area.Texts : this.next;
    this.isObject = isObject;
    this.isNameNext = isObject;
    this.next = this.area;
    this.nextNumber = Number.None;
    this.nextString = Within.Text;
    if (isObject && this.area == Area.Texts) this.media.forget();
    if (this.area == Area.Json || this.area == Area.Tools) {
      this.within = Within.Json;
      this.nested = 1;
    }
  }

  private close(): void {
    if (this.depth == 0) return;
    this.depth--;
    this.isNameNext = false;
    if (this.depth >= DEPTH) return;
    const outer = this.areas[this.depth];
    this.area = outer & 0x7f;
    this.isObject = outer >= 0x80;
    this.next = this.area;
  }

  private openString(): void {
    this.escape.reset();
    if (this.isNameNext) {
      this.within = Within.Name;
      this.name.clear();
    } else if (this.nextString != Within.Text) {
      this.within = this.nextString;
    } else if (this.next == Area.Data) {
      this.within = Within.Data;
      this.media.begin();
    } else if (this.next == Area.Texts || this.next == Area.Written) {
      this.within = Within.Text;
      this.meter().separate();
      if (this.isCallNext) {
        this.calls++;
        this.pathDigest = 0;
        this.arguments.begin();
      }
    } else if (this.next == Area.Json || this.next == Area.Tools) {
      this.within = Within.Text;
    } else {
      this.within = Within.Skipped;
    }
  }

  private closeString(): void {
    const within = this.within;
    this.within = Within.Nothing;
    if (within == Within.Name) {
      this.isNameNext = false;
      this.readName(this.name.start, this.name.size);
      return;
    }
    if (within == Within.Data) this.media.end();
    else if (within == Within.Path) this.closePath();
    else if (this.nested > 0) {
      this.meter().push(0x22);
      this.within = Within.Json;
      this.isBehindName = true;
    }
  }

  private closePath(): void {
    const path = this.path.span();
    const digest = fnv1a64(path);
    if (digest == this.pathDigest) return;
    this.pathDigest = digest;
    this.paths++;
    this.meter().insert(path.start, path.end);
  }

  /** Content of a string that is no text for the model. */
  private characters(start: usize, end: usize): void {
    const size = <i32>(end - start);
    switch (this.within) {
      case Within.Name:
        return appendUpTo(this.name, NAME_BYTES + 1, start, size);
      case Within.Model:
        return appendUpTo(this.model, MODEL_BYTES, start, size);
      case Within.Sealed:
        this.sealed += size;
        return;
      case Within.Path:
        return appendUpTo(this.path, PATH_BYTES, start, size);
      case Within.Data:
        return this.media.bytes(start, end);
      case Within.MediaType:
        return this.media.typeBytes(start, size);
    }
  }

  /** A character that was escaped; nothing where it is negative. */
  private point(point: i32): void {
    if (point < 0) return;
    if (this.within == Within.Text) {
      if (this.isArgument) this.arguments.character(point);
      return this.meter().push(point);
    }
    store<u8>(CHARACTER, <u8>min(point, 0x7f));
    this.characters(CHARACTER, CHARACTER + 1);
  }

  /** What the member of this name holds. */
  private readName(name: usize, size: i32): void {
    this.nextNumber = Number.None;
    this.nextString = Within.Text;
    this.isCallNext = false;
    const meaning = size > NAME_BYTES ? <u32>Meaning.None : meaningOf(name, size);
    switch (this.area) {
      case Area.Answer:
        this.next = (meaning & Meaning.AnswerTexts) != 0 ? Area.Written : Area.Skipped;
        return;
      case Area.Written:
        this.next = Area.Skipped;
        if ((meaning & Meaning.Json) != 0) this.next = Area.Json;
        else if ((meaning & Meaning.Written) != 0) this.next = Area.Written;
        else if ((meaning & Meaning.Path) != 0) {
          this.nextString = Within.Path;
          this.path.clear();
        }
        this.isCallNext = (meaning & Meaning.Name) != 0;
        return;
      case Area.Request:
        this.next = Area.Skipped;
        if ((meaning & Meaning.RequestTexts) != 0) this.next = Area.Texts;
        else if ((meaning & Meaning.RequestTools) != 0) this.next = Area.Tools;
        else if ((meaning & Meaning.RequestSettings) != 0) this.next = Area.Settings;
        else if ((meaning & Meaning.Model) != 0) {
          this.nextString = Within.Model;
          this.model.clear();
        } else this.readSetting(meaning);
        return;
      case Area.Settings:
        this.next = Area.Skipped;
        return this.readSetting(meaning);
      case Area.Texts: {
        if ((meaning & Meaning.Role) != 0) this.messages++;
        this.next = Area.Texts;
        if ((meaning & Meaning.Skipped) != 0) this.next = Area.Skipped;
        else if ((meaning & Meaning.Json) != 0) this.next = Area.Json;
        else if ((meaning & Meaning.Data) != 0) this.next = Area.Data;
        else if ((meaning & Meaning.MediaType) != 0) {
          this.nextString = Within.MediaType;
          this.media.beginType();
        } else if ((meaning & Meaning.Sealed) != 0) this.nextString = Within.Sealed;
        else this.isCallNext = (meaning & Meaning.Name) != 0;
        return;
      }
    }
  }

  private readSetting(meaning: u32): void {
    if ((meaning & Meaning.MostOutput) != 0) this.nextNumber = Number.MostOutput;
    else if ((meaning & Meaning.Choices) != 0) this.nextNumber = Number.Choices;
  }
}
