// An answer as one OpenAI chat completion. Members stand in the order of Higress's own conversion.

import { Buffer, Span } from "../../bytes";
import { JsonWriter } from "../../json";
import { CustomInput } from "../custom-tool";
import { ErrorKind } from "../error";
import { AnswerHead, AnswerWriter, Citation, Finish, MAX_CHOICES } from "../events";
import { NONE, writeValueEscaped } from "../text";
import { toolCallId } from "../tool-id";
import { Usage } from "../usage";
import { writeOpenaiError } from "./error";
import { writeAnnotation, writeImage } from "./extras-writer";
import { openaiFinishName } from "./finish";
import { writeSealedData, writeSealedText, writeToolSignature } from "./seal";
import { writeMember } from "./stream-writer";
import { writeOpenaiUsage } from "./usage";

class Call {
  readonly arguments: Buffer = new Buffer();
  signature: Span = NONE;

  constructor(
    readonly index: i32,
    readonly id: Span,
    readonly name: Span,
    /** Of a tool that takes free text. */
    readonly isCustom: bool,
  ) {}
}

class Choice {
  speaker: Span = NONE;
  readonly content: Buffer = new Buffer();
  readonly reasoning: Buffer = new Buffer();
  readonly refusal: Buffer = new Buffer();
  readonly calls: Call[] = [];
  /** Items of lists, as JSON. */
  readonly details: Buffer = new Buffer();
  readonly annotations: Buffer = new Buffer();
  readonly images: Buffer = new Buffer();
  readonly logprobs: Buffer = new Buffer();
  /** Where the stretch of reasoning begins that is not sealed yet. */
  unsealedFrom: i32 = 0;
  finish: Span = NONE;
}

export class OpenaiAnswerWriter extends AnswerWriter {
  private head: AnswerHead = new AnswerHead();
  private readonly choices: Choice[] = [];
  private lastUsage: Usage | null = null;

  /** `created` (seconds since 1970) stands in where the provider does not tell. */
  constructor(
    private readonly out: Buffer,
    private readonly created: i64,
  ) {
    super();
  }

  begin(head: AnswerHead): void {
    this.head = head.copy();
    this.choice(0);
  }

  speaker(choice: i32, name: Span): void {
    this.choice(choice).speaker = name.copy();
  }

  text(choice: i32, escaped: Span): void {
    this.choice(choice).content.append(escaped);
  }

  reasoning(choice: i32, escaped: Span): void {
    this.choice(choice).reasoning.append(escaped);
  }

  signature(choice: i32, escaped: Span): void {
    const told = this.choice(choice);
    writeSealedText(itemOf(told.details), told.reasoning.span().slice(told.unsealedFrom), escaped);
    told.unsealedFrom = told.reasoning.size;
  }

  redactedReasoning(choice: i32, data: Span): void {
    writeSealedData(itemOf(this.choice(choice).details), data);
  }

  citation(choice: i32, citation: Citation): void {
    writeAnnotation(itemOf(this.choice(choice).annotations), citation);
  }

  image(choice: i32, mediaType: Span, data: Span): void {
    writeImage(itemOf(this.choice(choice).images), mediaType, data);
  }

  logprobs(choice: i32, json: Span): void {
    const list = this.choice(choice).logprobs;
    if (!list.isEmpty) list.push(0x2c);
    list.append(json.slice(1, json.size - 1));
  }

  refusal(choice: i32, escaped: Span): void {
    this.choice(choice).refusal.append(escaped);
  }

  toolCall(choice: i32, index: i32, id: Span, name: Span): void {
    if (this.usesFunctions && index > 0) {
      this.dropped.add("tool_calls");
      return;
    }
    const known = toolCallId(id, this.head.id, index).copy();
    const own = this.toolName(name).copy();
    const isCustom = !this.usesFunctions && this.renamedTools.isCustom(own);
    this.choice(choice).calls.push(new Call(index, known, own, isCustom));
  }

  toolArguments(choice: i32, index: i32, escaped: Span): void {
    const call = this.call(choice, index);
    if (call) call.arguments.append(escaped);
  }

  toolInput(choice: i32, index: i32, json: Span): void {
    const call = this.call(choice, index);
    if (call) writeValueEscaped(call.arguments, json);
  }

  toolSignature(choice: i32, index: i32, escaped: Span): void {
    const call = this.call(choice, index);
    if (call && !this.usesFunctions) call.signature = escaped.copy();
    else this.dropped.add("tool_call.signature");
  }

  finish(choice: i32, reason: Finish, word: Span, detail: Span): void {
    this.choice(choice).finish = openaiFinishName(reason, word, this.usesFunctions).copy();
  }

  usage(usage: Usage): void {
    this.lastUsage = usage.copy();
  }

  error(kind: ErrorKind, message: Span): void {
    this.hasFailed = true;
    writeOpenaiError(this.out, kind, message);
  }

  end(): void {
    if (this.hasFailed) return;
    const out = this.out;
    const head = this.head;
    const json = new JsonWriter(out).object();
    if (!head.id.isEmpty) json.key("id").escaped(head.id);
    json.key("choices").array();
    for (let i = 0; i < this.choices.length; i++) writeChoice(json, i, this.choices[i], this.usesFunctions);
    json
      .end()
      .key("created")
      .integer(head.created > 0 ? head.created : this.created);
    writeMember(out, "model", this.model.isEmpty ? head.model : this.model);
    writeMember(out, "service_tier", head.serviceTier);
    writeMember(out, "system_fingerprint", head.systemFingerprint);
    json.key("object").text("chat.completion").key("usage");
    const usage = this.lastUsage;
    if (usage && usage.total > 0) {
      writeOpenaiUsage(out, usage);
      out.push(0x7d);
    } else {
      json.null_().end();
    }
  }

  /** Choices in between that the provider left out are empty. */
  private choice(index: i32): Choice {
    const known = min(max(index, 0), MAX_CHOICES - 1);
    while (this.choices.length <= known) this.choices.push(new Choice());
    return this.choices[known];
  }

  private call(choice: i32, index: i32): Call | null {
    const calls = this.choice(choice).calls;
    for (let i = calls.length - 1; i >= 0; i--) if (calls[i].index == index) return calls[i];
    return null;
  }
}

function writeChoice(json: JsonWriter, index: i32, choice: Choice, usesFunctions: bool): void {
  json.object().key("index").integer(index).key("message").object();
  if (!choice.speaker.isEmpty) json.key("name").escaped(choice.speaker);
  json.key("role").text("assistant").key("content").escaped(choice.content.span());
  if (!choice.reasoning.isEmpty) json.key("reasoning_content").escaped(choice.reasoning.span());
  writeList(json, "reasoning_details", choice.details);
  if (choice.calls.length > 0) {
    if (usesFunctions) {
      writeFunction(json.key("function_call"), choice.calls[0]);
    } else {
      json.key("tool_calls").array();
      for (let i = 0; i < choice.calls.length; i++) writeCall(json, choice.calls[i]);
      json.end();
    }
  }
  if (!choice.refusal.isEmpty) json.key("refusal").escaped(choice.refusal.span());
  writeList(json, "annotations", choice.annotations);
  writeList(json, "images", choice.images);
  json.end().key("finish_reason");
  const calls = choice.calls.length > 0;
  if (!choice.finish.isEmpty) json.escaped(choice.finish);
  else if (calls) json.escaped(openaiFinishName(Finish.ToolCalls, NONE, usesFunctions));
  else json.null_();
  json.key("logprobs");
  if (choice.logprobs.isEmpty) {
    json.null_().end();
    return;
  }
  writeList(json.object(), "content", choice.logprobs);
  json.key("refusal").null_().end().end();
}

function writeCall(json: JsonWriter, call: Call): void {
  json.object().key("index").integer(call.index).key("id").escaped(call.id).key("type");
  if (call.isCustom) writeCustom(json.text("custom").key("custom"), call);
  else writeFunction(json.text("function").key("function"), call);
  if (!call.signature.isEmpty) writeToolSignature(json, call.signature);
  json.end();
}

function writeCustom(json: JsonWriter, call: Call): void {
  const input = new CustomInput();
  const text = new Buffer(call.arguments.size);
  text.append(input.feed(call.arguments.span()));
  text.append(input.finish());
  json.object().key("name").escaped(call.name).key("input").escaped(text.span()).end();
}

function writeFunction(json: JsonWriter, call: Call): void {
  json.object().key("name").escaped(call.name).key("arguments");
  if (call.arguments.isEmpty) json.text("{}");
  else json.escaped(call.arguments.span());
  json.end();
}

/** Writes the member whose items these are, unless there are none. */
function writeList(json: JsonWriter, name: string, items: Buffer): void {
  if (items.isEmpty) return;
  const list = new Buffer(items.size + 2);
  list.push(0x5b);
  list.append(items.span());
  list.push(0x5d);
  json.key(name).raw(list.span());
}

/** For the next item of a list without its brackets. */
function itemOf(list: Buffer): JsonWriter {
  if (!list.isEmpty) list.push(0x2c);
  return new JsonWriter(list);
}
