// What one `GenerateContentResponse` says: a whole answer, or one event of a stream.
// https://ai.google.dev/api/generate-content#generatecontentresponse

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ErrorBody, ErrorKind } from "../error";
import { AnswerHead, ChatEvents, Finish, MAX_CHOICES, MAX_TOOL_CALLS } from "../events";
import { indexOfName } from "../names";
import { NONE, textOf } from "../text";
import { isNoGeminiFinish, readGeminiFinish } from "./finish";
import { PartialArguments } from "./partial-arguments";
import { GeminiSources, openaiLogprobs } from "./sources";
import { GeminiUsage } from "./usage";

const enum Field {
  Text,
  Thought,
  ThoughtSignature,
  FunctionCall,
  InlineData,
}

const FIELDS: StaticArray<string> = ["text", "thought", "thoughtSignature", "functionCall", "inlineData"];

class Candidate {
  calls: i32 = 0;
  /** The prompt was refused, in words that are no reasons to finish. */
  isBlocked: bool = false;
  /** Arguments of the last call, as long as they are not complete. */
  open: PartialArguments | null = null;
  /** The last reason to finish; some models state one in every event. */
  finish: Span = NONE;
  readonly sources: GeminiSources;

  constructor(events: ChatEvents, choice: i32) {
    this.sources = new GeminiSources(events, choice);
  }
}

export class GeminiResponseReader {
  isBegun: bool = false;
  /** A reason to finish was met. */
  isFinished: bool = false;
  hasFailed: bool = false;

  private readonly candidates: Candidate[] = [];
  private readonly usage: GeminiUsage = new GeminiUsage();
  private callCount: i32 = 0;

  /** `id` stands in where the provider gives its answer none. */
  constructor(
    private readonly events: ChatEvents,
    private readonly id: Span = NONE,
  ) {}

  /** Hands on what a checked object says. */
  read(root: Json): void {
    if (this.hasFailed) return;
    const error = root.get("error");
    if (error.kind == JsonKind.Object || error.kind == JsonKind.String) {
      const body = ErrorBody.of(root);
      this.fail(body.kind, body.message);
      return;
    }
    const candidates = root.get("candidates");
    const usage = root.get("usageMetadata");
    const feedback = root.get("promptFeedback");
    if (!this.isBegun) {
      const isAnswer =
        candidates.kind == JsonKind.Array ||
        usage.kind == JsonKind.Object ||
        feedback.kind == JsonKind.Object ||
        root.get("responseId").exists;
      if (!isAnswer) return;
      this.begin(root);
    }
    // First: an answer in Anthropic's dialect begins with what the prompt took.
    const counted = this.usage.read(usage);
    if (counted) this.events.usage(counted);
    const items = candidates.items();
    while (items.next()) {
      if (items.value.kind == JsonKind.Object) this.readCandidate(items.value, items.index);
    }
    const blocked = textOf(feedback.get("blockReason"));
    if (!blocked.isEmpty && this.candidates.length == 0) {
      const message = textOf(feedback.get("blockReasonMessage"));
      if (!message.isEmpty) this.events.refusal(0, message);
      this.isFinished = true;
      const candidate = this.candidateAt(0);
      candidate.finish = blocked.copy();
      candidate.isBlocked = true;
    }
  }

  fail(kind: ErrorKind, message: Span): void {
    this.hasFailed = true;
    this.events.error(kind, message);
  }

  /** Hands on the reasons to finish, which are known only when nothing else comes. */
  finish(): void {
    if (this.hasFailed) return;
    for (let i = 0; i < this.candidates.length; i++) {
      const candidate = this.candidates[i];
      this.closeCall(i, candidate);
      const word = candidate.finish;
      if (word.isEmpty) continue;
      let reason = candidate.isBlocked ? Finish.Filter : readGeminiFinish(word);
      if (reason == Finish.Stop && candidate.calls > 0) reason = Finish.ToolCalls;
      this.events.finish(i, reason, word, NONE);
    }
  }

  private begin(root: Json): void {
    this.isBegun = true;
    const head = new AnswerHead();
    head.id = textOf(root.get("responseId"));
    if (head.id.isEmpty) head.id = this.id;
    head.model = textOf(root.get("modelVersion"));
    this.events.begin(head);
  }

  private readCandidate(value: Json, position: i32): void {
    const choice = <i32>value.get("index").integer(position);
    if (choice < 0 || choice >= MAX_CHOICES) {
      this.events.dropped.add("candidates");
      return;
    }
    const candidate = this.candidateAt(choice);
    const content = value.get("content");
    const parts = content.get("parts").items();
    while (parts.next()) this.readPart(choice, candidate, parts.value);
    candidate.sources.read(value);
    const logprobs = value.get("logprobsResult");
    if (logprobs.kind == JsonKind.Object) this.events.logprobs(choice, openaiLogprobs(logprobs));
    const word = textOf(value.get("finishReason"));
    if (isNoGeminiFinish(word)) return;
    this.isFinished = true;
    candidate.finish = word.copy();
    const message = textOf(value.get("finishMessage"));
    if (!message.isEmpty && readGeminiFinish(word) == Finish.Filter) this.events.refusal(choice, message);
  }

  private readPart(choice: i32, candidate: Candidate, part: Json): void {
    let text = NONE;
    let signature = NONE;
    let isThought = false;
    let isCall = false;
    let inline: Json | null = null;
    const members = part.members();
    while (members.next()) {
      const value = members.value;
      switch (indexOfName(FIELDS, members.keyBytes())) {
        case Field.Text:
          text = textOf(value);
          break;
        case Field.Thought:
          isThought = value.isTrue;
          break;
        case Field.ThoughtSignature:
          signature = textOf(value);
          break;
        case Field.FunctionCall:
          isCall = value.kind == JsonKind.Object;
          break;
        case Field.InlineData:
          inline = value;
          break;
        default:
          if (value.kind > JsonKind.Null) this.events.dropped.addNamed("parts.", members.keyBytes());
      }
    }
    // Pictures among the thoughts are drafts of the one that follows.
    if (inline && isThought) this.events.dropped.add("parts.inlineData.thought");
    else if (inline) this.readInline(choice, inline);
    if (isCall) return this.readCall(choice, candidate, part.get("functionCall"), signature);
    if (isThought) {
      if (!text.isEmpty) this.events.reasoning(choice, text);
      if (!signature.isEmpty) this.events.signature(choice, signature);
      return;
    }
    if (!text.isEmpty) {
      candidate.sources.noteText(text);
      this.events.text(choice, text);
    }
    // Google asks for it back, but does not insist; no other dialect has a place for it on a text.
    if (!signature.isEmpty) this.events.dropped.add("parts.text.thoughtSignature");
  }

  private readInline(choice: i32, value: Json): void {
    const type = textOf(value.get("mimeType"));
    const data = textOf(value.get("data"));
    if (data.isEmpty) return;
    if (type.isEmpty || type.startsWithAscii("image/")) this.events.image(choice, type, data);
    else this.events.dropped.addNamed("parts.inlineData.", type);
  }

  private readCall(choice: i32, candidate: Candidate, call: Json, signature: Span): void {
    const name = textOf(call.get("name"));
    const pieces = call.get("partialArgs");
    const goesOn = call.get("willContinue").isTrue;
    if (!name.isEmpty) {
      this.closeCall(choice, candidate);
      if (this.callCount >= MAX_TOOL_CALLS) {
        this.events.dropped.add("parts.functionCall");
        return;
      }
      this.callCount++;
      this.events.toolCall(choice, candidate.calls++, textOf(call.get("id")), name);
    }
    const index = candidate.calls - 1;
    if (!signature.isEmpty && index >= 0) this.events.toolSignature(choice, index, signature);
    const args = call.get("args");
    const isWhole = args.kind == JsonKind.Object && args.length() > 0;
    if (!name.isEmpty && (isWhole || (!goesOn && pieces.length() == 0))) {
      this.events.toolInput(choice, index, args.kind == JsonKind.Object ? args.raw() : Span.text("{}"));
      return;
    }
    if (!name.isEmpty) candidate.open = new PartialArguments();
    const open = candidate.open;
    if (!open) {
      if (pieces.length() > 0) this.events.dropped.add("parts.functionCall.partialArgs");
      return;
    }
    const text = open.add(pieces);
    if (!text.isEmpty) this.events.toolArguments(choice, index, text);
    if (!goesOn) this.closeCall(choice, candidate);
  }

  /** Ends the arguments of a call that came piece by piece. */
  private closeCall(choice: i32, candidate: Candidate): void {
    const open = candidate.open;
    if (!open) return;
    candidate.open = null;
    this.events.toolArguments(choice, candidate.calls - 1, open.finish());
    if (open.lost > 0) this.events.dropped.add("parts.functionCall.partialArgs");
  }

  private candidateAt(choice: i32): Candidate {
    while (this.candidates.length <= choice) {
      this.candidates.push(new Candidate(this.events, this.candidates.length));
    }
    return this.candidates[choice];
  }
}
