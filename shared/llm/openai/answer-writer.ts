// An answer as one OpenAI chat completion. Members stand in the order of Higress's own conversion.

import { Buffer, Span } from "../../bytes";
import { JsonWriter } from "../../json";
import { ErrorKind } from "../error";
import { AnswerHead, AnswerWriter, Finish, MAX_CHOICES } from "../events";
import { NONE, writeValueEscaped } from "../text";
import { toolCallId } from "../tool-id";
import { Usage } from "../usage";
import { writeOpenaiError } from "./error";
import { openaiFinishName } from "./finish";
import { writeMember } from "./stream-writer";
import { writeOpenaiUsage } from "./usage";

class Call {
  readonly arguments: Buffer = new Buffer();

  constructor(
    readonly index: i32,
    readonly id: Span,
    readonly name: Span,
  ) {}
}

class Choice {
  speaker: Span = NONE;
  readonly content: Buffer = new Buffer();
  readonly reasoning: Buffer = new Buffer();
  readonly refusal: Buffer = new Buffer();
  readonly calls: Call[] = [];
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
    this.dropped.add("thinking.signature");
  }

  redactedReasoning(choice: i32, data: Span): void {
    this.dropped.add("redacted_thinking");
  }

  refusal(choice: i32, escaped: Span): void {
    this.choice(choice).refusal.append(escaped);
  }

  toolCall(choice: i32, index: i32, id: Span, name: Span): void {
    this.choice(choice).calls.push(new Call(index, toolCallId(id, this.head.id, index).copy(), name.copy()));
  }

  toolArguments(choice: i32, index: i32, escaped: Span): void {
    const call = this.call(choice, index);
    if (call) call.arguments.append(escaped);
  }

  toolInput(choice: i32, index: i32, json: Span): void {
    const call = this.call(choice, index);
    if (call) writeValueEscaped(call.arguments, json);
  }

  finish(choice: i32, reason: Finish, word: Span, detail: Span): void {
    this.choice(choice).finish = openaiFinishName(reason, word).copy();
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
    for (let i = 0; i < this.choices.length; i++) writeChoice(json, i, this.choices[i]);
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

function writeChoice(json: JsonWriter, index: i32, choice: Choice): void {
  json.object().key("index").integer(index).key("message").object();
  if (!choice.speaker.isEmpty) json.key("name").escaped(choice.speaker);
  json.key("role").text("assistant").key("content").escaped(choice.content.span());
  if (!choice.reasoning.isEmpty) json.key("reasoning_content").escaped(choice.reasoning.span());
  if (choice.calls.length > 0) {
    json.key("tool_calls").array();
    for (let i = 0; i < choice.calls.length; i++) writeCall(json, choice.calls[i]);
    json.end();
  }
  if (!choice.refusal.isEmpty) json.key("refusal").escaped(choice.refusal.span());
  json.end().key("finish_reason");
  if (choice.finish.isEmpty) json.null_();
  else json.escaped(choice.finish);
  json.key("logprobs").null_().end();
}

function writeCall(json: JsonWriter, call: Call): void {
  json.object().key("index").integer(call.index).key("id").escaped(call.id).key("type").text("function");
  json.key("function").object().key("name").escaped(call.name).key("arguments");
  if (call.arguments.isEmpty) json.text("{}");
  else json.escaped(call.arguments.span());
  json.end().end();
}
