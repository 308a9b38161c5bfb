// What a model has written, told from its answer: for answers whose usage is not stated, or not yet.

import { Span } from "../../bytes";
import { Json } from "../../json";
import { Family } from "./family";
import { Area, JsonMeter } from "./json-meter";

export class AnswerMeter {
  private whole: JsonMeter = new JsonMeter(Area.Texts);

  /** The next bytes of an answer that is one JSON object. */
  feed(bytes: Span): void {
    this.whole.feed(bytes);
  }

  /** The next event of a stream, in any dialect. */
  event(data: Span): void {
    // Responses say everything again when it is complete.
    const type = Json.read(data).get("type").bytes();
    if (type.startsWithAscii("response.") && !type.endsWithAscii(".delta")) return;
    this.whole.restart();
    this.whole.feed(data);
  }

  /** Output tokens of what has come so far. */
  tokens(family: Family): f64 {
    return this.whole.texts.tokens(family) + this.whole.tools.tokens(family);
  }
}
