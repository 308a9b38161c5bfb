// What one chunk of a stream says, or a whole answer: the two differ in `delta` and `message` only.
// https://platform.openai.com/docs/api-reference/chat-streaming

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { INPUT_END, INPUT_START, escapedAgain } from "../custom-tool";
import { ErrorBody } from "../error";
import { AnswerHead, ChatEvents, Citation, Finish, MAX_CHOICES, MAX_TOOL_CALLS } from "../events";
import { collect, integerOf, textIn } from "../fields";
import { NONE, textOf } from "../text";
import { readAnnotations, readImages, readReasoningDetails } from "./extras";
import { isNoFinish, readOpenaiFinish } from "./finish";
import { ToolCall, ToolCallIndex } from "./tool-call-index";
import { readOpenaiUsage } from "./usage";

const enum ChoiceField {
  Index,
  Delta,
  Message,
  FinishReason,
  Logprobs,
  COUNT,
}
const CHOICE_NAMES: StaticArray<string> = ["index", "delta", "message", "finish_reason", "logprobs"];

const enum DeltaField {
  Content,
  ReasoningContent,
  Reasoning,
  ToolCalls,
  Refusal,
  ReasoningDetails,
  FunctionCall,
  Audio,
  Annotations,
  Images,
  Name,
  COUNT,
}
const DELTA_NAMES: StaticArray<string> = [
  "content",
  "reasoning_content",
  "reasoning",
  "tool_calls",
  "refusal",
  "reasoning_details",
  "function_call",
  "audio",
  "annotations",
  "images",
  "name",
];

const enum CallField {
  Index,
  Id,
  Function,
  Custom,
  ExtraContent,
  COUNT,
}
const CALL_NAMES: StaticArray<string> = ["index", "id", "function", "custom", "extra_content"];

const MISSING: Json = Json.read(NONE);

export class OpenaiChunkReader {
  isBegun: bool = false;
  /** A reason to finish was met. */
  isFinished: bool = false;
  hasFailed: bool = false;

  private hasSources: bool = false;
  private readonly calls: ToolCallIndex[] = [];
  private callCount: i32 = 0;
  // Used again for every chunk.
  private readonly choiceFields: StaticArray<Json | null> = new StaticArray<Json | null>(ChoiceField.COUNT);
  private readonly deltaFields: StaticArray<Json | null> = new StaticArray<Json | null>(DeltaField.COUNT);
  private readonly callFields: StaticArray<Json | null> = new StaticArray<Json | null>(CallField.COUNT);

  constructor(private readonly events: ChatEvents) {}

  /** Hands on what a checked object says. */
  read(root: Json): void {
    if (this.hasFailed) return;
    const choices = root.get("choices");
    const items = choices.items();
    let usage = root.get("usage");
    while (items.next()) {
      if (!this.isBegun) this.begin(root);
      const choice = items.value;
      this.readChoice(root, choice, items.index);
      if (this.hasFailed) return;
      // Moonshot has, or had, usage inside the choice.
      if (this.isFinished && usage.kind != JsonKind.Object) usage = choice.get("usage");
    }
    if (items.index < 0 && this.readError(root, choices.kind != JsonKind.Array && !usage.exists)) return;
    if (this.isFinished) this.readSources(root);
    if (this.isFinished && usage.kind != JsonKind.Object) usage = root.get("x_groq").get("usage");
    const counted = readOpenaiUsage(usage);
    if (!counted) return;
    // Azure's first chunk has neither choices nor usage, nor the id.
    if (!this.isBegun) this.begin(root);
    this.events.usage(counted);
  }

  /** `isBare`: the object has nothing that an answer has. */
  private readError(root: Json, isBare: bool): bool {
    const error = root.get("error");
    const isError = error.kind == JsonKind.Object || error.kind == JsonKind.String;
    const isOther = isBare && (textOf(root.get("object")).equalsAscii("error") || ErrorBody.of(root).isKnown);
    if (!isError && !isOther) return false;
    this.fail(root);
    return true;
  }

  /** Hands on an error body of whatever shape. */
  fail(root: Json): void {
    const body = ErrorBody.of(root);
    this.hasFailed = true;
    this.events.error(body.kind, body.message);
  }

  begin(root: Json): void {
    this.isBegun = true;
    const head = new AnswerHead();
    head.id = textOf(root.get("id"));
    head.model = textOf(root.get("model"));
    head.created = root.get("created").integer(0);
    head.serviceTier = textOf(root.get("service_tier"));
    head.systemFingerprint = textOf(root.get("system_fingerprint"));
    this.events.begin(head);
  }

  private readChoice(root: Json, value: Json, position: i32): void {
    const fields = this.choiceFields;
    collect(value, CHOICE_NAMES, fields);
    const choice = <i32>integerOf(fields[ChoiceField.Index], position);
    if (choice < 0 || choice >= MAX_CHOICES) {
      this.events.dropped.add("choices");
      return;
    }
    // Perplexity repeats the whole message beside each delta, MiniMax behind them.
    let delta = fields[ChoiceField.Delta];
    const isWhole = !delta || delta.kind != JsonKind.Object;
    if (isWhole) delta = this.callsOf(choice).isTold ? null : fields[ChoiceField.Message];
    if (delta) this.readDelta(choice, delta, isWhole);
    if (isWhole) this.endInputs(choice);
    const logprobs = fields[ChoiceField.Logprobs];
    if (logprobs && logprobs.kind == JsonKind.Object) this.readLogprobs(choice, logprobs.get("content"));
    const finish = fields[ChoiceField.FinishReason];
    if (!finish || finish.kind != JsonKind.String) return;
    const word = finish.escaped();
    if (isNoFinish(word)) return;
    // OpenRouter's way to end an answer that has failed; a whole one has the error within the choice.
    if (word.equalsAscii("error")) return this.fail(root.get("error").exists ? root : value);
    this.isFinished = true;
    this.endInputs(choice);
    this.readSources(root);
    let reason = readOpenaiFinish(word);
    // Servers that end with `stop` although tools are to be called.
    if (reason == Finish.Stop && this.callsOf(choice).count > 0) reason = Finish.ToolCalls;
    this.events.finish(choice, reason, word, NONE);
  }

  private readDelta(choice: i32, delta: Json, isWhole: bool): void {
    const fields = this.deltaFields;
    collect(delta, DELTA_NAMES, fields);
    const name = textIn(fields[DeltaField.Name]);
    if (!name.isEmpty) this.events.speaker(choice, name);
    let reasoning = textIn(fields[DeltaField.Reasoning]);
    if (reasoning.isEmpty) reasoning = textIn(fields[DeltaField.ReasoningContent]);
    const details = fields[DeltaField.ReasoningDetails];
    if (details) readReasoningDetails(this.events, choice, details, reasoning);
    else if (!reasoning.isEmpty) this.events.reasoning(choice, reasoning);
    const content = fields[DeltaField.Content];
    if (content) this.readContent(choice, content);
    const audio = fields[DeltaField.Audio];
    if (audio && audio.kind == JsonKind.Object)
      this.readAudio(choice, audio, !content || content.kind == JsonKind.Null);
    const images = fields[DeltaField.Images];
    if (images) readImages(this.events, choice, images);
    const refusal = textIn(fields[DeltaField.Refusal]);
    if (!refusal.isEmpty) this.events.refusal(choice, refusal);
    const list = fields[DeltaField.ToolCalls];
    const known = this.callsOf(choice);
    if (!isWhole && !known.isTold)
      known.isTold = !reasoning.isEmpty || !textIn(content).isEmpty || (list !== null && list.length() > 0);
    const called = fields[DeltaField.FunctionCall];
    if (list) {
      const calls = list.items();
      while (calls.next()) this.readToolCall(choice, calls.value, isWhole ? calls.index : -1);
      // Spark's, unless it is asked for lists.
      if (list.kind == JsonKind.Object) this.readToolCall(choice, list, 0);
    } else if (called && called.kind == JsonKind.Object) {
      this.readCall(choice, 0, NONE, called);
    }
    const annotations = fields[DeltaField.Annotations];
    if (annotations) readAnnotations(this.events, choice, annotations);
  }

  /** What is said aloud is text where there is no other; the sound itself has no place. */
  private readAudio(choice: i32, audio: Json, isText: bool): void {
    const transcript = textOf(audio.get("transcript"));
    if (isText && !transcript.isEmpty) this.events.text(choice, transcript);
    if (audio.get("data").exists) this.events.dropped.add("choices.message.audio");
  }

  private readLogprobs(choice: i32, content: Json): void {
    if (content.kind == JsonKind.Array && content.length() > 0) this.events.logprobs(choice, content.raw());
  }

  /** Perplexity's sources, which it repeats with every chunk; xAI has them in the last one, which may have no choice. */
  private readSources(root: Json): void {
    if (this.hasSources) return;
    let sources = root.get("search_results");
    if (sources.length() == 0) sources = root.get("citations");
    const items = sources.items();
    while (items.next()) {
      const source = items.value;
      const citation = new Citation();
      citation.url = source.kind == JsonKind.String ? source.escaped() : textOf(source.get("url"));
      citation.title = textOf(source.get("title"));
      if (citation.url.isEmpty) continue;
      this.hasSources = true;
      this.events.citation(0, citation);
    }
  }

  private readContent(choice: i32, content: Json): void {
    if (content.kind == JsonKind.String) {
      const text = content.escaped();
      if (!text.isEmpty) this.events.text(choice, text);
      return;
    }
    const items = content.items();
    while (items.next()) {
      const type = textOf(items.value.get("type"));
      if (type.equalsAscii("text")) {
        const text = textOf(items.value.get("text"));
        if (!text.isEmpty) this.events.text(choice, text);
      } else if (type.equalsAscii("thinking")) {
        this.readThinking(choice, items.value.get("thinking"));
      } else {
        this.events.dropped.addNamed("choices.message.content.", type);
      }
    }
  }

  /** Mistral's reasoning: `{"type":"thinking","thinking":[{"type":"text","text":…}]}`. */
  private readThinking(choice: i32, thinking: Json): void {
    if (thinking.kind == JsonKind.String) this.events.reasoning(choice, thinking.escaped());
    const items = thinking.items();
    while (items.next()) {
      const text = textOf(items.value.get("text"));
      if (!text.isEmpty) this.events.reasoning(choice, text);
    }
  }

  private readToolCall(choice: i32, value: Json, position: i32): void {
    const fields = this.callFields;
    collect(value, CALL_NAMES, fields);
    const custom = fields[CallField.Custom];
    const called = custom ? custom : fields[CallField.Function];
    const call = this.readCall(
      choice,
      <i32>integerOf(fields[CallField.Index], position),
      textIn(fields[CallField.Id]),
      called ? called : MISSING,
    );
    if (custom && call && call.number >= 0) this.readInput(choice, call, textOf(custom.get("input")));
    const extra = fields[CallField.ExtraContent];
    if (!call || call.number < 0 || !extra) return;
    // As Google has it in this dialect.
    const signature = textOf(extra.get("google").get("thought_signature"));
    if (!signature.isEmpty) this.events.toolSignature(choice, call.number, signature);
  }

  private readCall(choice: i32, wireIndex: i32, id: Span, called: Json): ToolCall | null {
    const calls = this.callsOf(choice);
    const name = textOf(called.get("name"));
    let call = calls.find(wireIndex, id, !name.isEmpty);
    if (!call) {
      if (this.callCount >= MAX_TOOL_CALLS) {
        this.events.dropped.add("tool_calls");
        return null;
      }
      this.callCount++;
      call = calls.add(wireIndex, id);
    }
    const args = called.get("arguments");
    let text = textOf(args);
    // Cohere's models say so of tools without parameters.
    if (!call.hasArguments && text.equalsAscii("null")) text = NONE;
    if (call.number < 0) {
      if (name.isEmpty) {
        if (!text.isEmpty) this.events.dropped.add("tool_calls.function without name");
        return call;
      }
      const known = calls.announce(call, id);
      this.events.toolCall(choice, call.number, known, name);
    }
    call.hasArguments = call.hasArguments || !text.isEmpty;
    if (!text.isEmpty) this.events.toolArguments(choice, call.number, text);
    else if (args.kind == JsonKind.Object) this.events.toolInput(choice, call.number, args.raw());
    return call;
  }

  /** Free text becomes the argument `input` of a function, which is closed when no more can come. */
  private readInput(choice: i32, call: ToolCall, text: Span): void {
    if (!call.isOpen) this.events.toolArguments(choice, call.number, INPUT_START);
    call.isOpen = true;
    if (!text.isEmpty) this.events.toolArguments(choice, call.number, escapedAgain(text));
  }

  private endInputs(choice: i32): void {
    const calls = this.callsOf(choice).calls;
    for (let i = 0; i < calls.length; i++) {
      if (calls[i].isOpen) this.events.toolArguments(choice, calls[i].number, INPUT_END);
      calls[i].isOpen = false;
    }
  }

  private callsOf(choice: i32): ToolCallIndex {
    while (this.calls.length <= choice) this.calls.push(new ToolCallIndex());
    return this.calls[choice];
  }
}
