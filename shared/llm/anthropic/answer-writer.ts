// An answer as one Anthropic message.

import { Buffer, Span } from "../../bytes";
import { JsonWriter } from "../../json";
import { ErrorKind } from "../error";
import { AnswerHead, AnswerWriter, Citation, Finish } from "../events";
import { NONE, objectInText } from "../text";
import { toolCallId } from "../tool-id";
import { Usage } from "../usage";
import { writeCitation } from "./citation";
import { writeAnthropicError } from "./error";
import { anthropicFinishName } from "./finish";
import { writeAnthropicUsage } from "./usage";

const enum BlockType {
  Text,
  Thinking,
  RedactedThinking,
  ToolUse,
}

class Block {
  /** Text, thinking, redacted data, or the arguments' JSON text. */
  readonly content: Buffer = new Buffer();
  /** Arguments as they are written, when they came as JSON. */
  input: Span = NONE;
  /** Items of a list, as JSON. */
  readonly citations: Buffer = new Buffer();
  signature: Span = NONE;
  id: Span = NONE;
  name: Span = NONE;

  constructor(
    readonly type: BlockType,
    readonly call: i32,
  ) {}
}

export class AnthropicAnswerWriter extends AnswerWriter {
  private head: AnswerHead = new AnswerHead();
  private readonly blocks: Block[] = [];
  private stopReason: Span = NONE;
  private stopSequence: Span = NONE;
  private hasRefused: bool = false;
  private lastUsage: Usage = new Usage();

  constructor(private readonly out: Buffer) {
    super();
  }

  begin(head: AnswerHead): void {
    this.head = head.copy();
  }

  text(choice: i32, escaped: Span): void {
    if (this.isOther(choice)) return;
    this.current(BlockType.Text).content.append(escaped);
  }

  reasoning(choice: i32, escaped: Span): void {
    if (this.isOther(choice)) return;
    let block = this.current(BlockType.Thinking);
    if (!block.signature.isEmpty) block = this.add(BlockType.Thinking);
    block.content.append(escaped);
  }

  signature(choice: i32, escaped: Span): void {
    if (this.isOther(choice)) return;
    this.current(BlockType.Thinking).signature = escaped.copy();
  }

  redactedReasoning(choice: i32, data: Span): void {
    if (this.isOther(choice)) return;
    this.add(BlockType.RedactedThinking).content.append(data);
  }

  citation(choice: i32, citation: Citation): void {
    if (this.isOther(choice)) return;
    const last = this.blocks.length - 1;
    if (last < 0 || this.blocks[last].type != BlockType.Text) {
      this.dropped.add("citations");
      return;
    }
    const citations = this.blocks[last].citations;
    citations.push(citations.isEmpty ? 0x5b : 0x2c);
    writeCitation(new JsonWriter(citations), citation);
  }

  refusal(choice: i32, escaped: Span): void {
    this.text(choice, escaped);
    this.hasRefused = true;
  }

  toolCall(choice: i32, index: i32, id: Span, name: Span): void {
    if (this.isOther(choice)) return;
    const block = this.add(BlockType.ToolUse, index);
    block.id = toolCallId(id, this.head.id, index).copy();
    block.name = this.toolName(name).copy();
  }

  toolArguments(choice: i32, index: i32, escaped: Span): void {
    if (this.isOther(choice)) return;
    const block = this.callBlock(index);
    if (block) block.content.append(escaped);
  }

  toolInput(choice: i32, index: i32, json: Span): void {
    if (this.isOther(choice)) return;
    const block = this.callBlock(index);
    if (block) block.input = json.copy();
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
    this.hasFailed = true;
    writeAnthropicError(this.out, kind, message);
  }

  end(): void {
    if (this.hasFailed) return;
    const out = this.out;
    const json = new JsonWriter(out).object().key("id").escaped(this.head.id).key("type").text("message");
    json.key("role").text("assistant").key("content").array();
    for (let i = 0; i < this.blocks.length; i++) this.writeBlock(json, this.blocks[i]);
    json
      .end()
      .key("model")
      .escaped(this.model.isEmpty ? this.head.model : this.model);
    let reason = this.stopReason;
    if (reason.isEmpty) reason = Span.text(this.hasCalls ? "tool_use" : "end_turn");
    json.key("stop_reason").escaped(reason);
    textOrNull(json.key("stop_sequence"), this.stopSequence);
    out.text(',"usage":');
    writeAnthropicUsage(out, this.lastUsage);
    json.key("error").null_().end();
  }

  private writeBlock(json: JsonWriter, block: Block): void {
    const content = block.content.span();
    json.object().key("type");
    switch (block.type) {
      case BlockType.Text:
        json.text("text").key("text").escaped(content);
        if (block.citations.isEmpty) break;
        block.citations.push(0x5d);
        json.key("citations").raw(block.citations.span());
        break;
      case BlockType.Thinking:
        json.text("thinking").key("signature").escaped(block.signature).key("thinking").escaped(content);
        break;
      case BlockType.RedactedThinking:
        json.text("redacted_thinking").key("data").escaped(content);
        break;
      default:
        this.writeToolUse(json, block, content);
    }
    json.end();
  }

  private writeToolUse(json: JsonWriter, block: Block, content: Span): void {
    json.text("tool_use").key("id").escaped(block.id).key("name").escaped(block.name).key("input");
    const input = block.input.isEmpty ? objectInText(content) : block.input;
    if (!input.isEmpty) json.raw(input);
    else json.object().end();
    if (input.isEmpty && !content.isEmpty) this.dropped.add("tool_calls.function.arguments");
  }

  /** True for what the dialect has no place for: every choice but the first. */
  private isOther(choice: i32): bool {
    if (choice != 0) this.dropped.add("choices");
    return choice != 0;
  }

  private get hasCalls(): bool {
    for (let i = 0; i < this.blocks.length; i++) if (this.blocks[i].call >= 0) return true;
    return false;
  }

  /** The last block, or a new one when that is of another type. */
  private current(type: BlockType): Block {
    const blocks = this.blocks;
    const last = blocks.length - 1;
    return last >= 0 && blocks[last].type == type ? blocks[last] : this.add(type);
  }

  private add(type: BlockType, call: i32 = -1): Block {
    const block = new Block(type, call);
    this.blocks.push(block);
    return block;
  }

  private callBlock(index: i32): Block | null {
    for (let i = this.blocks.length - 1; i >= 0; i--) if (this.blocks[i].call == index) return this.blocks[i];
    return null;
  }
}

function textOrNull(json: JsonWriter, text: Span): void {
  if (text.isEmpty) json.null_();
  else json.escaped(text);
}
