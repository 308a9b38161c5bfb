// What whole answers and streams of Gemini's have in common when they are written: candidates, the calls in them, and
// what stands behind them.

import { Buffer, Span } from "../../bytes";
import { JsonWriter } from "../../json";
import { AnswerHead, AnswerWriter, Citation, Finish, MAX_CHOICES } from "../events";
import { Usage } from "../usage";
import { Evidence } from "./evidence";
import { geminiFinishName } from "./finish";
import { GeminiCall } from "./parts";
import { writeGeminiUsage } from "./usage";

export class Candidate {
  /** Calls that may get further arguments. */
  calls: GeminiCall[] = [];
  readonly refusal: Buffer = new Buffer();
  readonly evidence: Evidence = new Evidence();
  finish: string = "STOP";

  /** Writes what stands behind the content. */
  writeEnd(json: JsonWriter, index: i32): void {
    json.key("finishReason").text(this.finish);
    if (!this.refusal.isEmpty) json.key("finishMessage").escaped(this.refusal.span());
    this.evidence.write(json);
    json.key("index").integer(index).end();
  }
}

export abstract class CandidateWriter extends AnswerWriter {
  protected head: AnswerHead = new AnswerHead();
  protected readonly candidates: Candidate[] = [];
  protected lastUsage: Usage | null = null;

  constructor(protected readonly out: Buffer) {
    super();
  }

  protected abstract newCandidate(): Candidate;

  begin(head: AnswerHead): void {
    this.head = head.copy();
  }

  redactedReasoning(choice: i32, data: Span): void {
    this.dropped.add("redacted_thinking");
  }

  refusal(choice: i32, escaped: Span): void {
    this.candidate(choice).refusal.append(escaped);
  }

  citation(choice: i32, citation: Citation): void {
    if (!this.candidate(choice).evidence.addSource(citation)) this.dropped.add("citations");
  }

  logprobs(choice: i32, json: Span): void {
    if (!this.candidate(choice).evidence.addLogprobs(json)) this.dropped.add("logprobs");
  }

  toolCall(choice: i32, index: i32, id: Span, name: Span): void {
    const own = this.toolName(name).copy();
    this.candidate(choice).calls.push(new GeminiCall(index, id.copy(), own));
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

  finish(choice: i32, reason: Finish, word: Span, detail: Span): void {
    const candidate = this.candidate(choice);
    const hasRefused = reason == Finish.Stop && !candidate.refusal.isEmpty;
    candidate.finish = geminiFinishName(hasRefused ? Finish.Filter : reason, word);
  }

  usage(usage: Usage): void {
    this.lastUsage = usage.copy();
  }

  /** Writes usage, where it is to be told, and what names the answer; closes the object. */
  protected writeTail(json: JsonWriter, usage: Usage | null): void {
    if (usage) {
      this.out.text(',"usageMetadata":');
      writeGeminiUsage(this.out, usage);
    }
    const model = this.model.isEmpty ? this.head.model : this.model;
    if (!model.isEmpty) json.key("modelVersion").escaped(model);
    if (!this.head.id.isEmpty) json.key("responseId").escaped(this.head.id);
    json.end();
  }

  /** Candidates in between that the provider left out are empty. */
  protected candidate(index: i32): Candidate {
    const known = min(max(index, 0), MAX_CHOICES - 1);
    while (this.candidates.length <= known) this.candidates.push(this.newCandidate());
    return this.candidates[known];
  }

  private call(choice: i32, index: i32): GeminiCall | null {
    const calls = this.candidate(choice).calls;
    for (let i = calls.length - 1; i >= 0; i--) if (calls[i].index == index) return calls[i];
    return null;
  }
}
