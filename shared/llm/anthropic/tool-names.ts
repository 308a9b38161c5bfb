// The tools of a request, each name once: Anthropic refuses a second one.

import { Span, SpanIndex } from "../../bytes";
import { ChatRequest, ChatTool } from "../chat";

export class ToolNames {
  /** The tools, each name once. */
  readonly tools: ChatTool[] = [];
  private readonly taken: SpanIndex = new SpanIndex();

  constructor(request: ChatRequest) {
    for (let i = 0; i < request.tools.length; i++) {
      if (this.taken.add(request.tools[i].name)) this.tools.push(request.tools[i]);
      else request.dropped.add("tools.name");
    }
  }

  has(sent: Span): bool {
    return this.taken.indexOf(sent) >= 0;
  }
}
