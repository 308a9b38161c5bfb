// What whole messages and streams of messages have in common.
//
// Only `tool_use` blocks are calls that the client has to carry out, so only they are counted. What the provider
// did by itself (server tools and their results, MCP, compaction, fallback to another model) has no place in a
// chat answer: the text that follows is its result, and its blocks are noted as dropped.

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { AnswerHead, ChatEvents, Citation, MAX_TOOL_CALLS } from "../events";
import { characterCount, textOf } from "../text";
import { Usage } from "../usage";
import { readAnthropicFinish } from "./finish";
import { readAnthropicUsage } from "./usage";

/** Sources of one block of text; more are dropped. */
const MAX_CITATIONS: i32 = 256;

export class AnthropicMessageReader {
  isBegun: bool = false;
  /** The reason to stop was handed on. */
  isFinished: bool = false;

  private toolCalls: i32 = 0;
  /** Characters of all texts so far, and where the present block's text begins. */
  private characters: i64 = 0;
  private textStart: i64 = 0;
  private readonly citations: Citation[] = [];
  private readonly usage: Usage = new Usage();

  constructor(readonly events: ChatEvents) {}

  /** Begins the answer with a `message`, whose content may hold blocks already. */
  begin(message: Json): void {
    if (this.isBegun) return;
    this.isBegun = true;
    const usage = message.get("usage");
    const head = new AnswerHead();
    head.id = textOf(message.get("id"));
    head.model = textOf(message.get("model"));
    head.serviceTier = textOf(usage.get("service_tier"));
    this.events.begin(head);
    this.readUsage(usage);
    const blocks = message.get("content").items();
    while (blocks.next()) this.readBlock(blocks.value);
  }

  readUsage(usage: Json): void {
    if (usage.kind != JsonKind.Object) return;
    readAnthropicUsage(usage, this.usage);
    this.events.usage(this.usage);
  }

  /** Reads a block that is complete. */
  readBlock(block: Json): void {
    const index = this.beginBlock(block);
    if (index >= 0) this.endToolCall(index, block.get("input"));
    this.endText();
  }

  text(escaped: Span): void {
    if (escaped.isEmpty) return;
    this.characters += characterCount(escaped);
    this.events.text(0, escaped);
  }

  /** Notes a source of the text block that is open: where its text ends is not known yet. */
  addCitation(value: Json): void {
    const citation = new Citation();
    citation.url = textOf(value.get("url")).copy();
    // Search results that the client gave have their address here, or a name.
    if (citation.url.isEmpty) citation.url = textOf(value.get("source")).copy();
    citation.title = textOf(value.get("title")).copy();
    citation.quote = textOf(value.get("cited_text")).copy();
    if (citation.url.isEmpty || this.citations.length >= MAX_CITATIONS)
      this.events.dropped.add("content.text.citations");
    else this.citations.push(citation);
  }

  /** A block has ended. */
  endText(): void {
    while (this.citations.length > 0) {
      const citation = this.citations.shift();
      citation.start = this.textStart;
      citation.end = this.characters;
      this.events.citation(0, citation);
    }
    this.textStart = this.characters;
  }

  /**
   * Begins a block and hands on the text it has. Answers the number of the tool call that it begins; -1 for
   * other blocks.
   */
  beginBlock(block: Json): i32 {
    const type = textOf(block.get("type"));
    if (type.equalsAscii("text")) {
      this.text(textOf(block.get("text")));
      const citations = block.get("citations").items();
      while (citations.next()) this.addCitation(citations.value);
    } else if (type.equalsAscii("thinking")) {
      const text = textOf(block.get("thinking"));
      if (!text.isEmpty) this.events.reasoning(0, text);
      const signature = textOf(block.get("signature"));
      if (!signature.isEmpty) this.events.signature(0, signature);
    } else if (type.equalsAscii("redacted_thinking")) {
      this.events.redactedReasoning(0, textOf(block.get("data")));
    } else if (type.equalsAscii("tool_use") && this.toolCalls < MAX_TOOL_CALLS) {
      const index = this.toolCalls++;
      this.events.toolCall(0, index, textOf(block.get("id")), textOf(block.get("name")));
      return index;
    } else {
      this.events.dropped.addNamed("content.", type);
    }
    return -1;
  }

  /** Hands on all arguments of a call; `{}` where there are none. */
  endToolCall(index: i32, input: Json): void {
    this.events.toolInput(0, index, input.kind == JsonKind.Object ? input.raw() : Span.text("{}"));
  }

  /** Reads `stop_reason`, `stop_sequence` and `stop_details` of a message, or of the delta that ends it. */
  readStop(value: Json): void {
    const word = textOf(value.get("stop_reason"));
    if (this.isFinished || word.isEmpty) return;
    this.isFinished = true;
    const explanation = textOf(value.get("stop_details").get("explanation"));
    if (!explanation.isEmpty) this.events.refusal(0, explanation);
    this.events.finish(0, readAnthropicFinish(word), word, textOf(value.get("stop_sequence")));
  }
}
