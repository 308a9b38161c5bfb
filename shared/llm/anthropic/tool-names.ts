// The tools of a request by the names that Anthropic takes, each once.

import { Span } from "../../bytes";
import { ChatRequest, ChatTool } from "../chat";
import { plainToolName } from "../tool-id";

/** Tools whose names are compared with each other; no provider takes as many. */
const MAX_COMPARED: i32 = 1024;

export class ToolNames {
  /** The tools whose names Anthropic can take, and those names. */
  readonly tools: ChatTool[] = [];
  private readonly taken: Span[] = [];

  constructor(request: ChatRequest) {
    for (let i = 0; i < request.tools.length; i++) {
      const tool = request.tools[i];
      const name = plainToolName(tool.name);
      if (this.has(name)) {
        request.dropped.add("tools.name");
        continue;
      }
      if (!name.equals(tool.name)) request.renamedTools.add(tool.name, name);
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
