// Moves `choices[0].usage` of a streamed chunk to where OpenAI's clients look for it. Other events stay as they are.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonEdit, JsonError, JsonKind } from "as-proxy-wasm-sdk/json";
import { EventStage } from "../../answer-stage";

export class UsageStage extends EventStage {
  constructor(out: Buffer) {
    super(out);
  }

  protected rewrite(data: Span): bool {
    const usage = Json.read(data).path("choices.0.usage");
    if (usage.kind != JsonKind.Object) return false;
    const edit = new JsonEdit(data);
    edit.set("usage", usage.raw());
    edit.remove("choices.0.usage");
    const mended = edit.apply();
    if (edit.error != JsonError.None) return false;
    this.out.text("data: ");
    this.out.append(mended);
    this.out.text("\n\n");
    return true;
  }
}
