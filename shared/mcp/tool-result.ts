// What calling a tool gives: content for the model, and data for programs.

import { Buffer, Span } from "../bytes";
import { JsonWriter } from "../json";
import { Outcome } from "./outcome";

export class ToolResult {
  /** The tool failed; the content tells the model why. */
  isError: bool = false;
  /** JSON object that fits the tool's output schema, or empty. */
  structured: Span = Span.empty();
  private out: Buffer = new Buffer(256);
  private content: JsonWriter = new JsonWriter(this.out).array();

  static failure(text: string): ToolResult {
    const result = new ToolResult().text(Span.text(text));
    result.isError = true;
    return result;
  }

  text(text: Span): ToolResult {
    this.content.object().key("type").text("text").key("text").bytes(text).end();
    return this;
  }

  /** `type` is `image` or `audio`, `base64` the data in standard base64. */
  media(type: string, base64: Span, mimeType: Span): ToolResult {
    const item = this.content.object().key("type").text(type);
    item.key("data").bytes(base64).key("mimeType").bytes(mimeType).end();
    return this;
  }

  /** JSON of an item of content. */
  item(raw: Span): ToolResult {
    this.content.raw(raw);
    return this;
  }

  /** Nothing can be added afterwards. */
  outcome(details: string = ""): Outcome {
    this.content.end();
    const out = new Buffer(this.out.size + this.structured.size + 64);
    const json = new JsonWriter(out).object().key("content").raw(this.out.span());
    json.key("isError").bool(this.isError);
    if (!this.structured.isEmpty) json.key("structuredContent").raw(this.structured);
    json.end();
    return Outcome.ofResult(out.span(), details);
  }
}
