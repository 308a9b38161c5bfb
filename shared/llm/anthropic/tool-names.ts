// The tools of a request, each name once: Anthropic refuses a second one.

import { Span } from "../../bytes";
import { ChatRequest, ChatTool } from "../chat";

/** Tools whose names are compared with each other; no provider takes as many. */
const MAX_COMPARED: i32 = 1024;

export class ToolNames {
  /** The tools, each name once. */
  readonly tools: ChatTool[] = [];
  private readonly taken: Span[] = [];

  constructor(request: ChatRequest) {
    for (let i = 0; i < request.tools.length; i++) {
      const tool = request.tools[i];
      const name = tool.name;
      if (this.has(name)) {
        request.dropped.add("tools.name");
        continue;
      }
      this.tools.push(tool);
      this.taken.push(name);
    }
  }

  has(sent: Span): bool {
    for (let i = 0; i < min(this.taken.length, MAX_COMPARED); i++)
      if (this.taken[i].equals(sent)) return true;
    return false;
  }
}
