// DashScope's answers, whole or an event of a stream: the two have the same shape.
//
// A stream is incremental, or it is cumulative: every event has the whole message so far. Which of the two it is can
// be asked for, but some models only know one of them. A cumulative stream therefore counts as one as long as every
// text begins with what came before.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { ErrorBody } from "as-proxy-wasm-sdk/llm/error";
import { AnswerHead, ChatEvents, Finish, MAX_CHOICES, MAX_TOOL_CALLS } from "as-proxy-wasm-sdk/llm/events";
import { isNoFinish, readOpenaiFinish } from "as-proxy-wasm-sdk/llm/openai/finish";
import { NONE, textOf } from "as-proxy-wasm-sdk/llm/text";
import { readQwenUsage } from "./usage";

class Call {
  /** Position among the calls that were handed on; -1 until this one was. */
  number: i32 = -1;
  id: Span = NONE;
  name: Span = NONE;
  hasArguments: bool = false;
  /** Arguments handed on, kept of cumulative streams. */
  readonly pushed: Buffer = new Buffer();
}

class Choice {
  readonly text: Buffer = new Buffer();
  readonly reasoning: Buffer = new Buffer();
  readonly calls: Call[] = [];
  /** Calls handed on. */
  begun: i32 = 0;
  isFinished: bool = false;
}

export class QwenAnswerReader {
  /** A reason to finish was met. */
  isFinished: bool = false;

  private isBegun: bool = false;
  private readonly choices: Choice[] = [];

  constructor(
    private readonly events: ChatEvents,
    private isCumulative: bool,
  ) {}

  /** Hands on what a checked object says; false when it is no answer. */
  read(root: Json): bool {
    const output = root.get("output");
    if (output.kind != JsonKind.Object) return false;
    if (!this.isBegun) {
      this.isBegun = true;
      const head = new AnswerHead();
      head.id = textOf(root.get("request_id"));
      this.events.begin(head);
    }
    const choices = output.get("choices");
    // Older models, and applications, answer with `{"text":…,"finish_reason":…}`.
    if (choices.kind != JsonKind.Array) this.readChoice(output, 0);
    const items = choices.items();
    while (items.next()) this.readChoice(items.value, items.index);
    const usage = readQwenUsage(root.get("usage"));
    if (usage) this.events.usage(usage);
    return true;
  }

  private readChoice(value: Json, position: i32): void {
    const number = <i32>value.get("index").integer(position);
    if (number < 0 || number >= MAX_CHOICES) {
      this.events.dropped.add("choices");
      return;
    }
    while (this.choices.length <= number) this.choices.push(new Choice());
    const choice = this.choices[number];
    if (choice.isFinished) return;
    const message = value.get("message");
    const reasoning = this.fresh(choice.reasoning, textOf(message.get("reasoning_content")));
    if (!reasoning.isEmpty) this.events.reasoning(number, reasoning);
    const content = message.exists ? message.get("content") : value.get("text");
    const text = this.fresh(choice.text, this.contentOf(content));
    if (!text.isEmpty) this.events.text(number, text);
    const word = textOf(value.get("finish_reason"));
    choice.isFinished = !isNoFinish(word);
    this.readCalls(choice, number, message.get("tool_calls"));
    if (!choice.isFinished) return;
    this.isFinished = true;
    let reason = readOpenaiFinish(word);
    if (reason == Finish.Stop && choice.begun > 0) reason = Finish.ToolCalls;
    this.events.finish(number, reason, word, NONE);
  }

  /** A string, or the texts of a list. */
  private contentOf(content: Json): Span {
    if (content.kind != JsonKind.Array) return textOf(content);
    let text = NONE;
    const items = content.items();
    while (items.next()) {
      const part = textOf(items.value.get("text"));
      if (part.isEmpty) {
        if (items.value.get("image").exists) this.events.dropped.add("choices.message.content.image");
      } else if (text.isEmpty) {
        text = part;
      } else {
        const joined = new Buffer(text.size + part.size);
        joined.append(text);
        joined.append(part);
        text = joined.take();
      }
    }
    return text;
  }

  /** What is new in a text, of which `pushed` was handed on before. */
  private fresh(pushed: Buffer, text: Span): Span {
    if (!this.isCumulative || text.isEmpty) return text;
    const known = pushed.size;
    if (text.slice(0, known).equals(pushed.span())) {
      const rest = text.slice(known);
      pushed.append(rest);
      return rest;
    }
    this.isCumulative = false;
    return text;
  }

  private readCalls(choice: Choice, number: i32, list: Json): void {
    const count = list.length();
    const items = list.items();
    while (items.next()) {
      const value = items.value;
      // Alone in its list a call may be one of several.
      const index = count == 1 ? <i32>value.get("index").integer(0) : items.index;
      if (index < 0 || index >= MAX_TOOL_CALLS) {
        this.events.dropped.add("tool_calls");
        continue;
      }
      while (choice.calls.length <= index) choice.calls.push(new Call());
      for (let i = choice.begun; i < index; i++) this.begin(choice, number, choice.calls[i]);
      this.readCall(choice, number, choice.calls[index], value);
    }
    if (!choice.isFinished) return;
    for (let i = 0; i < choice.calls.length; i++) {
      const call = choice.calls[i];
      this.begin(choice, number, call);
      if (call.number >= 0 && !call.hasArguments) this.events.toolInput(number, call.number, Span.text("{}"));
    }
  }

  private readCall(choice: Choice, number: i32, call: Call, value: Json): void {
    const called = value.get("function");
    const input = called.get("arguments");
    const args = textOf(input);
    if (call.number < 0) {
      // Both may grow until the arguments begin.
      const id = textOf(value.get("id"));
      const name = textOf(called.get("name"));
      if (!id.isEmpty) call.id = id.copy();
      if (!name.isEmpty) call.name = name.copy();
      if (args.isEmpty && input.kind != JsonKind.Object) return;
      this.begin(choice, number, call);
      if (call.number < 0) return;
    }
    const fresh = this.fresh(call.pushed, args);
    if (!fresh.isEmpty) this.events.toolArguments(number, call.number, fresh);
    else if (input.kind != JsonKind.Object || call.hasArguments) return;
    else this.events.toolInput(number, call.number, input.raw());
    call.hasArguments = true;
  }

  /** Announces a call, unless it was already or has no name. */
  private begin(choice: Choice, number: i32, call: Call): void {
    if (call.number >= 0 || call.name.isEmpty) return;
    call.number = choice.begun++;
    this.events.toolCall(number, call.number, call.id, call.name);
  }
}

/** Hands the answer, or the error that the body holds, on to `events`. False when the body is neither. */
export function readQwenAnswer(body: Span, events: ChatEvents): bool {
  const root = Json.checked(body);
  if (!new QwenAnswerReader(events, false).read(root)) {
    const error = ErrorBody.of(root);
    if (!error.isKnown) return false;
    events.error(error.kind, error.message);
  }
  events.end();
  return true;
}
