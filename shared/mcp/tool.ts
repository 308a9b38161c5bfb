// A tool as it is listed.

import { Buffer, Span } from "../bytes";
import { JsonWriter } from "../json";

export class Tool {
  title: string = "";
  /** JSON of more members of the entry (`annotations`, `icons`, `_meta`), without braces; or empty. */
  more: Span = Span.empty();
  private written: Span = Span.empty();

  constructor(
    readonly name: string,
    readonly description: string,
    /** JSON objects; the output schema may be empty. */
    readonly inputSchema: Span,
    readonly outputSchema: Span = Span.empty(),
  ) {}

  /** The entry in `tools/list`, written once. */
  get entry(): Span {
    if (this.written.isEmpty) this.written = this.write();
    return this.written;
  }

  /** The same tool under another name. */
  renamed(name: string): Tool {
    const tool = new Tool(name, this.description, this.inputSchema, this.outputSchema);
    tool.title = this.title;
    tool.more = this.more;
    return tool;
  }

  private write(): Span {
    const out = new Buffer(256);
    const json = new JsonWriter(out).object().key("name").text(this.name);
    if (this.title.length > 0) json.key("title").text(this.title);
    json.key("description").text(this.description).key("inputSchema").raw(this.inputSchema);
    if (!this.outputSchema.isEmpty) json.key("outputSchema").raw(this.outputSchema);
    json.end();
    if (this.more.isEmpty) return out.span();
    const entry = new Buffer(out.size + this.more.size + 1);
    entry.append(out.span().slice(0, out.size - 1));
    entry.push(0x2c);
    entry.append(this.more);
    entry.push(0x7d);
    return entry.span();
  }
}
