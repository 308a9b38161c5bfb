// Tools under the names that the provider takes: OpenAI and Converse take 64 letters, digits, `_` and `-`, Anthropic and
// Gemini more. The client gets its own names back. It also gets calls of tools that take free text as such, which were
// sent as functions.

import { Span, SpanIndex } from "../bytes";

export class RenamedTools {
  private readonly own: SpanIndex = new SpanIndex();
  /** Of each of `own`. */
  private readonly sentNames: Span[] = [];
  private readonly sent: SpanIndex = new SpanIndex();
  /** Of each of `sent`. */
  private readonly ownNames: Span[] = [];
  private readonly custom: SpanIndex = new SpanIndex();

  /** Keeps a copy of both names. */
  add(own: Span, sent: Span): void {
    const known = own.copy();
    if (!this.own.add(known)) return;
    const kept = sent.copy();
    this.sentNames.push(kept);
    if (this.sent.add(kept)) this.ownNames.push(known);
  }

  /** Keeps a copy of the client's name of a tool that takes free text. */
  addCustom(own: Span): void {
    this.custom.add(own.copy());
  }

  isCustom(own: Span): bool {
    return this.custom.indexOf(own) >= 0;
  }

  /** The name under which the client's tool was sent; empty where that is its own. */
  sentName(own: Span): Span {
    const index = this.own.indexOf(own);
    return index < 0 ? Span.empty() : this.sentNames[index];
  }

  /** The name by which the client knows a tool that the model calls. */
  ownName(sent: Span): Span {
    const index = this.sent.indexOf(sent);
    return index < 0 ? sent : this.ownNames[index];
  }
}
