// What the body of a request tells of its cost: the model, the length of the prompt, the most output that it allows,
// the tools that it calls. The body is looked at in windows while the host holds it.

import { Body, Head } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { familyOf, PromptMeter } from "as-proxy-wasm-sdk/llm/token-estimator";
import { ToolCalls } from "./tool-calls";

const MOST_TOKENS: i64 = 1 << 31;
const MOST_CHOICES: i64 = 128;

export class RequestFacts {
  model: Span = Span.empty();
  /** The calls of MCP in it. */
  tools: ToolCalls = new ToolCalls();
  /** Tokens of the prompt, uncorrected. */
  promptTokens: f64 = 0;
  hasTools: bool = false;
  /** Of the body. */
  bytes: f64 = 0;
  /** The most tokens that the answer may have; -1 when the request does not tell. */
  mostOutput: f64 = -1;

  private seen: i32 = 0;
  /** Of a body that is read. */
  private prompt: PromptMeter | null = null;

  /** Looks at what has come since the last call; `body` shows everything from the start. */
  advance(body: Body): void {
    const prompt = this.meter();
    for (let window = body.window(this.seen); !window.isEmpty; window = body.window(this.seen)) {
      prompt.feed(window);
      this.tools.feed(window);
      this.seen += window.size;
    }
  }

  private meter(): PromptMeter {
    const prompt = this.prompt;
    if (prompt !== null) return prompt;
    const created = new PromptMeter();
    this.prompt = created;
    return created;
  }

  /** The body, if the request has one that can be read, is complete. */
  finish(head: Head, body: Body | null): void {
    this.bytes = <f64>this.seen;
    if (body !== null) this.tools.finish(body);
    const prompt = this.meter();
    this.model = prompt.model.isEmpty ? modelOfPath(head) : prompt.model.copy();
    const most = prompt.mostOutput;
    const choices = min(max(prompt.choices, 1), MOST_CHOICES);
    if (most >= 0) this.mostOutput = <f64>(min(most, MOST_TOKENS) * choices);
    this.hasTools = prompt.hasTools;
    this.promptTokens = Math.ceil(prompt.tokens(familyOf(this.model)));
  }
}

/** `…/models/NAME:word` of Gemini, `…/deployments/NAME/…` of Azure, `/model/NAME/…` of Bedrock. */
function modelOfPath(head: Head): Span {
  const path = head.bytes(":path");
  if (path === null) return Span.empty();
  const marks = ["/models/", "/deployments/", "/model/"];
  for (let i = 0; i < marks.length; i++) {
    const at = path.indexOfAscii(marks[i]);
    if (at < 0) continue;
    const from = at + marks[i].length;
    let to = from;
    while (to < path.size && path.at(to) != 0x2f && path.at(to) != 0x3a && path.at(to) != 0x3f) to++;
    return path.slice(from, to).copy();
  }
  return Span.empty();
}
