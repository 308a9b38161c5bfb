// An answer as a stream of Anthropic message events. One block is open at a time: what comes while the arguments of a
// tool call are incomplete waits until they are, and the blocks are numbered in the order they are opened.

import { Buffer, Span, writeInteger } from "../../bytes";
import { JsonWriter } from "../../json";
import { ErrorKind } from "../error";
import { AnswerHead, AnswerWriter, Citation, Finish } from "../events";
import { NONE, objectInText, writeQuoted, writeValueEscaped } from "../text";
import { toolCallId } from "../tool-id";
import { Usage } from "../usage";
import { writeCitation } from "./citation";
import { writeAnthropicError } from "./error";
import { anthropicFinishName } from "./finish";
import { writeAnthropicUsage } from "./usage";

/** Bytes held of calls, and of what waits for them; more end the answer with an error. */
const MAX_WAITING_BYTES: i32 = 16 << 20;
const TOO_MUCH: string = "The arguments of the tool calls are longer than the gateway accepts.";

// Said again and again, so turned into bytes once.
const DELTA: Span = Span.text('event: content_block_delta\ndata: {"type":"content_block_delta","index":');
const TEXT_DELTA: Span = Span.text(',"delta":{"type":"text_delta","text":"');
const THINKING_DELTA: Span = Span.text(',"delta":{"type":"thinking_delta","thinking":"');
const SIGNATURE_DELTA: Span = Span.text(',"delta":{"type":"signature_delta","signature":"');
const INPUT_DELTA: Span = Span.text(',"delta":{"type":"input_json_delta","partial_json":"');
const DELTA_END: Span = Span.text('"}}\n\n');

const enum Block {
  None,
  Thinking,
  /** Thinking whose signature is written: more thinking is another block. */
  Signed,
  Text,
  ToolUse,
  Redacted,
}

/** The call whose block is open, a call that waits, or what is said while one is incomplete. */
class Waiting {
  readonly content: Buffer = new Buffer();
  private checkedBytes: i32 = -1;
  private isObject: bool = false;

  constructor(
    readonly block: Block,
    readonly index: i32 = -1,
    readonly id: Span = NONE,
    readonly name: Span = NONE,
  ) {}

  /** False for a call whose arguments are no JSON object yet. */
  get isComplete(): bool {
    const bytes = this.content.size;
    if (this.block == Block.ToolUse && this.checkedBytes != bytes) {
      this.checkedBytes = bytes;
      this.isObject = !objectInText(this.content.span()).isEmpty;
    }
    return this.block != Block.ToolUse || this.isObject;
  }
}

export class AnthropicStreamWriter extends AnswerWriter {
  private id: Span = NONE;
  private isBegun: bool = false;
  private block: Block = Block.None;
  /** Number of the open block, or of the next one when none is open. */
  private blockIndex: i32 = 0;
  private openCall: Waiting | null = null;
  private waiting: Waiting[] = [];
  private waitingBytes: i32 = 0;
  private hasCalls: bool = false;
  private hasRefused: bool = false;
  private stopReason: Span = NONE;
  private stopSequence: Span = NONE;
  private lastUsage: Usage = new Usage();

  constructor(private readonly out: Buffer) {
    super();
  }

  begin(head: AnswerHead): void {
    if (this.isBegun) return;
    this.isBegun = true;
    this.id = head.id.copy();
    const out = this.out;
    this.open("message_start");
    out.text(',"message":{"id":');
    writeQuoted(out, head.id);
    out.text(',"type":"message","role":"assistant","content":[],"model":');
    writeQuoted(out, this.model.isEmpty ? head.model : this.model);
    out.text(',"stop_reason":null,"stop_sequence":null,"usage":');
    writeAnthropicUsage(out, this.lastUsage);
    out.text(',"error":null}');
    this.close();
  }

  text(choice: i32, escaped: Span): void {
    if (this.isOther(choice) || this.waits(Block.Text, escaped)) return;
    if (this.block != Block.Text) {
      this.closeBlock();
      this.openBlock(Block.Text, '"text","text":""');
    }
    this.delta(TEXT_DELTA, escaped);
  }

  reasoning(choice: i32, escaped: Span): void {
    if (this.isOther(choice) || this.waits(Block.Thinking, escaped)) return;
    this.openThinking();
    this.delta(THINKING_DELTA, escaped);
  }

  signature(choice: i32, escaped: Span): void {
    if (this.isOther(choice) || this.waits(Block.Signed, escaped)) return;
    this.openThinking();
    this.delta(SIGNATURE_DELTA, escaped);
    this.block = Block.Signed;
  }

  redactedReasoning(choice: i32, data: Span): void {
    if (this.isOther(choice) || this.waits(Block.Redacted, data)) return;
    this.closeBlock();
    const head = new Buffer();
    head.text('"redacted_thinking","data":');
    writeQuoted(head, data);
    this.openBlockWith(Block.Redacted, head.span());
    this.stopBlock();
  }

  citation(choice: i32, citation: Citation): void {
    if (this.isOther(choice)) return;
    if (this.block != Block.Text) {
      this.dropped.add("citations");
      return;
    }
    const out = this.out;
    out.append(DELTA);
    writeInteger(out, this.blockIndex);
    out.text(',"delta":{"type":"citations_delta","citation":');
    writeCitation(new JsonWriter(out), citation);
    this.out.text("}}\n\n");
  }

  refusal(choice: i32, escaped: Span): void {
    this.text(choice, escaped);
    this.hasRefused = true;
  }

  toolCall(choice: i32, index: i32, id: Span, name: Span): void {
    if (this.isOther(choice)) return;
    this.hasCalls = true;
    const known = toolCallId(id, this.id, index);
    const call = new Waiting(Block.ToolUse, index, known.copy(), this.toolName(name).copy());
    if (this.block == Block.ToolUse) {
      this.waiting.push(call);
      return;
    }
    this.closeBlock();
    this.openToolUse(call);
  }

  toolArguments(choice: i32, index: i32, escaped: Span): void {
    if (this.isOther(choice)) return;
    const call = this.call(index);
    if (!call || !this.hold(escaped.size)) return;
    call.content.append(escaped);
    if (call === this.openCall) this.delta(INPUT_DELTA, escaped);
  }

  toolInput(choice: i32, index: i32, json: Span): void {
    const escaped = new Buffer(json.size);
    writeValueEscaped(escaped, json);
    this.toolArguments(choice, index, escaped.span());
  }

  finish(choice: i32, reason: Finish, word: Span, detail: Span): void {
    if (this.isOther(choice)) return;
    if (reason == Finish.Stop && this.hasRefused) reason = Finish.Filter;
    this.stopReason = anthropicFinishName(reason, word).copy();
    this.stopSequence = detail.copy();
  }

  usage(usage: Usage): void {
    this.lastUsage = usage.copy();
  }

  error(kind: ErrorKind, message: Span): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.out.text("event: error\ndata: ");
    writeAnthropicError(this.out, kind, message);
    this.out.text("\n\n");
  }

  end(): void {
    // After an error the stream just stops: `message_stop` would make the answer look complete.
    if (this.hasFailed || !this.isBegun) return;
    this.closeBlock();
    if (this.stopReason.isEmpty) this.stopReason = Span.text(this.hasCalls ? "tool_use" : "end_turn");
    const out = this.out;
    this.open("message_delta");
    out.text(',"delta":{"stop_reason":');
    writeQuoted(out, this.stopReason);
    out.text(',"stop_sequence":');
    if (this.stopSequence.isEmpty) out.text("null");
    else writeQuoted(out, this.stopSequence);
    out.text('},"usage":');
    writeAnthropicUsage(out, this.lastUsage);
    this.close();
    this.open("message_stop");
    this.close();
  }

  /** True for what the dialect has no place for: every choice but the first, and all after an error. */
  private isOther(choice: i32): bool {
    if (choice != 0) this.dropped.add("choices");
    if (choice != 0 || this.hasFailed) return true;
    if (!this.isBegun) this.begin(new AnswerHead());
    return false;
  }

  private openThinking(): void {
    if (this.block == Block.Thinking) return;
    this.closeBlock();
    this.openBlock(Block.Thinking, '"thinking","signature":"","thinking":""');
  }

  private openToolUse(call: Waiting): void {
    const head = new Buffer();
    head.text('"tool_use","id":');
    writeQuoted(head, call.id);
    head.text(',"name":');
    writeQuoted(head, call.name);
    head.text(',"input":{}');
    this.openCall = call;
    this.openBlockWith(Block.ToolUse, head.span());
  }

  private openBlock(block: Block, content: string): void {
    this.openBlockWith(block, Span.text(content));
  }

  private openBlockWith(block: Block, content: Span): void {
    this.block = block;
    this.open("content_block_start");
    this.out.text(',"index":' + this.blockIndex.toString() + ',"content_block":{"type":');
    this.out.append(content);
    this.out.push(0x7d);
    this.close();
  }

  /** Closes the open block, and writes what waited for it. */
  private closeBlock(): void {
    this.stopBlock();
    const waiting = this.waiting;
    if (waiting.length == 0) return;
    this.waiting = [];
    this.waitingBytes = 0;
    for (let i = 0; i < waiting.length; i++) {
      const content = waiting[i].content.span();
      if (waiting[i].block == Block.Text) this.text(0, content);
      else if (waiting[i].block == Block.Thinking) this.reasoning(0, content);
      else if (waiting[i].block == Block.Signed) this.signature(0, content);
      else if (waiting[i].block == Block.Redacted) this.redactedReasoning(0, content);
      else {
        this.stopBlock();
        this.openToolUse(waiting[i]);
        if (!content.isEmpty) this.delta(INPUT_DELTA, content);
        this.stopBlock();
      }
    }
    this.stopBlock();
  }

  private stopBlock(): void {
    if (this.block == Block.None) return;
    this.open("content_block_stop");
    this.out.text(',"index":' + this.blockIndex.toString());
    this.close();
    this.block = Block.None;
    this.openCall = null;
    this.blockIndex++;
  }

  private call(index: i32): Waiting | null {
    const open = this.openCall;
    if (open && open.index == index) return open;
    for (let i = 0; i < this.waiting.length; i++) if (this.waiting[i].index == index) return this.waiting[i];
    this.dropped.add("tool_calls.function.arguments");
    return null;
  }

  /** Keeps what is said while a call is incomplete: to close its block would lose the rest. */
  private waits(block: Block, escaped: Span): bool {
    const open = this.openCall;
    if (!open) return false;
    const waiting = this.waiting;
    let isComplete = open.isComplete;
    for (let i = 0; i < waiting.length; i++) isComplete = isComplete && waiting[i].isComplete;
    if (isComplete || !this.hold(escaped.size)) return !isComplete;
    const last = waiting.length - 1;
    if (last < 0 || waiting[last].block != block) waiting.push(new Waiting(block));
    waiting[waiting.length - 1].content.append(escaped);
    return true;
  }

  /** Counts what is held; false when it is too much, which is told to the client. */
  private hold(bytes: i32): bool {
    this.waitingBytes += bytes;
    if (this.waitingBytes > MAX_WAITING_BYTES) this.error(ErrorKind.Api, Span.text(TOO_MUCH));
    return !this.hasFailed;
  }

  private delta(head: Span, escaped: Span): void {
    const out = this.out;
    out.append(DELTA);
    writeInteger(out, this.blockIndex);
    out.append(head);
    out.append(escaped);
    out.append(DELTA_END);
  }

  private open(type: string): void {
    this.out.text("event: " + type + '\ndata: {"type":"' + type + '"');
  }

  private close(): void {
    this.out.text("}\n\n");
  }
}
