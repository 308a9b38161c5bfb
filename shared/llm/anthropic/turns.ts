// A conversation as Anthropic takes it: https://platform.claude.com/docs/en/api/messages
//
// It refuses texts that are blank, messages that are empty, calls whose results do not follow at once, results
// without their call, a conversation that the assistant begins, and a last text of the assistant's that ends with
// white space. Messages of one role in a row are fine.

import { Span } from "../../bytes";
import { ChatMessage, ChatPart, PartKind, Role } from "../chat";
import { Dropped } from "../dropped";
import { isBlank, withoutTrailingSpace } from "../text";
import { missingResult } from "../tool-results";
import { CallIds } from "./call-ids";
import { prepareMedia } from "./media";

/** What the user says where nothing can be sent. */
const NOTHING: string = ".";

export class Turn {
  /** Only text: it is sent as it is, not as a block. */
  isPlain: bool = false;

  constructor(
    readonly isAssistant: bool,
    readonly parts: ChatPart[],
  ) {}
}

export class Turns {
  readonly list: Turn[] = [];

  private readonly ids: CallIds;
  /** Position of the first call of the assistant's last stretch. */
  private openFrom: i32 = 0;

  constructor(
    private readonly messages: ChatMessage[],
    private readonly dropped: Dropped,
    /** The provider takes more kinds of files than Anthropic does. */
    private readonly keepsFiles: bool = false,
  ) {
    this.ids = new CallIds(messages);
    for (let i = 0; i < messages.length;) {
      const isAssistant = messages[i].role == Role.Assistant;
      let end = i + 1;
      while (end < messages.length && (messages[end].role == Role.Assistant) == isAssistant) end++;
      for (let j = i; j < end; j++) if (!messages[j].name.isEmpty) this.dropped.add("messages.name");
      if (isAssistant) this.assistant(i, end);
      else this.user(i, end);
      i = end;
    }
    if (this.hasOpenCalls) this.user(0, 0);
    this.trimEnd();
    if (this.list.length > 0 && this.list[0].isAssistant) this.list.unshift(nothing());
  }

  /** Messages `from` up to, not including, `to` are the assistant's. */
  private assistant(from: i32, to: i32): void {
    this.openFrom = this.ids.calls.length;
    for (let i = from; i < to; i++) {
      const message = this.messages[i];
      const turn = new Turn(true, []);
      for (let j = 0; j < message.parts.length; j++) {
        const part = message.parts[j];
        if (part.kind == PartKind.ToolCall) {
          this.ids.add(part);
          if (!part.data.isEmpty) this.dropped.add("messages.tool_calls.signature");
        } else if (part.kind == PartKind.Thinking && part.data.isEmpty) {
          this.dropped.add("messages.reasoning_content");
          continue;
        } else if (part.kind >= PartKind.Image && part.kind <= PartKind.File) {
          this.dropped.add("messages.assistant.content");
          continue;
        }
        this.add(turn.parts, part);
      }
      this.push(turn, message);
    }
  }

  /** The others' messages between two of the assistant's. */
  private user(from: i32, to: i32): void {
    let last = from - 1;
    for (let i = from; i < to; i++) if (this.messages[i].has(PartKind.ToolResult)) last = i;
    const results: ChatPart[] = [];
    const rest: ChatPart[] = [];
    // Results come first; what was said before the last of them follows in the same message.
    for (let i = from; i <= last; i++) {
      if (this.messages[i].isSystem) continue;
      const parts = this.messages[i].parts;
      for (let j = 0; j < parts.length; j++) {
        if (parts[j].kind == PartKind.ToolResult) this.result(parts[j], results, rest);
        else this.addUsers(rest, parts[j]);
      }
    }
    for (let i = this.openFrom; i < this.ids.calls.length; i++) {
      const call = this.ids.calls[i];
      if (!call.isAnswered) {
        const missing = missingResult();
        missing.id = call.part.id;
        missing.isError = true;
        results.push(missing);
      }
    }
    this.openFrom = this.ids.calls.length;
    const first = results.concat(rest);
    if (first.length > 0) this.list.push(new Turn(false, first));
    for (let i = last + 1; i < to; i++) {
      const message = this.messages[i];
      if (message.isSystem) continue;
      const turn = new Turn(false, []);
      for (let j = 0; j < message.parts.length; j++) this.addUsers(turn.parts, message.parts[j]);
      if (turn.parts.length > 0) this.push(turn, message);
      else this.list.push(nothing());
    }
  }

  private result(part: ChatPart, results: ChatPart[], rest: ChatPart[]): void {
    const call = this.ids.find(part.id, this.openFrom);
    if (call) {
      call.isAnswered = true;
      part.id = call.part.id;
      let kept = 0;
      for (let i = 0; i < part.parts.length; i++) {
        const inner = part.parts[i];
        if (inner.kind == PartKind.Text || this.takesMedia(inner)) part.parts[kept++] = inner;
      }
      part.parts.length = kept;
      results.push(part);
      return;
    }
    this.dropped.add("messages.tool_call_id");
    for (let i = 0; i < part.parts.length; i++) this.addUsers(rest, part.parts[i]);
  }

  private addUsers(parts: ChatPart[], part: ChatPart): void {
    if (part.kind <= PartKind.File || part.kind == PartKind.Refusal) this.add(parts, part);
    else this.dropped.add("messages.user.content");
  }

  private add(parts: ChatPart[], part: ChatPart): void {
    const isText = part.kind == PartKind.Text || part.kind == PartKind.Refusal;
    if (isText && isBlank(part.text)) return;
    if (part.kind > PartKind.File || isText || this.takesMedia(part)) parts.push(part);
  }

  /** False for bytes that cannot be sent, which are noted. */
  private takesMedia(part: ChatPart): bool {
    if (part.kind == PartKind.Image || part.kind == PartKind.File)
      return prepareMedia(part, this.dropped, this.keepsFiles);
    if (part.kind == PartKind.Audio && this.keepsFiles) return true;
    this.dropped.add("messages.content.input_audio");
    return false;
  }

  private push(turn: Turn, message: ChatMessage): void {
    if (turn.parts.length == 0) return;
    turn.isPlain = message.isPlain && turn.parts.length == 1 && turn.parts[0].kind == PartKind.Text;
    this.list.push(turn);
  }

  private get hasOpenCalls(): bool {
    return this.openFrom < this.ids.calls.length;
  }

  /** The last text of the assistant's may not end with white space. */
  private trimEnd(): void {
    const last = this.list.length - 1;
    if (last < 0 || !this.list[last].isAssistant) return;
    const parts = this.list[last].parts;
    const part = parts[parts.length - 1];
    if (part.kind == PartKind.Text || part.kind == PartKind.Refusal)
      part.text = withoutTrailingSpace(part.text);
  }
}

/** What the user says where there is nothing to say. */
export function nothing(): Turn {
  const turn = new Turn(false, [ChatPart.text(Span.text(NOTHING))]);
  turn.isPlain = true;
  return turn;
}
