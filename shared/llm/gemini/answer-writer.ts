// An answer as one `GenerateContentResponse`.

import { Buffer, Span } from "../../bytes";
import { JsonWriter } from "../../json";
import { ErrorKind } from "../error";
import { AnswerHead } from "../events";
import { NONE } from "../text";
import { Candidate, CandidateWriter } from "./candidates";
import { writeGeminiError } from "./error";
import { GeminiCall, writeCallPart, writeInlinePart, writeTextPart } from "./parts";

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

class WholeCandidate extends Candidate {
  readonly parts: Part[] = [];
}

export class GeminiAnswerWriter extends CandidateWriter {
  constructor(out: Buffer) {
    super(out);
  }

  protected newCandidate(): Candidate {
    return new WholeCandidate();
  }

  begin(head: AnswerHead): void {
    super.begin(head);
    this.candidate(0);
  }

  text(choice: i32, escaped: Span): void {
    this.current(choice, PartType.Text).text.append(escaped);
    this.candidate(choice).evidence.noteText(escaped);
  }

  reasoning(choice: i32, escaped: Span): void {
    let part = this.current(choice, PartType.Thought);
    if (!part.signature.isEmpty) part = this.add(choice, PartType.Thought);
    part.text.append(escaped);
  }

  signature(choice: i32, escaped: Span): void {
    this.current(choice, PartType.Thought).signature = escaped.copy();
  }

  toolCall(choice: i32, index: i32, id: Span, name: Span): void {
    super.toolCall(choice, index, id, name);
    const calls = this.candidate(choice).calls;
    this.add(choice, PartType.Call, calls[calls.length - 1]);
  }

  image(choice: i32, mediaType: Span, data: Span): void {
    const part = this.add(choice, PartType.Inline);
    part.mediaType = mediaType.copy();
    part.text.append(data);
  }

  error(kind: ErrorKind, message: Span): void {
    this.hasFailed = true;
    writeGeminiError(this.out, kind, message);
  }

  end(): void {
    if (this.hasFailed) return;
    const json = new JsonWriter(this.out).object().key("candidates").array();
    for (let i = 0; i < this.candidates.length; i++) this.writeCandidate(json, i);
    json.end();
    this.writeTail(json, this.lastUsage);
  }

  private writeCandidate(json: JsonWriter, index: i32): void {
    json.object().key("content").object().key("parts").array();
    const parts = this.partsOf(index);
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      const text = part.text.span();
      const call = part.call;
      if (call) writeCallPart(json, call, this.dropped);
      else if (part.type == PartType.Inline) writeInlinePart(json, part.mediaType, text);
      else writeTextPart(json, text, part.type == PartType.Thought, part.signature);
    }
    json.end().key("role").text("model").end();
    this.candidates[index].writeEnd(json, index);
  }

  private partsOf(choice: i32): Part[] {
    return (this.candidate(choice) as WholeCandidate).parts;
  }

  /** The last part, or a new one when that is of another type. */
  private current(choice: i32, type: PartType): Part {
    const parts = this.partsOf(choice);
    const last = parts.length - 1;
    return last >= 0 && parts[last].type == type ? parts[last] : this.add(choice, type);
  }

  private add(choice: i32, type: PartType, call: GeminiCall | null = null): Part {
    const part = new Part(type, call);
    this.partsOf(choice).push(part);
    return part;
  }
}
