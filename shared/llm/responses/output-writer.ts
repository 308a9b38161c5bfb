// What whole responses and streams of events have in common: both end with the whole response, so both gather it.
//
// A message or a stretch of reasoning is closed when something else begins; calls stay open until the answer ends,
// since providers may send their arguments in turns.

import { Buffer, Span } from "../../bytes";
import { JsonWriter } from "../../json";
import { ChatRequest } from "../chat";
import { ErrorKind } from "../error";
import { AnswerHead, AnswerWriter, Citation, Finish } from "../events";
import { NONE, characterCount, writeValueEscaped } from "../text";
import { toolCallId } from "../tool-id";
import { Usage } from "../usage";
import { incompleteReason } from "./finish";
import { ItemType, OutputItem, OutputPart, PartType } from "./output";
import { SEAL_OF_CALL, SEAL_OF_REDACTED } from "./reasoning";
import { responseSettings } from "./settings";
import { writeResponsesUsage } from "./usage";

/** Bytes of an answer that are kept for the response at its end; more end it with an error. */
const MAX_KEPT_BYTES: i32 = 32 << 20;
/** What an item takes beside its content. */
const ITEM_BYTES: i32 = 512;
const TOO_MUCH: string = "The model's answer is longer than the gateway accepts.";

export abstract class OutputWriter extends AnswerWriter {
  /** What the response repeats of the request, as `responseSettings` gives it. */
  settings: Span = NONE;

  protected items: OutputItem[] = [];
  protected isBegun: bool = false;
  protected head: AnswerHead = new AnswerHead();

  /** The message or reasoning that is being written. */
  private current: OutputItem | null = null;
  private keptBytes: i32 = 0;
  /** Characters of the text in parts that are closed. */
  private characters: i64 = 0;
  /** `incomplete_details.reason`; empty for an answer that is complete. */
  private incomplete: Span = NONE;
  private lastUsage: Usage = new Usage();

  /** `created` (seconds since 1970) stands in where the provider does not tell. */
  constructor(
    protected readonly out: Buffer,
    private readonly created: i64,
  ) {
    super();
  }

  begin(head: AnswerHead): void {
    if (this.isBegun) return;
    this.isBegun = true;
    this.head = head.copy();
    if (this.head.created == 0) this.head.created = this.created;
    if (head.id.isEmpty) this.head.id = Span.text("resp_" + this.head.created.toString());
    if (this.settings.isEmpty) this.settings = responseSettings(new ChatRequest());
    this.begun();
  }

  text(choice: i32, escaped: Span): void {
    if (this.isOther(choice)) return;
    this.content(PartType.Text, escaped);
  }

  refusal(choice: i32, escaped: Span): void {
    if (this.isOther(choice)) return;
    this.content(PartType.Refusal, escaped);
  }

  reasoning(choice: i32, escaped: Span): void {
    if (this.isOther(choice)) return;
    const item = this.itemOf(ItemType.Reasoning);
    const part = item.lastPart;
    this.grow(item, part ? part : this.addPart(item, PartType.Other), escaped);
  }

  signature(choice: i32, escaped: Span): void {
    if (this.isOther(choice)) return;
    this.itemOf(ItemType.Reasoning).seal = escaped.copy();
    this.closeCurrent();
  }

  redactedReasoning(choice: i32, data: Span): void {
    this.sealed(choice, SEAL_OF_REDACTED, data);
  }

  toolSignature(choice: i32, index: i32, escaped: Span): void {
    this.sealed(choice, SEAL_OF_CALL, escaped);
  }

  toolCall(choice: i32, index: i32, id: Span, name: Span): void {
    if (this.isOther(choice)) return;
    this.closeCurrent();
    let known = toolCallId(id, this.head.id, index);
    // Clients refuse a response in which two calls have one id.
    for (let i = 0; i < this.items.length; i++) {
      if (this.items[i].callId.equals(known)) known = toolCallId(NONE, this.head.id, index);
    }
    const own = this.toolName(name);
    const type = this.renamedTools.isCustom(own) ? ItemType.CustomCall : ItemType.FunctionCall;
    const item = new OutputItem(type, this.items.length, this.head.id);
    item.call = index;
    item.callId = known.copy();
    item.name = own.copy();
    item.parts.push(new OutputPart(PartType.Other, 0));
    this.add(item);
  }

  toolArguments(choice: i32, index: i32, escaped: Span): void {
    if (this.isOther(choice)) return;
    for (let i = this.items.length - 1; i >= 0; i--) {
      const item = this.items[i];
      const part = item.lastPart;
      if (item.call != index || !part || item.isDone) continue;
      const input = item.input;
      return this.grow(item, part, input ? input.feed(escaped) : escaped);
    }
    this.dropped.add("tool_calls.function.arguments");
  }

  toolInput(choice: i32, index: i32, json: Span): void {
    const escaped = new Buffer(json.size);
    writeValueEscaped(escaped, json);
    this.toolArguments(choice, index, escaped.span());
  }

  citation(choice: i32, citation: Citation): void {
    if (this.isOther(choice)) return;
    const item = this.current;
    const part = textOf(item);
    if (!item || !part || citation.url.isEmpty) {
      this.dropped.add("citations");
      return;
    }
    const annotation = new Buffer();
    const end = citation.end < 0 ? characterCount(part.text.span()) : citation.end - part.offset;
    new JsonWriter(annotation)
      .object()
      .key("type")
      .text("url_citation")
      .key("start_index")
      .integer(max(citation.start - part.offset, 0))
      .key("end_index")
      .integer(max(end, 0))
      .key("url")
      .escaped(citation.url)
      .key("title")
      .escaped(citation.title)
      .end();
    if (!this.keep(annotation.size)) return;
    appendTo(part.annotations, annotation.span());
    this.annotated(item, part, annotation.span());
    part.annotationCount++;
  }

  logprobs(choice: i32, json: Span): void {
    if (this.isOther(choice)) return;
    const item = this.current;
    const part = textOf(item);
    if (!item || !part) {
      this.dropped.add("logprobs");
      return;
    }
    const list = json.slice(1, json.size - 1);
    if (list.isEmpty || !this.keep(list.size)) return;
    appendTo(part.logprobs, list);
    this.scored(item, part, list);
  }

  image(choice: i32, mediaType: Span, data: Span): void {
    if (this.isOther(choice)) return;
    this.closeCurrent();
    const item = new OutputItem(ItemType.Image, this.items.length, this.head.id);
    const format = mediaType.slice(mediaType.indexOf(0x2f) + 1).copy();
    item.format = format.isEmpty ? Span.text("png") : format;
    this.add(item);
    if (!this.keep(data.size)) return;
    const part = new OutputPart(PartType.Other, 0);
    part.text.append(data);
    item.parts.push(part);
    this.closeItem(item);
  }

  finish(choice: i32, reason: Finish, word: Span, detail: Span): void {
    if (this.isOther(choice)) return;
    this.incomplete = incompleteReason(reason, word).copy();
  }

  usage(usage: Usage): void {
    this.lastUsage = usage.copy();
  }

  error(kind: ErrorKind, message: Span): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.failed(kind, message);
  }

  end(): void {
    if (this.hasFailed) return;
    if (!this.isBegun) this.begin(new AnswerHead());
    this.closeAll();
    this.ended(this.incomplete.isEmpty ? "completed" : "incomplete");
  }

  /** The response is known but for its output. */
  protected abstract begun(): void;
  /** The response is complete. */
  protected abstract ended(status: string): void;
  protected abstract failed(kind: ErrorKind, message: Span): void;
  protected added(item: OutputItem): void {}
  protected partAdded(item: OutputItem, part: OutputPart): void {}
  protected grown(item: OutputItem, part: OutputPart, escaped: Span): void {}
  /** Called before the annotation is counted. */
  protected annotated(item: OutputItem, part: OutputPart, annotation: Span): void {}
  protected scored(item: OutputItem, part: OutputPart, list: Span): void {}
  protected partClosed(item: OutputItem, part: OutputPart): void {}
  protected closed(item: OutputItem): void {}

  /** Writes the response. `error` is its value in JSON; empty for none. */
  protected writeResponse(status: string, error: Span): void {
    const head = this.head;
    const isOver = status != "in_progress";
    const json = new JsonWriter(this.out).object().key("id").escaped(head.id);
    json.key("object").text("response").key("created_at").integer(head.created).key("status").text(status);
    json.key("background").bool(false).key("error").raw(error).key("incomplete_details");
    if (isOver && !this.incomplete.isEmpty) json.object().key("reason").escaped(this.incomplete).end();
    else json.null_();
    json
      .key("model")
      .escaped(this.model.isEmpty ? head.model : this.model)
      .key("output")
      .array();
    for (let i = 0; isOver && i < this.items.length; i++) this.items[i].write(json);
    json.end().key("usage");
    if (isOver) writeResponsesUsage(json, this.lastUsage);
    else json.null_();
    json.key("service_tier");
    if (head.serviceTier.isEmpty) json.text("default");
    else json.escaped(head.serviceTier);
    this.out.append(this.settings);
    json.end();
  }

  /** True for what the dialect has no place for: every choice but the first, and all after an error. */
  private isOther(choice: i32): bool {
    if (choice != 0) this.dropped.add("choices");
    if (choice != 0 || this.hasFailed) return true;
    if (!this.isBegun) this.begin(new AnswerHead());
    return false;
  }

  /** An item of reasoning that has nothing but what seals it. */
  private sealed(choice: i32, prefix: string, data: Span): void {
    if (this.isOther(choice)) return;
    this.closeCurrent();
    const seal = new Buffer(data.size + prefix.length);
    seal.text(prefix);
    seal.append(data);
    this.itemOf(ItemType.Reasoning).seal = seal.take();
    this.closeCurrent();
  }

  private content(type: PartType, escaped: Span): void {
    const item = this.itemOf(ItemType.Message);
    let part = item.lastPart;
    if (part && part.type != type) this.closePart(item);
    if (!part || part.type != type) part = this.addPart(item, type);
    this.grow(item, part, escaped);
  }

  /** The item of this type that is being written, or a new one. */
  private itemOf(type: ItemType): OutputItem {
    const current = this.current;
    if (current && current.type == type) return current;
    this.closeCurrent();
    const item = new OutputItem(type, this.items.length, this.head.id);
    this.current = item;
    this.add(item);
    return item;
  }

  private add(item: OutputItem): void {
    if (!this.keep(ITEM_BYTES + item.name.size + item.callId.size)) return;
    this.added(item);
    this.items.push(item);
  }

  private addPart(item: OutputItem, type: PartType): OutputPart {
    const part = new OutputPart(type, this.characters);
    item.parts.push(part);
    this.partAdded(item, part);
    return part;
  }

  private grow(item: OutputItem, part: OutputPart, escaped: Span): void {
    if (escaped.isEmpty || !this.keep(escaped.size)) return;
    part.text.append(escaped);
    this.grown(item, part, escaped);
  }

  private closePart(item: OutputItem): void {
    const part = item.lastPart;
    if (!part) return;
    if (part.type == PartType.Text) this.characters += characterCount(part.text.span());
    this.partClosed(item, part);
  }

  private closeCurrent(): void {
    const current = this.current;
    if (!current) return;
    this.current = null;
    this.closeItem(current);
  }

  private closeItem(item: OutputItem): void {
    if (this.hasFailed || item.isDone) return;
    const part = item.lastPart;
    const input = item.input;
    if (input && part) this.grow(item, part, input.finish());
    // Clients parse the arguments of every call.
    if (item.type == ItemType.FunctionCall && part && part.text.isEmpty) {
      this.grow(item, part, Span.text("{}"));
    }
    item.isDone = true;
    item.status = this.incomplete.isEmpty ? "completed" : "incomplete";
    this.closePart(item);
    this.closed(item);
  }

  private closeAll(): void {
    this.current = null;
    for (let i = 0; i < this.items.length; i++) this.closeItem(this.items[i]);
  }

  /** Counts what is kept; false when it is too much, which is told to the client. */
  private keep(bytes: i32): bool {
    this.keptBytes += bytes;
    if (this.keptBytes > MAX_KEPT_BYTES) this.error(ErrorKind.Api, Span.text(TOO_MUCH));
    return !this.hasFailed;
  }
}

/** The text of the message that is being written; null when there is none. */
function textOf(item: OutputItem | null): OutputPart | null {
  const part = item ? item.lastPart : null;
  return part && part.type == PartType.Text ? part : null;
}

/** Appends elements to a list. */
function appendTo(list: Buffer, elements: Span): void {
  if (!list.isEmpty) list.push(0x2c);
  list.append(elements);
}
