// Words of one action, between its delimiters. https://pkg.go.dev/text/template

import { Buffer, Span, isUtf8 } from "../bytes";
import { digitValue, encodePoint, pointAt, pointSize } from "./code-point";

export const enum Token {
  /** `}}`, or ` -}}` */
  Close,
  Space,
  /** `.name` */
  Field,
  /** `$name` */
  Variable,
  Identifier,
  /** A string's content is `Lexer.value`. */
  String,
  /** A character's number is `Lexer.number`. */
  Character,
  Number,
  Dot,
  Pipe,
  Open,
  End,
  Comma,
  Declare,
  Assign,
  Error,
}

export class Lexer {
  token: Token = Token.Close;
  /** Where the present token is. */
  start: i32 = 0;
  at: i32 = 0;
  value: Span = Span.empty();
  number: i64 = 0;
  error: string = "";
  /** Of Close: white space after it goes. */
  trimsAfter: bool = false;

  constructor(readonly source: Span) {}

  get text(): Span {
    return this.source.slice(this.start, this.at);
  }

  /** Reads the next token. */
  next(): void {
    const source = this.source;
    const start = this.at;
    this.start = start;
    const byte = source.at(start);
    this.trimsAfter = false;
    if (isSpace(byte)) {
      let at = start;
      while (isSpace(source.at(at))) at++;
      this.trimsAfter = source.at(at) == 0x2d && this.closes(at + 1);
      this.at = this.trimsAfter ? at + 3 : at;
      this.token = this.trimsAfter ? Token.Close : Token.Space;
      return;
    }
    if (this.closes(start)) {
      this.at = start + 2;
      this.token = Token.Close;
      return;
    }
    this.at++;
    const next = source.at(start + 1);
    if (byte < 0) this.fail("unclosed action");
    else if (byte == 0x2e && isDigit(next)) this.lexNumber();
    else if (byte == 0x2e && (isLetter(next) || isDigit(next))) this.word(Token.Field);
    else if (byte == 0x2e) this.token = Token.Dot;
    else if (byte == 0x24) this.word(Token.Variable);
    else if (isLetter(byte)) {
      this.word(Token.Identifier);
    } else if (byte == 0x22) this.quoted();
    else if (byte == 0x60) this.raw();
    else if (byte == 0x27) this.character();
    else if (byte == 0x7c) this.token = Token.Pipe;
    else if (byte == 0x28) this.token = Token.Open;
    else if (byte == 0x29) this.token = Token.End;
    else if (byte == 0x2c) this.token = Token.Comma;
    else if (byte == 0x3d) this.token = Token.Assign;
    else if (byte == 0x3a && next == 0x3d) {
      this.at++;
      this.token = Token.Declare;
    } else if (isDigit(byte) || ((byte == 0x2b || byte == 0x2d) && (isDigit(next) || next == 0x2e))) {
      this.lexNumber();
    } else {
      this.at = start + pointSize(source, start);
      this.fail("unexpected " + inQuotes(this.text) + " in an action");
    }
  }

  private closes(at: i32): bool {
    return this.source.at(at) == 0x7d && this.source.at(at + 1) == 0x7d;
  }

  private word(token: Token): void {
    while (isLetter(this.source.at(this.at)) || isDigit(this.source.at(this.at))) this.at++;
    this.token = token;
    const next = this.source.at(this.at);
    const ends =
      next < 0 ||
      isSpace(next) ||
      next == 0x2e ||
      next == 0x2c ||
      next == 0x7c ||
      next == 0x29 ||
      next == 0x28;
    if (!ends && next != 0x3a && next != 0x3d && !(next == 0x7d && this.source.at(this.at + 1) == 0x7d))
      this.fail(
        "bad character " + inQuotes(this.source.slice(this.at, this.at + pointSize(this.source, this.at))),
      );
  }

  private lexNumber(): void {
    this.token = Token.Number;
    const source = this.source;
    while (true) {
      const byte = source.at(this.at);
      const before = source.at(this.at - 1) | 0x20;
      const hex =
        (source.at(this.start) == 0x30 ? source.at(this.start + 1) : source.at(this.start + 2)) | 0x20;
      const isSign = (byte == 0x2b || byte == 0x2d) && (before == 0x70 || (before == 0x65 && hex != 0x78));
      if (!isDigit(byte) && !isLetter(byte) && byte != 0x2e && !isSign) break;
      this.at++;
    }
  }

  private quoted(): void {
    const source = this.source;
    const out = new Buffer(16);
    this.token = Token.String;
    while (true) {
      const byte = source.at(this.at);
      if (byte < 0 || byte == 0x0a) return this.fail("unterminated quoted string");
      if (byte == 0x22) break;
      if (byte != 0x5c) {
        out.push(byte);
        this.at++;
      } else if (!this.escape(out, 0x22))
        return this.fail("a quoted string has an escape that does not exist");
    }
    this.at++;
    this.value = out.span();
  }

  private raw(): void {
    const end = this.source.indexOf(0x60, this.at);
    if (end < 0) return this.fail("unterminated raw quoted string");
    this.value = this.source.slice(this.at, end);
    this.at = end + 1;
    this.token = Token.String;
  }

  private character(): void {
    const out = new Buffer(16);
    this.token = Token.Character;
    const byte = this.source.at(this.at);
    if (byte < 0 || byte == 0x0a || byte == 0x27) return this.fail("a character constant holds no character");
    if (byte == 0x5c) {
      if (!this.escape(out, 0x27)) return this.fail("a character constant has an escape that does not exist");
    } else {
      const size = pointSize(this.source, this.at);
      out.append(this.source.slice(this.at, this.at + size));
      this.at += size;
    }
    if (this.source.at(this.at) != 0x27) return this.fail("unterminated character constant");
    this.at++;
    const text = out.span();
    this.number = text.size == 1 && !isUtf8(text) ? <i64>text.at(0) : <i64>pointAt(text, 0);
  }

  /** Appends what the escape at the present place stands for. */
  private escape(out: Buffer, quote: i32): bool {
    const source = this.source;
    const letter = source.at(this.at + 1);
    const plain = "abfnrtv\\".indexOf(String.fromCharCode(max(letter, 0)));
    this.at += 2;
    if (plain >= 0) {
      out.push([7, 8, 12, 10, 13, 9, 11, 0x5c][plain]);
      return true;
    }
    if (letter == quote) {
      out.push(letter);
      return true;
    }
    let size = letter == 0x78 ? 2 : letter == 0x75 ? 4 : letter == 0x55 ? 8 : 0;
    let value: u32 = 0;
    if (size == 0) {
      if (<u32>(letter - 0x30) > 7) return false;
      this.at--;
      for (let i = 0; i < 3; i++) {
        const digit = <u32>(source.at(this.at++) - 0x30);
        if (digit > 7) return false;
        value = value * 8 + digit;
      }
      if (value > 255) return false;
      out.push(<i32>value);
      return true;
    }
    for (; size > 0; size--) {
      const digit = digitValue(source.at(this.at++));
      if (digit < 0) return false;
      value = (value << 4) | (<u32>digit);
    }
    if (letter == 0x78) out.push(<i32>value);
    else if (value > 0x10ffff || (value & 0xfffff800) == 0xd800) return false;
    else encodePoint(out, value);
    return true;
  }

  private fail(error: string): void {
    this.token = Token.Error;
    if (this.error.length == 0) this.error = error;
  }
}

/** The text in quotes, for messages. */
export function inQuotes(text: Span): string {
  return '"' + text.toString() + '"';
}

export function isSpace(byte: i32): bool {
  return byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d;
}

export function isDigit(byte: i32): bool {
  return <u32>(byte - 0x30) < 10;
}

/** A letter of any script: what is no ASCII counts as one. */
export function isLetter(byte: i32): bool {
  return <u32>((byte | 0x20) - 0x61) < 26 || byte == 0x5f || byte >= 0x80;
}
