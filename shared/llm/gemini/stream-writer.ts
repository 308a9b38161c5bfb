// An answer as a stream of `GenerateContentResponse`, each with what is new:
//
//     data: {"candidates":[{"content":{"parts":[{"text":…}],"role":"model"},"index":0}],"modelVersion":…,
//            "responseId":…}
//
// Reasons to finish and usage come in the last one. A call is written when its arguments are complete.

import { Buffer, Span } from "../../bytes";
import { JsonWriter } from "../../json";
import { ErrorKind } from "../error";
import { AnswerHead, AnswerWriter, Finish, MAX_CHOICES } from "../events";
import { NONE } from "../text";
import { Usage } from "../usage";
import { writeGeminiError } from "./error";
import { geminiFinishName } from "./finish";
import { GeminiCall, writeCallPart, writeInlinePart, writeTextPart } from "./parts";
import { writeGeminiUsage } from "./usage";

class Candidate {
  /** Calls that are not written yet; what is said meanwhile does not wait for arguments that are incomplete. */
  calls: GeminiCall[] = [];
  readonly refusal: Buffer = new Buffer();
  finish: string = "";
}

export class GeminiStreamWriter extends AnswerWriter {
  private head: AnswerHead = new AnswerHead();
  private readonly candidates: Candidate[] = [];
  private lastUsage: Usage | null = null;
  private json: JsonWriter;
  private hasWritten: bool = false;

  /** `asList` writes a JSON list instead of server-sent events, as for requests without `alt=sse`. */
  constructor(
    private readonly out: Buffer,
    private readonly asList: bool = false,
  ) {
    super();
    this.json = new JsonWriter(out);
  }

  begin(head: AnswerHead): void {
    this.head = head.copy();
  }

  text(choice: i32, escaped: Span): void {
    this.writeCalls(choice);
    writeTextPart(this.open(choice), escaped, false, NONE);
    this.close(choice);
  }

  reasoning(choice: i32, escaped: Span): void {
    this.writeCalls(choice);
    writeTextPart(this.open(choice), escaped, true, NONE);
    this.close(choice);
  }

  signature(choice: i32, escaped: Span): void {
    this.writeCalls(choice);
    writeTextPart(this.open(choice), NONE, true, escaped);
    this.close(choice);
  }

  redactedReasoning(choice: i32, data: Span): void {
    this.dropped.add("redacted_thinking");
  }

  refusal(choice: i32, escaped: Span): void {
    this.candidate(choice).refusal.append(escaped);
  }

  toolCall(choice: i32, index: i32, id: Span, name: Span): void {
    this.candidate(choice).calls.push(new GeminiCall(index, id.copy(), name.copy()));
  }

  toolArguments(choice: i32, index: i32, escaped: Span): void {
    const call = this.call(choice, index);
    if (call) call.arguments.append(escaped);
  }

  toolInput(choice: i32, index: i32, json: Span): void {
    const call = this.call(choice, index);
    if (call) call.input = json.copy();
  }

  toolSignature(choice: i32, index: i32, escaped: Span): void {
    const call = this.call(choice, index);
    if (call) call.signature = escaped.copy();
  }

  image(choice: i32, mediaType: Span, data: Span): void {
    this.writeCalls(choice);
    writeInlinePart(this.open(choice), mediaType, data);
    this.close(choice);
  }

  finish(choice: i32, reason: Finish, word: Span, detail: Span): void {
    const candidate = this.candidate(choice);
    const hasRefused = reason == Finish.Stop && !candidate.refusal.isEmpty;
    candidate.finish = geminiFinishName(hasRefused ? Finish.Filter : reason, word);
  }

  usage(usage: Usage): void {
    this.lastUsage = usage.copy();
  }

  error(kind: ErrorKind, message: Span): void {
    this.hasFailed = true;
    this.begun();
    writeGeminiError(this.out, kind, message);
    this.ended();
  }

  end(): void {
    if (!this.hasFailed) this.writeLast();
    if (!this.asList) return;
    if (!this.hasWritten) this.out.push(0x5b);
    this.out.push(0x5d);
  }

  private writeLast(): void {
    for (let i = 0; i < this.candidates.length; i++) this.writeCalls(i, true);
    this.candidate(0);
    this.begun();
    const json = this.json.object().key("candidates").array();
    for (let i = 0; i < this.candidates.length; i++) {
      json.object().key("content").object().key("parts").array();
      writeTextPart(json, NONE, false, NONE);
      json.end().key("role").text("model").end();
      const candidate = this.candidates[i];
      json.key("finishReason").text(candidate.finish.length > 0 ? candidate.finish : "STOP");
      if (!candidate.refusal.isEmpty) json.key("finishMessage").escaped(candidate.refusal.span());
      json.key("index").integer(i).end();
    }
    json.end();
    const usage = this.lastUsage;
    if (usage) {
      this.out.text(',"usageMetadata":');
      writeGeminiUsage(this.out, usage);
    }
    this.writeHead();
  }

  private writeCalls(choice: i32, isEnd: bool = false): void {
    const candidate = this.candidate(choice);
    const calls = candidate.calls;
    let count = 0;
    while (count < calls.length && (isEnd || calls[count].isComplete)) count++;
    if (count == 0) return;
    const json = this.open(choice);
    for (let i = 0; i < count; i++) writeCallPart(json, calls[i], this.dropped);
    this.close(choice);
    candidate.calls = calls.slice(count);
  }

  /** Begins an event up to its parts. */
  private open(choice: i32): JsonWriter {
    this.begun();
    this.json.object().key("candidates").array().object().key("content").object();
    return this.json.key("parts").array();
  }

  private close(choice: i32): void {
    this.json.end().key("role").text("model").end().key("index").integer(choice).end().end();
    this.writeHead();
  }

  private writeHead(): void {
    const head = this.head;
    const model = this.model.isEmpty ? head.model : this.model;
    if (!model.isEmpty) this.json.key("modelVersion").escaped(model);
    if (!head.id.isEmpty) this.json.key("responseId").escaped(head.id);
    this.json.end();
    this.ended();
  }

  private begun(): void {
    if (!this.asList) this.out.text("data: ");
    else this.out.text(this.hasWritten ? ",\r\n" : "[");
    this.hasWritten = true;
    this.json = new JsonWriter(this.out);
  }

  private ended(): void {
    if (!this.asList) this.out.text("\r\n\r\n");
  }

  private call(choice: i32, index: i32): GeminiCall | null {
    const calls = this.candidate(choice).calls;
    for (let i = calls.length - 1; i >= 0; i--) if (calls[i].index == index) return calls[i];
    return null;
  }

  private candidate(index: i32): Candidate {
    const known = min(max(index, 0), MAX_CHOICES - 1);
    while (this.candidates.length <= known) this.candidates.push(new Candidate());
    return this.candidates[known];
  }
}
