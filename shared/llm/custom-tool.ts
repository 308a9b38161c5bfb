// Tools that take free text, which only OpenAI's dialects have ("custom tools"). Elsewhere such a tool is a function with
// one argument, the text `input`; calls that a model makes of it are taken apart again for the client, also in streams.

import { Buffer, Span } from "../bytes";
import { Json, JsonKind, JsonWriter, unescapeInto } from "../json";
import { ChatPart, ChatRequest, ChatTool, PartKind } from "./chat";
import { NONE, objectInText, textOf, writeQuoted, writeValueEscaped } from "./text";

/** What cannot be kept in a function: that the input has to follow a grammar. */
const FORMAT: string = "tools.custom.format";

const PARAMETERS: Span = Span.text(
  '{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}',
);

/** Arguments up to the text, and what follows it, as escaped content. */
export const INPUT_START: Span = Span.text('{\\"input\\":\\"');
export const INPUT_END: Span = Span.text('\\"}');

/** Arguments that are no `{"input":"…"}` are kept until they end, up to this. */
const MAX_HELD_BYTES: i32 = 1 << 20;

/**
 * Makes a function of a custom tool: `named` has its name, description and format, where a grammar's syntax and definition
 * stand in `grammar` in chat completions. The grammar is told in the description.
 */
export function readCustomTool(request: ChatRequest, tool: ChatTool, named: Json): void {
  tool.isCustom = true;
  tool.ownDescription = textOf(named.get("description"));
  tool.description = tool.ownDescription;
  tool.parameters = PARAMETERS;
  request.renamedTools.addCustom(tool.name);
  const format = named.get("format");
  const nested = format.get("grammar");
  const grammar = nested.kind == JsonKind.Object ? nested : format;
  tool.grammar = textOf(grammar.get("definition"));
  tool.syntax = textOf(grammar.get("syntax"));
  if (tool.grammar.isEmpty) {
    const type = textOf(format.get("type"));
    if (!type.isEmpty && !type.equalsAscii("text")) request.dropped.addNamed(FORMAT + ".", type);
    return;
  }
  request.dropped.add(FORMAT);
  const description = new Buffer(tool.description.size + tool.grammar.size + 64);
  description.append(tool.description);
  description.text((tool.description.isEmpty ? "" : "\\n\\n") + "The input follows this grammar (");
  description.append(tool.syntax);
  description.text("):\\n");
  description.append(tool.grammar);
  tool.description = description.span();
}

/** Writes the members `name`, `description` and `format`; `nests`: as chat completions have the format. */
export function writeCustomTool(json: JsonWriter, tool: ChatTool, nests: bool): void {
  json.key("name").escaped(tool.name);
  if (!tool.ownDescription.isEmpty) json.key("description").escaped(tool.ownDescription);
  if (tool.grammar.isEmpty) return;
  json.key("format").object().key("type").text("grammar");
  if (nests) json.key("grammar").object();
  json.key("syntax").escaped(tool.syntax).key("definition").escaped(tool.grammar).end();
  if (nests) json.end();
}

/** For writers that keep grammars. */
export function keepFormats(request: ChatRequest): void {
  request.dropped.remove(FORMAT);
}

/** The call of a custom tool as one of a function. */
export function customCall(name: Span, input: Span): ChatPart {
  const part = new ChatPart(PartKind.ToolCall);
  part.name = name;
  part.isCustom = true;
  const json = new Buffer(input.size + 16);
  new JsonWriter(json).object().key("input").escaped(input).end();
  part.json = json.span();
  return part;
}

/** What a custom tool is called with. */
export function inputOf(call: ChatPart): Span {
  return textOf(Json.read(call.json).get("input"));
}

/** Escaped content escaped once more, as it stands in the text of a JSON document. */
export function escapedAgain(escaped: Span): Span {
  const quoted = new Buffer(escaped.size + 2);
  writeQuoted(quoted, escaped);
  const out = new Buffer(escaped.size + 16);
  writeValueEscaped(out, quoted.span());
  return out.span().slice(2, out.size - 2);
}

const QUOTE: i32 = 0x22;
const BACKSLASH: i32 = 0x5c;
const U: i32 = 0x75;

/** `State` counts the characters of this that were met, spaces left out. */
const START: string = '{"input":"';

const enum State {
  Start = 0,
  Text = 10,
  /** What follows the text says nothing. */
  End = 11,
  /** Arguments that begin otherwise are looked at as a whole. */
  Other = 12,
  /** They are too long for that, and handed on as they are. */
  Raw = 13,
}

/** Bytes of an escape like `\ud83d`. */
const LONG: i32 = 6;
const ESCAPES: Span = Span.text('"\\/bfnrtu');
const FIRST_HALVES: Span = Span.text("89abAB");

/** Takes the text out of a call's arguments, which come in pieces of escaped content. */
export class CustomInput {
  private state: i32 = State.Start;
  private readonly held: Buffer = new Buffer(0);
  /** An escape of the text that is not complete, and the first half of a surrogate pair before it. */
  private readonly unit: Buffer = new Buffer(0);
  private readonly scratch: Buffer = new Buffer(0);
  private readonly out: Buffer = new Buffer(0);

  /** The piece of the text that this piece of the arguments has, escaped; valid until the next call. */
  feed(escaped: Span): Span {
    if (this.state == State.Raw) return escaped;
    this.out.clear();
    if (this.state != State.Text && this.state != State.End) this.held.append(escaped);
    for (let at = 0; at < escaped.size && this.state <= State.Text;) {
      const isEscape = escaped.at(at) == BACKSLASH;
      const source = escaped.slice(at, at + (isEscape ? (escaped.at(at + 1) == U ? LONG : 2) : 1));
      at += source.size;
      const byte = isEscape ? this.character(source) : source.at(0);
      if (this.state == State.Text) this.read(byte, source);
      else if (byte == START.charCodeAt(this.state)) this.state++;
      else if (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09) this.state = State.Other;
    }
    if (this.state == State.Text || this.state == State.End) this.held.clear();
    if (this.held.size <= MAX_HELD_BYTES) return this.out.span();
    this.state = State.Raw;
    return this.held.span();
  }

  /** What is left of the text when the call is complete. */
  finish(): Span {
    const state = this.state;
    this.state = State.End;
    if (state == State.Text) return this.unit.size < LONG ? NONE : this.unit.span().slice(0, LONG);
    if (state == State.End || state == State.Raw) return NONE;
    const held = this.held.span();
    const value = Json.read(objectInText(held));
    if (!value.exists) return held;
    const input = value.get("input");
    if (input.kind == JsonKind.String) return input.escaped();
    return value.length() == 0 ? NONE : held;
  }

  /** The character that an escape stands for, -1 where it is no ASCII. */
  private character(escape: Span): i32 {
    this.scratch.clear();
    unescapeInto(this.scratch, escape);
    return this.scratch.size == 1 ? this.scratch.span().at(0) : -1;
  }

  /** Reads one character of the text, which came as `source`. */
  private read(byte: i32, source: Span): void {
    const unit = this.unit;
    const from = unit.size > LONG ? LONG : 0;
    const size = unit.size - from;
    if (size % LONG != 0) {
      if (size == 1 ? ESCAPES.indexOf(byte) >= 0 : isHexDigit(byte)) {
        unit.push(byte);
        if (unit.span().at(from + 1) != U || size + 1 == LONG) this.flushPair();
        return;
      }
      // No escape, although it began like one: the backslash is meant itself.
      this.out.append(unit.span().slice(0, from));
      this.out.push(BACKSLASH);
      unit.drop(from);
      this.flush();
    }
    if (byte == BACKSLASH) {
      unit.push(BACKSLASH);
    } else if (byte == QUOTE) {
      this.flush();
      this.state = State.End;
    } else {
      unit.append(source);
      this.flushPair();
    }
  }

  /** The first half of a surrogate pair waits for the other: apart, neither is a character. */
  private flushPair(): void {
    const unit = this.unit.span();
    const isHalf = unit.size == LONG && unit.at(0) == BACKSLASH && (unit.at(2) | 0x20) == 0x64;
    if (!isHalf || FIRST_HALVES.indexOf(unit.at(3)) < 0) this.flush();
  }

  private flush(): void {
    this.out.append(this.unit.span());
    this.unit.clear();
  }
}

function isHexDigit(byte: i32): bool {
  return <u32>(byte - 0x30) < 10 || <u32>((byte | 0x20) - 0x61) < 6;
}
