// Tools under the names that the provider takes: OpenAI and Converse take 64 letters, digits, `_` and `-`, Anthropic and
// Gemini more. The client gets its own names back.

import { Span } from "../bytes";

export class RenamedTools {
  private readonly own: Span[] = [];
  private readonly sent: Span[] = [];

  /** Keeps a copy of both names. */
  add(own: Span, sent: Span): void {
    this.own.push(own.copy());
    this.sent.push(sent.copy());
  }

  /** The name by which the client knows a tool that the model calls. */
  ownName(sent: Span): Span {
    for (let i = 0; i < this.sent.length; i++) if (this.sent[i].equals(sent)) return this.own[i];
    return sent;
  }
}
