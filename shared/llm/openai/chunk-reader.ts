// What one chunk of a stream says, or a whole answer: the two differ in `delta` and `message` only.
// https://platform.openai.com/docs/api-reference/chat-streaming

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ErrorBody } from "../error";
import { AnswerHead, ChatEvents, Finish, MAX_CHOICES, MAX_TOOL_CALLS } from "../events";
import { NONE, textOf } from "../text";
import { isNoFinish, readOpenaiFinish } from "./finish";
import { ToolCallIndex } from "./tool-call-index";
import { readOpenaiUsage } from "./usage";

export class OpenaiChunkReader {
  isBegun: bool = false;
  /** A reason to finish was met. */
  isFinished: bool = false;
  hasFailed: bool = false;

  private readonly calls: ToolCallIndex[] = [];
  private callCount: i32 = 0;

  constructor(private readonly events: ChatEvents) {}

  /** Hands on what a checked object says. */
  read(root: Json): void {
    if (this.hasFailed) return;
    const choices = root.get("choices");
    if (choices.kind != JsonKind.Array && this.readError(root)) return;
    const items = choices.items();
    let usage = root.get("usage");
    while (items.next()) {
      if (!this.isBegun) this.begin(root);
      const choice = items.value;
      this.readChoice(choice, items.index);
      // Moonshot has, or had, usage inside the choice.
      if (this.isFinished && usage.kind != JsonKind.Object) usage = choice.get("usage");
    }
    if (this.isFinished && usage.kind != JsonKind.Object) usage = root.get("x_groq").get("usage");
    const counted = readOpenaiUsage(usage);
    if (!counted) return;
    // Azure's first chunk has neither choices nor usage, nor the id.
    if (!this.isBegun) this.begin(root);
    this.events.usage(counted);
  }

  readError(root: Json): bool {
    const error = root.get("error");
    const isError = error.kind == JsonKind.Object || error.kind == JsonKind.String;
    if (!isError && !textOf(root.get("object")).equalsAscii("error")) return false;
    this.fail(root);
    return true;
  }

  /** Hands on an error body of whatever shape. */
  fail(root: Json): void {
    const body = ErrorBody.of(root);
    this.hasFailed = true;
    this.events.error(body.kind, body.message);
  }

  private begin(root: Json): void {
    this.isBegun = true;
    const head = new AnswerHead();
    head.id = textOf(root.get("id"));
    head.model = textOf(root.get("model"));
    head.created = root.get("created").integer(0);
    head.serviceTier = textOf(root.get("service_tier"));
    head.systemFingerprint = textOf(root.get("system_fingerprint"));
    this.events.begin(head);
  }

  private readChoice(value: Json, position: i32): void {
    const choice = <i32>value.get("index").integer(position);
    if (choice < 0 || choice >= MAX_CHOICES) {
      this.events.dropped.add("choices");
      return;
    }
    // Perplexity repeats the whole message beside each delta.
    const delta = value.get("delta");
    this.readDelta(choice, delta.kind == JsonKind.Object ? delta : value.get("message"));
    const finish = value.get("finish_reason");
    if (finish.kind != JsonKind.String) return;
    const word = finish.escaped();
    if (isNoFinish(word)) return;
    this.isFinished = true;
    let reason = readOpenaiFinish(word);
    // Servers that end with `stop` although tools are to be called.
    if (reason == Finish.Stop && this.callsOf(choice).count > 0) reason = Finish.ToolCalls;
    this.events.finish(choice, reason, word, NONE);
  }

  private readDelta(choice: i32, delta: Json): void {
    const content = delta.get("content");
    // Nearly all chunks have content and nothing else.
    if (content.exists && delta.length() == 1) return this.readContent(choice, content);
    const name = textOf(delta.get("name"));
    if (!name.isEmpty) this.events.speaker(choice, name);
    let reasoning = textOf(delta.get("reasoning"));
    if (reasoning.isEmpty) reasoning = textOf(delta.get("reasoning_content"));
    if (!reasoning.isEmpty) this.events.reasoning(choice, reasoning);
    this.readContent(choice, content);
    const refusal = textOf(delta.get("refusal"));
    if (!refusal.isEmpty) this.events.refusal(choice, refusal);
    const calls = delta.get("tool_calls").items();
    while (calls.next()) {
      const call = calls.value;
      this.readCall(choice, <i32>call.get("index").integer(-1), textOf(call.get("id")), call.get("function"));
    }
    const called = delta.get("function_call");
    if (called.kind == JsonKind.Object) this.readCall(choice, 0, NONE, called);
    if (delta.get("audio").kind == JsonKind.Object) this.events.dropped.add("choices.message.audio");
    if (delta.get("annotations").length() > 0) this.events.dropped.add("choices.message.annotations");
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

  private readCall(choice: i32, wireIndex: i32, id: Span, called: Json): void {
    const calls = this.callsOf(choice);
    const name = textOf(called.get("name"));
    let call = calls.find(wireIndex, id, !name.isEmpty);
    if (!call) {
      if (this.callCount >= MAX_TOOL_CALLS) {
        this.events.dropped.add("tool_calls");
        return;
      }
      this.callCount++;
      call = calls.add(wireIndex, id);
    }
    const args = called.get("arguments");
    const text = textOf(args);
    if (call.number < 0) {
      if (name.isEmpty) {
        if (!text.isEmpty) this.events.dropped.add("tool_calls.function without name");
        return;
      }
      const known = calls.announce(call, id);
      this.events.toolCall(choice, call.number, known, name);
    }
    if (!text.isEmpty) this.events.toolArguments(choice, call.number, text);
    else if (args.kind == JsonKind.Object) this.events.toolInput(choice, call.number, args.raw());
  }

  private callsOf(choice: i32): ToolCallIndex {
    while (this.calls.length <= choice) this.calls.push(new ToolCallIndex());
    return this.calls[choice];
  }
}
