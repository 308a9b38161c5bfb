// An answer as a stream of `GenerateContentResponse`, each with what is new:
//
//     data: {"candidates":[{"content":{"parts":[{"text":…}],"role":"model"},"index":0}],"modelVersion":…,
//            "responseId":…}
//
// Reasons to finish and usage come in the last one. A call is written when its arguments are complete.

import { Buffer, Span } from "../../bytes";
import { JsonWriter } from "../../json";
import { ErrorKind } from "../error";
import { NONE } from "../text";
import { Candidate, CandidateWriter } from "./candidates";
import { writeGeminiError } from "./error";
import { writeCallPart, writeInlinePart, writeTextPart } from "./parts";

export class GeminiStreamWriter extends CandidateWriter {
  private json: JsonWriter;
  private hasWritten: bool = false;

  /** `asList` writes a JSON list instead of server-sent events, as for requests without `alt=sse`. */
  constructor(
    out: Buffer,
    private readonly asList: bool = false,
  ) {
    super(out);
    this.json = new JsonWriter(out);
  }

  protected newCandidate(): Candidate {
    return new Candidate();
  }

  text(choice: i32, escaped: Span): void {
    this.writeCalls(choice);
    this.candidate(choice).evidence.noteText(escaped);
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

  image(choice: i32, mediaType: Span, data: Span): void {
    this.writeCalls(choice);
    writeInlinePart(this.open(choice), mediaType, data);
    this.close(choice);
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
      this.candidates[i].writeEnd(json, i);
    }
    json.end();
    this.writeTail(json, this.lastUsage);
    this.ended();
  }

  /** Writes the calls that are complete: what is said meanwhile does not wait for the others. */
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
    this.writeTail(this.json, null);
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
}
