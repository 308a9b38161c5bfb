// What whole responses and streams of events have in common. Servers differ in which of a stream's events have the
// content: deltas, closing events, whole items, or only the response at the end. Each part is taken from the first
// that has it.

import { Buffer, Span, fnv1a64 } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { INPUT_END, INPUT_START, escapedAgain } from "../custom-tool";
import { ErrorBody } from "../error";
import { AnswerHead, ChatEvents, Citation, Finish, MAX_TOOL_CALLS } from "../events";
import { NONE, characterCount, textOf } from "../text";
import { readIncompleteReason } from "./finish";
import { readResponsesUsage } from "./usage";

/** More items of one response, or parts of one item, than this are dropped. */
const MAX_ITEMS: i32 = 4096;

const CUSTOM_CALL: string = "custom_tool_call";

export const enum TextKind {
  Text = 0,
  Refusal = 1,
  Reasoning = 2,
  Summary = 3,
}

export class KnownPart {
  hasText: bool = false;
  hasLogprobs: bool = false;
  annotations: i32 = 0;
  /** Characters of the answer's text before this part. */
  offset: i64 = 0;

  constructor(
    readonly kind: TextKind,
    readonly index: i64,
  ) {}
}

export class KnownItem {
  readonly parts: KnownPart[] = [];
  /** Number of the tool call; -1 for other items, and as long as the call has no name. */
  call: i32 = -1;
  /** Arguments, an image or a seal was handed on, or the item was noted as dropped. */
  isTaken: bool = false;
  /** The call of a tool that takes free text, of which more may come. */
  isOpen: bool = false;
  /** Hash of the item's type; 0 as long as it is not known. */
  typeHash: u64 = 0;

  constructor(
    readonly index: i64,
    /** 0 for an item without id. */
    readonly idHash: u64,
  ) {}

  part(kind: TextKind, index: i64): KnownPart {
    const parts = this.parts;
    for (let i = parts.length - 1; i >= 0; i--) {
      if (parts[i].kind == kind && parts[i].index == index) return parts[i];
    }
    const part = new KnownPart(kind, index);
    if (parts.length < MAX_ITEMS) parts.push(part);
    return part;
  }
}

export class ResponseReader {
  isBegun: bool = false;
  /** The response has ended in one way or another. */
  isFinished: bool = false;

  private readonly items: KnownItem[] = [];
  private toolCalls: i32 = 0;
  /** Characters of text handed on so far. */
  private characters: i64 = 0;
  /** What was handed on last is reasoning. */
  private isReasoning: bool = false;

  constructor(readonly events: ChatEvents) {}

  begin(response: Json): void {
    if (this.isBegun) return;
    this.isBegun = true;
    const head = new AnswerHead();
    head.id = textOf(response.get("id"));
    head.model = textOf(response.get("model"));
    head.created = response.get("created_at").integer(0);
    head.serviceTier = textOf(response.get("service_tier"));
    this.events.begin(head);
  }

  /** Reads a response that has ended, without what was handed on before. */
  readEnd(response: Json): void {
    if (this.isFinished) return;
    this.isFinished = true;
    this.begin(response);
    const streamed = this.items.length;
    const output = response.get("output").items();
    while (output.next()) {
      const item = output.value;
      const known = this.known(output.index, item, streamed);
      if (known) this.readItem(known, item);
    }
    // Of servers that leave out what closes an item.
    for (let i = 0; i < this.items.length; i++) this.endInput(this.items[i]);
    const usage = readResponsesUsage(response.get("usage"));
    if (usage) this.events.usage(usage);
    const status = textOf(response.get("status"));
    if (status.equalsAscii("failed") || response.get("error").kind == JsonKind.Object) {
      const error = ErrorBody.of(response);
      this.events.error(error.kind, error.message);
      return;
    }
    const reason = textOf(response.get("incomplete_details").get("reason"));
    if (!reason.isEmpty) {
      this.events.finish(0, readIncompleteReason(reason), reason, NONE);
    } else if (status.isEmpty || status.equalsAscii("completed")) {
      this.events.finish(0, this.toolCalls > 0 ? Finish.ToolCalls : Finish.Stop, status, NONE);
    } else {
      this.events.finish(0, Finish.Other, status, NONE);
    }
  }

  /** The item at this position of `output`, known by its id where it has no position (-1); null when they are too many. */
  item(index: i64, id: Span): KnownItem | null {
    const items = this.items;
    const hash = id.isEmpty ? 0 : fnv1a64(id);
    for (let i = items.length - 1; i >= 0; i--) {
      if (index >= 0 ? items[i].index == index : hash != 0 && items[i].idHash == hash) return items[i];
    }
    if (items.length >= MAX_ITEMS) {
      this.events.dropped.add("output");
      return null;
    }
    const item = new KnownItem(index, hash);
    items.push(item);
    return item;
  }

  /**
   * What is known of an item of the whole response, of which the stream had `streamed` items. Some servers make up new ids for every event, and some leave out
   * items at the end, which moves the others: an item that cannot be told is taken for one that came before, if any of
   * its type did.
   */
  private known(index: i32, item: Json, streamed: i32): KnownItem | null {
    const id = textOf(item.get("id"));
    const idHash = id.isEmpty ? 0 : fnv1a64(id);
    const typeHash = fnv1a64(textOf(item.get("type")));
    let isOfType = false;
    let found: KnownItem | null = null;
    for (let i = 0; i < streamed; i++) {
      const known = this.items[i];
      if (idHash != 0 && known.idHash == idHash) return known;
      if (known.index == index && (known.typeHash == 0 || known.typeHash == typeHash)) found = known;
      else if (known.typeHash == typeHash) isOfType = true;
    }
    if (found || isOfType) return found;
    return this.item(streamed > 0 ? MAX_ITEMS + index : index, id);
  }

  /** Begins a call whose name is known. Content that other items begin with comes again. */
  startItem(known: KnownItem, item: Json): void {
    const type = textOf(item.get("type"));
    const name = textOf(item.get("name"));
    known.typeHash = fnv1a64(type);
    const id = textOf(item.get("call_id"));
    // xAI tells so of searches that it has run itself.
    const isOwn = id.isEmpty || id.startsWithAscii("xs_");
    const isCall = type.equalsAscii("function_call") || (type.equalsAscii(CUSTOM_CALL) && !isOwn);
    if (known.call >= 0 || name.isEmpty || !isCall) return;
    if (this.toolCalls >= MAX_TOOL_CALLS) {
      this.events.dropped.addNamed("output.", type);
      return;
    }
    this.isReasoning = false;
    known.call = this.toolCalls++;
    this.events.toolCall(0, known.call, id, name);
  }

  /** Reads an item that is complete, without what was handed on before. */
  readItem(known: KnownItem, item: Json): void {
    const type = textOf(item.get("type"));
    known.typeHash = fnv1a64(type);
    if (type.equalsAscii("message")) {
      const parts = item.get("content").items();
      while (parts.next()) this.readPart(known, parts.index, parts.value);
    } else if (type.equalsAscii("reasoning")) {
      const content = item.get("content").items();
      while (content.next()) this.readPart(known, content.index, content.value);
      const summary = item.get("summary").items();
      while (summary.next()) this.readPart(known, summary.index, summary.value);
      const seal = textOf(item.get("encrypted_content"));
      if (seal.isEmpty || !take(known)) return;
      this.isReasoning = false;
      this.events.signature(0, seal);
    } else if (type.equalsAscii("function_call")) {
      this.startItem(known, item);
      const args = item.get("arguments");
      const text = textOf(args);
      // Clients parse the arguments of every call.
      if (args.kind != JsonKind.Object) this.readArguments(known, text.isEmpty ? Span.text("{}") : text);
      else if (known.call >= 0 && take(known)) this.events.toolInput(0, known.call, args.raw());
    } else if (type.equalsAscii(CUSTOM_CALL)) {
      this.startItem(known, item);
      if (known.call < 0) this.events.dropped.addNamed("output.", type);
      this.readInput(known, textOf(item.get("input")));
    } else if (type.equalsAscii("image_generation_call")) {
      const data = textOf(item.get("result"));
      if (!data.isEmpty && take(known)) this.events.image(0, mediaTypeOf(item), data);
    } else if (take(known)) {
      this.events.dropped.addNamed("output.", type);
    }
  }

  /** Reads a part that is complete. */
  readPart(known: KnownItem, index: i64, value: Json): void {
    const type = textOf(value.get("type"));
    const text = textOf(value.get("text"));
    if (type.equalsAscii("output_text")) {
      const part = known.part(TextKind.Text, index);
      this.readWhole(part, text);
      this.readLogprobs(part, value.get("logprobs"));
      const annotations = value.get("annotations").items();
      while (annotations.next()) {
        if (annotations.index >= part.annotations) this.readAnnotation(part, annotations.value);
      }
    } else if (type.equalsAscii("refusal")) {
      this.readWhole(known.part(TextKind.Refusal, index), textOf(value.get("refusal")));
    } else if (type.equalsAscii("reasoning_text")) {
      this.readWhole(known.part(TextKind.Reasoning, index), text);
    } else if (type.equalsAscii("summary_text")) {
      this.readWhole(known.part(TextKind.Summary, index), text);
    } else {
      this.events.dropped.addNamed("output.content.", type);
    }
  }

  /** Hands on the whole text of a part, unless it came before. */
  readWhole(part: KnownPart, text: Span): void {
    if (!part.hasText) this.readText(part, text);
  }

  /** Hands on a piece of a part's text. */
  readText(part: KnownPart, text: Span): void {
    if (text.isEmpty) return;
    const isFirst = !part.hasText;
    part.hasText = true;
    if (part.kind >= TextKind.Reasoning) {
      // The parts of a summary are paragraphs of their own.
      if (isFirst && this.isReasoning) this.events.reasoning(0, Span.text("\\n\\n"));
      this.isReasoning = true;
      this.events.reasoning(0, text);
      return;
    }
    this.isReasoning = false;
    if (part.kind == TextKind.Refusal) return this.events.refusal(0, text);
    if (isFirst) part.offset = this.characters;
    this.characters += characterCount(text);
    this.events.text(0, text);
  }

  /** Hands on probabilities of a part's tokens; `isPiece` tells those of a delta from those of the whole part. */
  readLogprobs(part: KnownPart, list: Json, isPiece: bool = false): void {
    if (list.length() == 0 || list.kind != JsonKind.Array || (part.hasLogprobs && !isPiece)) return;
    part.hasLogprobs = true;
    this.events.logprobs(0, list.raw());
  }

  readAnnotation(part: KnownPart, value: Json): void {
    part.annotations++;
    const url = textOf(value.get("url"));
    if (url.isEmpty) {
      this.events.dropped.addNamed("annotations.", textOf(value.get("type")));
      return;
    }
    const citation = new Citation();
    citation.url = url;
    citation.title = textOf(value.get("title"));
    const start = value.get("start_index").integer(-1);
    const end = value.get("end_index").integer(-1);
    if (start >= 0) citation.start = start + part.offset;
    if (end >= 0) citation.end = end + part.offset;
    this.events.citation(0, citation);
  }

  /** Hands on all arguments of a call, unless they came before. */
  readArguments(known: KnownItem, text: Span): void {
    if (known.call >= 0 && !text.isEmpty && take(known)) this.events.toolArguments(0, known.call, text);
  }

  /** Hands on all text that a custom tool is called with, unless it came before. */
  readInput(known: KnownItem, text: Span): void {
    if (!known.isTaken) this.readInputPiece(known, text);
    this.endInput(known);
  }

  /** Hands on a piece of such a text, as the argument `input` of a function. */
  readInputPiece(known: KnownItem, text: Span): void {
    if (known.call < 0) return;
    if (take(known)) {
      known.isOpen = true;
      this.events.toolArguments(0, known.call, INPUT_START);
    }
    if (!text.isEmpty) this.events.toolArguments(0, known.call, escapedAgain(text));
  }

  private endInput(known: KnownItem): void {
    if (known.isOpen) this.events.toolArguments(0, known.call, INPUT_END);
    known.isOpen = false;
  }

  /** Hands on a piece of a call's arguments. Without the call's name the whole item has to be waited for. */
  readArgumentsPiece(known: KnownItem, text: Span): void {
    if (known.call < 0 || text.isEmpty) return;
    known.isTaken = true;
    this.events.toolArguments(0, known.call, text);
  }
}

/** True the first time. */
function take(known: KnownItem): bool {
  const isFirst = !known.isTaken;
  known.isTaken = true;
  return isFirst;
}

function mediaTypeOf(item: Json): Span {
  const format = textOf(item.get("output_format"));
  const type = new Buffer();
  type.text("image/");
  if (format.isEmpty) type.text("png");
  else type.append(format);
  return type.span();
}
