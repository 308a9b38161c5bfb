// What the body of a request tells of its cost: the model, the length of the prompt, the most output that it allows,
// the tool that it calls. The body is looked at in windows while the host holds it.

import { Body, Head } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonSeek } from "as-proxy-wasm-sdk/json";

const MEMBERS: string[] = [
  "model",
  "max_tokens",
  "max_completion_tokens",
  "max_output_tokens",
  "generationConfig",
  "n",
  "method",
  "params",
  "id",
];
const MODEL = 0;
const CHOICES = 5;
const METHOD = 6;
const PARAMS = 7;
const ID = 8;
/** Longer values are none of these. */
const LONGEST_VALUE: i32 = 64 << 10;
const MOST_TOKENS: i64 = 1 << 31;

export class RequestFacts {
  model: Span = Span.empty();
  /** Of MCP's `tools/call`; empty for other requests. */
  tool: Span = Span.empty();
  /** JSON of the call's id; empty without one. */
  callId: Span = Span.empty();
  /** The request is JSON-RPC. */
  isRpc: bool = false;
  /** Tokens of the prompt, uncorrected. */
  promptTokens: f64 = 0;
  /** The most tokens that the answer may have; -1 when the request does not tell. */
  mostOutput: f64 = -1;

  private seek: JsonSeek = new JsonSeek(MEMBERS);
  private seen: i32 = 0;
  private asciiBytes: f64 = 0;
  private otherBytes: f64 = 0;

  /** Looks at what has come since the last call; `body` shows everything from the start. */
  advance(body: Body): void {
    for (let window = body.window(this.seen); !window.isEmpty; window = body.window(this.seen)) {
      this.seek.feed(window);
      let other = 0;
      for (let i = 0; i < window.size; i++) other += window.at(i) >> 7;
      this.otherBytes += <f64>other;
      this.asciiBytes += <f64>(window.size - other);
      this.seen += window.size;
    }
  }

  /** The body is complete. */
  finish(head: Head, body: Body | null): void {
    if (body !== null) this.read(body);
    if (this.model.isEmpty) this.model = modelOfPath(head);
    // English has about four bytes to a token, most other scripts three bytes to a character and a token.
    this.promptTokens = Math.ceil(this.asciiBytes / 4 + this.otherBytes / 3);
  }

  private read(body: Body): void {
    this.model = this.member(body, MODEL).bytes().copy();
    let most: i64 = -1;
    for (let i = 1; i <= 3; i++) most = max(most, this.member(body, i).integer(-1));
    most = max(most, this.member(body, 4).get("maxOutputTokens").integer(-1));
    const choices = min(max(this.member(body, CHOICES).integer(1), 1), 128);
    if (most >= 0) this.mostOutput = <f64>(min(most, MOST_TOKENS) * choices);
    const method = this.member(body, METHOD).bytes();
    this.isRpc = !method.isEmpty;
    if (!method.equalsAscii("tools/call")) return;
    this.tool = this.member(body, PARAMS).get("name").bytes().copy();
    this.callId = this.member(body, ID).raw().copy();
  }

  private member(body: Body, index: i32): Json {
    const start = this.seek.start(index);
    const size = this.seek.end(index) - start;
    return Json.read(start >= 0 && size <= LONGEST_VALUE ? body.read(start, size) : Span.empty());
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
