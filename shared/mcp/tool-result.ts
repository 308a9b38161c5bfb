// What calling a tool gives: content for the model, and data for programs.

import { Buffer, Span } from "../bytes";
import { JsonWriter } from "../json";
import { Outcome } from "./outcome";

export class ToolResult {
  /** The tool failed; the content tells the model why. */
  isError: bool = false;
  /** JSON object that fits the tool's output schema, or empty. */
  structured: Span = Span.empty();
  /** The result itself, written as it comes: it may be large. */
  private out: Buffer = new Buffer(256);
  private json: JsonWriter = new JsonWriter(this.out).object().key("content").array();

  static failure(text: string): ToolResult {
    const result = new ToolResult().text(Span.text(text));
    result.isError = true;
    return result;
  }

  text(text: Span): ToolResult {
    this.makeRoom(text);
    this.json.object().key("type").text("text").key("text").bytes(text).end();
    return this;
  }

  /** `type` is `image` or `audio`, `base64` the data in standard base64. */
  media(type: string, base64: Span, mimeType: Span): ToolResult {
    this.makeRoom(base64);
    const item = this.json.object().key("type").text(type);
    item.key("data").bytes(base64).key("mimeType").bytes(mimeType).end();
    return this;
  }

  /** JSON of an item of content. */
  item(raw: Span): ToolResult {
    this.makeRoom(raw);
    this.json.raw(raw);
    return this;
  }

  /** At once: a buffer that grows step by step leaves as much behind as it has. */
  private makeRoom(content: Span): void {
    this.out.reserve(content.size + (content.size >> 2) + 256);
  }

  /** Nothing can be added afterwards. */
  outcome(details: string = ""): Outcome {
    const json = this.json.end().key("isError").bool(this.isError);
    if (!this.structured.isEmpty) json.key("structuredContent").raw(this.structured);
    json.end();
    return Outcome.ofResult(this.out.span(), details);
  }
}
