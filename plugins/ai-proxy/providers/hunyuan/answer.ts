// Answers of Tencent's API are OpenAI's, with names in Pascal case: `FinishReason`, `ToolCalls`.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { textOf } from "as-proxy-wasm-sdk/llm/text";
import { ObjectReader } from "../object-answer";

const QUOTE: i32 = 0x22;

export class HunyuanReader extends ObjectReader {
  constructor(events: ChatEvents) {
    super(events);
  }

  protected write(root: Json, out: Buffer): void {
    const response = root.get("Response");
    const answer = response.kind == JsonKind.Object ? response : root;
    const error = answer.get("ErrorMsg");
    if (error.kind == JsonKind.Object) this.fail(textOf(error.get("Msg")));
    else writeSnakeCased(answer.raw(), out);
  }
}

/** Appends checked JSON with the names of its members in snake case: `FinishReason` becomes `finish_reason`. */
function writeSnakeCased(json: Span, out: Buffer): void {
  let at = 0;
  for (let start = json.indexOf(QUOTE); start >= 0; start = json.indexOf(QUOTE, at)) {
    let end = start + 1;
    while (end < json.size && json.at(end) != QUOTE) end += json.at(end) == 0x5c ? 2 : 1;
    let next = end + 1;
    while (next < json.size && json.at(next) <= 0x20) next++;
    // Only names are followed by a colon.
    const isName = json.at(next) == 0x3a;
    out.append(json.slice(at, isName ? start + 1 : end + 1));
    if (isName) {
      for (let i = start + 1; i < end; i++) {
        const byte = json.at(i);
        const isUpper = byte >= 0x41 && byte <= 0x5a;
        if (isUpper && i > start + 1) out.push(0x5f);
        out.push(isUpper ? byte | 0x20 : byte);
      }
      out.push(QUOTE);
    }
    at = end + 1;
  }
  out.append(json.slice(at));
}
