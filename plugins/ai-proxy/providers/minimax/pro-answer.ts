// Answers of MiniMax's "pro" API: a choice has messages, each of which is a choice of OpenAI's.

import { Buffer } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { isNoFinish } from "as-proxy-wasm-sdk/llm/openai/finish";
import { NONE, textOf } from "as-proxy-wasm-sdk/llm/text";
import { ObjectReader } from "../object-answer";
import { writeTokenCounts } from "../token-counts";

export class ProReader extends ObjectReader {
  /** Bytes of the first choice's text that the stream has told so far. */
  private toldBytes: i32 = 0;

  constructor(events: ChatEvents) {
    super(events);
  }

  protected write(root: Json, out: Buffer): void {
    const result = root.get("base_resp");
    if (this.failsWith(result.get("status_code"), result.get("status_msg"), "minimax")) return;
    const choices = root.get("choices").items();
    if (root.get("choices").kind != JsonKind.Array) return;
    // The last event of a stream repeats the whole text, in `reply` and in its message.
    const reply = root.get("reply").escaped().size;
    const repeats = this.chunksOut === null && reply > 0 && reply == this.toldBytes;
    const json = new JsonWriter(out).object();
    const id = textOf(root.get("id"));
    if (!id.isEmpty) json.key("id").escaped(id);
    json.key("choices").array();
    let index = 0;
    while (choices.next()) {
      const finish = textOf(choices.value.get("finish_reason"));
      if (!isNoFinish(finish)) this.isFinished = true;
      const messages = choices.value.get("messages").items();
      while (messages.next()) {
        const text = textOf(messages.value.get("text"));
        if (index == 0) this.toldBytes += text.size;
        json.object().key("index").integer(index++).key("message").object();
        const name = textOf(messages.value.get("sender_name"));
        if (!name.isEmpty) json.key("name").escaped(name);
        json
          .key("role")
          .text("assistant")
          .key("content")
          .escaped(repeats ? NONE : text)
          .end();
        json.key("finish_reason").escaped(finish).key("logprobs").null_().end();
      }
    }
    json.end();
    const created = root.get("created").integer(0);
    if (created != 0) json.key("created").integer(created);
    const model = textOf(root.get("model"));
    if (!model.isEmpty) json.key("model").escaped(model);
    json.key("object").text("chat.completion").key("usage");
    writeTokenCounts(json, root.get("usage"));
    json.end();
  }
}
