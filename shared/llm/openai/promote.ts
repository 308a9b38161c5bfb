// Some models put the whole answer into their reasoning and leave the content empty. For clients that read
// content only, the reasoning then becomes the content.

import { Buffer, Span, trimAscii } from "../../bytes";
import { Json, JsonEdit, JsonKind } from "../../json";
import { SseParser } from "../../sse";
import { MAX_CHOICES } from "../events";
import { isBlank, textOf, writeQuoted } from "../text";
import { applied } from "./edit";
import { isNoFinish } from "./finish";

/** Reasoning held for the case that no content comes; more is handed on as reasoning, and nothing promoted. */
const MAX_HELD_BYTES: i32 = 4 << 20;

/** Makes reasoning the content of each choice of a whole answer that has none. The same span when none has. */
export function promoteThinking(body: Span): Span {
  const edit = new JsonEdit(body);
  let isEdited = false;
  const choices = Json.checked(body).get("choices").items();
  while (choices.next() && choices.index < MAX_CHOICES) {
    const message = choices.value.get("message");
    const name = reasoningName(message);
    if (name.length == 0 || !hasBlankContent(message)) continue;
    const path = "choices." + choices.index.toString() + ".message.";
    edit.set(path + "content", message.get(name).raw()).remove(path + name);
    isEdited = true;
  }
  return isEdited ? applied(body, edit) : body;
}

/**
 * The same for a stream of chunks, of which it changes the first choice: reasoning is held until content comes,
 * and goes before it then, or until the answer is over, and is sent as the content then.
 */
export class ThinkingPromotion {
  private readonly sse: SseParser;
  private readonly held: Buffer = new Buffer();
  /** Content has come, or the reasoning was sent: nothing changes any more. */
  private isSettled: bool = false;

  /** Appends to `out`. Events of more than `maxEventBytes` pass as they are. */
  constructor(
    private readonly out: Buffer,
    maxEventBytes: i32,
  ) {
    this.sse = new SseParser(maxEventBytes, true);
  }

  feed(chunk: Span): void {
    this.sse.feed(chunk);
    this.readEvents();
  }

  finish(): void {
    this.sse.finish();
    this.readEvents();
    this.settle("content");
  }

  private readEvents(): void {
    while (this.sse.next()) {
      if (this.isSettled || !this.sse.isEvent || !this.readEvent(this.sse.data))
        this.out.append(this.sse.raw);
    }
  }

  /** True when the event was written in another form. */
  private readEvent(data: Span): bool {
    if (trimAscii(data).equalsAscii("[DONE]")) {
      this.settle("content");
      return false;
    }
    const chunk = Json.checked(data);
    // Clients read no further than an error.
    if (chunk.get("error").kind > JsonKind.Null) this.settle("reasoning_content");
    const choices = chunk.get("choices").items();
    while (choices.next()) {
      const choice = choices.value;
      if (choice.get("index").integer(0) == 0) return this.readChoice(data, choice, choices.index);
    }
    return false;
  }

  private readChoice(data: Span, choice: Json, position: i32): bool {
    const delta = choice.get("delta");
    const isLast = !isNoFinish(textOf(choice.get("finish_reason")));
    if (!hasBlankContent(delta)) {
      this.settle("reasoning_content");
      return false;
    }
    const name = reasoningName(delta);
    if (name.length > 0) this.held.append(textOf(delta.get(name)));
    if (isLast) this.settle("content");
    else if (this.held.size > MAX_HELD_BYTES) this.settle("reasoning_content");
    if (name.length == 0) return false;

    const path = "choices." + position.toString() + ".delta.";
    const edit = new JsonEdit(data).remove(path + "reasoning_content").remove(path + "reasoning");
    this.out.text("data: ");
    this.out.append(applied(data, edit));
    this.out.text("\n\n");
    return true;
  }

  private settle(member: string): void {
    if (this.isSettled) return;
    this.isSettled = true;
    if (this.held.isEmpty) return;
    const out = this.out;
    out.text('data: {"choices":[{"index":0,"delta":{"' + member + '":');
    writeQuoted(out, this.held.span());
    out.text('},"finish_reason":null,"logprobs":null}],"object":"chat.completion.chunk","usage":null}\n\n');
    this.held.clear();
  }
}

/** Name of the member that holds reasoning; empty when there is none. */
function reasoningName(message: Json): string {
  if (!textOf(message.get("reasoning_content")).isEmpty) return "reasoning_content";
  return textOf(message.get("reasoning")).isEmpty ? "" : "reasoning";
}

/** True when the content is missing, null, or a string of white space. */
function hasBlankContent(message: Json): bool {
  const content = message.get("content");
  return content.kind <= JsonKind.Null || (content.kind == JsonKind.String && isBlank(content.escaped()));
}
