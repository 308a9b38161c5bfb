// An answer as one `GenerateContentResponse`.

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

const enum PartType {
  Text,
  Thought,
  Inline,
  Call,
}

class Part {
  readonly text: Buffer = new Buffer();
  signature: Span = NONE;
  mediaType: Span = NONE;

  constructor(
    readonly type: PartType,
    readonly call: GeminiCall | null,
  ) {}
}

class Candidate {
  readonly parts: Part[] = [];
  readonly refusal: Buffer = new Buffer();
  finish: string = "";
}

export class GeminiAnswerWriter extends AnswerWriter {
  private head: AnswerHead = new AnswerHead();
  private readonly candidates: Candidate[] = [];
  private lastUsage: Usage | null = null;

  constructor(private readonly out: Buffer) {
    super();
  }

  begin(head: AnswerHead): void {
    this.head = head.copy();
    this.candidate(0);
  }

  text(choice: i32, escaped: Span): void {
    this.current(choice, PartType.Text).text.append(escaped);
  }

  reasoning(choice: i32, escaped: Span): void {
    let part = this.current(choice, PartType.Thought);
    if (!part.signature.isEmpty) part = this.add(choice, PartType.Thought);
    part.text.append(escaped);
  }

  signature(choice: i32, escaped: Span): void {
    this.current(choice, PartType.Thought).signature = escaped.copy();
  }

  redactedReasoning(choice: i32, data: Span): void {
    this.dropped.add("redacted_thinking");
  }

  refusal(choice: i32, escaped: Span): void {
    this.candidate(choice).refusal.append(escaped);
  }

  toolCall(choice: i32, index: i32, id: Span, name: Span): void {
    this.add(choice, PartType.Call, new GeminiCall(index, id.copy(), name.copy()));
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
    const part = this.add(choice, PartType.Inline);
    part.mediaType = mediaType.copy();
    part.text.append(data);
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
    writeGeminiError(this.out, kind, message);
  }

  end(): void {
    if (this.hasFailed) return;
    const json = new JsonWriter(this.out).object().key("candidates").array();
    for (let i = 0; i < this.candidates.length; i++) this.writeCandidate(json, i, this.candidates[i]);
    json.end();
    const usage = this.lastUsage;
    if (usage) {
      this.out.text(',"usageMetadata":');
      writeGeminiUsage(this.out, usage);
    }
    const model = this.model.isEmpty ? this.head.model : this.model;
    if (!model.isEmpty) json.key("modelVersion").escaped(model);
    if (!this.head.id.isEmpty) json.key("responseId").escaped(this.head.id);
    json.end();
  }

  private writeCandidate(json: JsonWriter, index: i32, candidate: Candidate): void {
    json.object().key("content").object().key("parts").array();
    for (let i = 0; i < candidate.parts.length; i++) {
      const part = candidate.parts[i];
      const text = part.text.span();
      const call = part.call;
      if (call) writeCallPart(json, call, this.dropped);
      else if (part.type == PartType.Inline) writeInlinePart(json, part.mediaType, text);
      else writeTextPart(json, text, part.type == PartType.Thought, part.signature);
    }
    json.end().key("role").text("model").end();
    json.key("finishReason").text(candidate.finish.length > 0 ? candidate.finish : "STOP");
    if (!candidate.refusal.isEmpty) json.key("finishMessage").escaped(candidate.refusal.span());
    json.key("index").integer(index).end();
  }

  /** The last part, or a new one when that is of another type. */
  private current(choice: i32, type: PartType): Part {
    const parts = this.candidate(choice).parts;
    const last = parts.length - 1;
    return last >= 0 && parts[last].type == type ? parts[last] : this.add(choice, type);
  }

  private add(choice: i32, type: PartType, call: GeminiCall | null = null): Part {
    const part = new Part(type, call);
    this.candidate(choice).parts.push(part);
    return part;
  }

  private call(choice: i32, index: i32): GeminiCall | null {
    const parts = this.candidate(choice).parts;
    for (let i = parts.length - 1; i >= 0; i--) {
      const call = parts[i].call;
      if (call && call.index == index) return call;
    }
    return null;
  }

  /** Candidates in between that the provider left out are empty. */
  private candidate(index: i32): Candidate {
    const known = min(max(index, 0), MAX_CHOICES - 1);
    while (this.candidates.length <= known) this.candidates.push(new Candidate());
    return this.candidates[known];
  }
}
