// Tools under the names that the provider takes: OpenAI and Converse take 64 letters, digits, `_` and `-`, Anthropic and
// Gemini more. The client gets its own names back. It also gets calls of tools that take free text as such, which were
// sent as functions.

import { Span } from "../bytes";

export class RenamedTools {
  private readonly own: Span[] = [];
  private readonly sent: Span[] = [];
  private readonly custom: Span[] = [];

  /** Keeps a copy of both names. */
  add(own: Span, sent: Span): void {
    this.own.push(own.copy());
    this.sent.push(sent.copy());
  }

  /** Keeps a copy of the client's name of a tool that takes free text. */
  addCustom(own: Span): void {
    this.custom.push(own.copy());
  }

  isCustom(own: Span): bool {
    for (let i = 0; i < this.custom.length; i++) if (this.custom[i].equals(own)) return true;
    return false;
  }

  /** The name under which the client's tool was sent; empty where that is its own. */
  sentName(own: Span): Span {
    for (let i = 0; i < this.own.length; i++) if (this.own[i].equals(own)) return this.sent[i];
    return Span.empty();
  }

  /** The name by which the client knows a tool that the model calls. */
  ownName(sent: Span): Span {
    for (let i = 0; i < this.sent.length; i++) if (this.sent[i].equals(sent)) return this.own[i];
    return sent;
  }
}
