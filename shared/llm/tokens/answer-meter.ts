// What a model has written, told from its answer: for answers whose usage is not stated, or not yet.

import { Span } from "../../bytes";
import { Json } from "../../json";
import { Family } from "./family";
import { Area, JsonMeter } from "./json-meter";

/** Tokens around a call of a tool, besides its name and arguments, by family. */
const CALL_FRAME: StaticArray<i32> = [12, 12, 25, 14, 20, 34, 8];

export class AnswerMeter {
  private whole: JsonMeter = new JsonMeter(Area.Answer);

  /** The next bytes of an answer that is one JSON object. */
  feed(bytes: Span): void {
    this.whole.feed(bytes);
  }

  /** The next event of a stream, in any dialect. */
  event(data: Span): void {
    // Responses say everything again when it is complete; the name of a call comes when it begins.
    const type = Json.read(data).get("type").bytes();
    const isNew = type.endsWithAscii(".delta") || type.equalsAscii("response.output_item.added");
    if (type.startsWithAscii("response.") && !isNew) return;
    this.whole.restart();
    this.whole.feed(data);
  }

  /** Output tokens of what has come so far. */
  tokens(family: Family): f64 {
    if (<u32>family >= <u32>Family.COUNT) return 0;
    const whole = this.whole;
    return whole.texts.tokens(family) + whole.tools.tokens(family) + <f64>(whole.calls * CALL_FRAME[family]);
  }
}
