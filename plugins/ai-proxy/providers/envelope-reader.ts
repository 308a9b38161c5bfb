// OpenAI's answers with the result of the call beside them: an error may come as a success.

import { Buffer } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonWriter } from "as-proxy-wasm-sdk/json";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { ObjectReader } from "./object-answer";

export class EnvelopeReader extends ObjectReader {
  /** `provider` is the name that errors begin with. */
  constructor(
    events: ChatEvents,
    private readonly provider: string,
  ) {
    super(events);
  }

  protected write(root: Json, out: Buffer): void {
    // Spark's `code`, `message`, `sid`; MiniMax's `base_resp`.
    if (this.failsWith(root.get("code"), root.get("message"), this.provider)) return;
    const result = root.get("base_resp");
    if (this.failsWith(result.get("status_code"), result.get("status_msg"), this.provider)) return;
    const id = root.get("sid");
    if (!id.exists) {
      out.append(root.raw());
      return;
    }
    const json = new JsonWriter(out).object();
    const members = root.members();
    while (members.next()) {
      if (!members.keyBytes().equalsAscii("id")) json.keyBytes(members.keyBytes()).raw(members.value.raw());
    }
    json.key("id").raw(id.raw()).end();
  }
}
