// Arguments of a call that come piece by piece, each with the JSON path of what it belongs to:
//
//     {"jsonPath":"$.steps[0].text","stringValue":"more","willContinue":true}
//
// The model writes its arguments from left to right, so that they can be handed on as JSON text while they come:
// what a path leaves is closed, what it enters is opened.

import { Buffer, Span } from "../../bytes";
import { Json, JsonKind, escapeInto } from "../../json";
import { NONE, writeValueEscaped } from "../text";

const MAX_DEPTH: i32 = 64;

/** A step of a path: a name, or a place in a list. */
class Step {
  constructor(
    /** As UTF-8. */
    readonly name: Span,
    /** -1 for a name. */
    readonly index: i32,
  ) {}

  get isIndex(): bool {
    return this.index >= 0;
  }

  equals(other: Step): bool {
    return this.index == other.index && this.name.equals(other.name);
  }
}

export class PartialArguments {
  /** Pieces that stand where nothing can be written any more. */
  lost: i32 = 0;

  /** The way to the value that was written last. */
  private open: Step[] = [];
  private isInString: bool = false;
  private readonly json: Buffer = new Buffer();
  private readonly out: Buffer = new Buffer();

  /** The JSON text that these pieces add, as string content; valid until the next call. */
  add(pieces: Json): Span {
    this.begin();
    const items = pieces.items();
    while (items.next()) this.piece(items.value);
    return this.written();
  }

  /** The rest of the JSON text, as string content. */
  finish(): Span {
    this.begin();
    this.closeTo(0);
    this.json.text(this.open.length > 0 ? "}" : "{}");
    return this.written();
  }

  private piece(piece: Json): void {
    const path = stepsOf(piece.get("jsonPath"));
    const text = piece.get("stringValue");
    const open = this.open;
    let same = 0;
    while (same < path.length && same < open.length && path[same].equals(open[same])) same++;
    if (same == path.length && same == open.length && this.isInString) {
      this.json.append(text.escaped());
      return;
    }
    const isReachable =
      same < path.length &&
      !path[0].isIndex &&
      (open.length == 0 || (same < open.length && path[same].isIndex == open[same].isIndex));
    if (!isReachable) {
      this.lost++;
      return;
    }
    if (open.length > 0) {
      this.closeTo(same);
      this.json.push(0x2c);
    } else {
      this.json.push(0x7b);
    }
    for (let i = same; i < path.length; i++) {
      if (i > same) this.json.push(path[i].isIndex ? 0x5b : 0x7b);
      if (path[i].isIndex) continue;
      this.json.push(0x22);
      escapeInto(this.json, path[i].name);
      this.json.push(0x22);
      this.json.push(0x3a);
    }
    this.open = path;
    this.isInString = text.kind == JsonKind.String;
    if (this.isInString) {
      this.json.push(0x22);
      this.json.append(text.escaped());
    } else {
      this.json.append(scalarOf(piece));
    }
  }

  /** Closes the string, and what is open inside the container of step `level`. */
  private closeTo(level: i32): void {
    if (this.isInString) this.json.push(0x22);
    this.isInString = false;
    for (let i = this.open.length - 1; i > level; i--) this.json.push(this.open[i].isIndex ? 0x5d : 0x7d);
  }

  private begin(): void {
    this.json.clear();
    this.out.clear();
    // A quote, taken away again below: it tells that the text goes on inside a string.
    this.startsInString = this.isInString;
    if (this.isInString) this.json.push(0x22);
  }

  private startsInString: bool = false;

  private written(): Span {
    writeValueEscaped(this.out, this.json.span());
    return this.out.span().slice(this.startsInString ? 2 : 0);
  }
}

function scalarOf(piece: Json): Span {
  const number = piece.get("numberValue");
  if (number.kind == JsonKind.Number) return number.raw();
  const flag = piece.get("boolValue");
  return flag.kind == JsonKind.Bool ? flag.raw() : Span.text("null");
}

/** The steps of `$.a['b c'][0]`; none when it is no such path. */
function stepsOf(value: Json): Step[] {
  const path = value.bytes();
  const steps: Step[] = [];
  let at = path.at(0) == 0x24 ? 1 : 0;
  while (at < path.size && steps.length <= MAX_DEPTH) {
    const first = path.at(at);
    const start = at + 1;
    if (first == 0x5b) {
      const quote = path.at(start);
      if (quote == 0x27 || quote == 0x22) {
        let end = start + 1;
        while (end < path.size && path.at(end) != quote) end += path.at(end) == 0x5c ? 2 : 1;
        steps.push(new Step(unquoted(path.slice(start + 1, end)), -1));
        at = end + 2;
      } else {
        let index = 0;
        at = start;
        while (at < path.size && path.at(at) != 0x5d) index = index * 10 + ((path.at(at++) - 0x30) & 15);
        steps.push(new Step(NONE, index & i32.MAX_VALUE));
        at++;
      }
    } else {
      at = start;
      while (at < path.size && path.at(at) != 0x2e && path.at(at) != 0x5b) at++;
      steps.push(new Step(path.slice(first == 0x2e ? start : start - 1, at).copy(), -1));
    }
  }
  return steps.length > MAX_DEPTH ? [] : steps;
}

/** A quoted name without the backslashes that it has before quotes and backslashes. */
function unquoted(name: Span): Span {
  const plain = new Buffer(name.size);
  for (let i = 0; i < name.size; i++) {
    if (name.at(i) == 0x5c && i + 1 < name.size) i++;
    plain.push(name.at(i));
  }
  return plain.span();
}
