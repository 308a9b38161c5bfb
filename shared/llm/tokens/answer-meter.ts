// What a model has written, told from its answer: for answers whose usage is not stated, or not yet.

import { Span } from "../../bytes";
import { Json } from "../../json";
import { Family } from "./family";
import { Area, JsonMeter } from "./json-meter";

/** Tokens around an answer, around a call of a tool in it, and around each argument, by family. */
const ANSWER_FRAME: StaticArray<i32> = [1, 1, 6, 0, 1, 1, 1];
const CALL_FRAME: StaticArray<i32> = [11, 11, 30, 4, 20, 34, 8];
const ARGUMENT_FRAME: StaticArray<i32> = [0, 0, 9, 0, 0, 0, 0];
/** Around a value that comes with its place in the arguments. */
const PATH_FRAME: i32 = 3;

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
    const texts = whole.texts.tokens(family) + whole.tools.tokens(family);
    const frames =
      whole.calls * CALL_FRAME[family] +
      whole.arguments.count * ARGUMENT_FRAME[family] +
      whole.paths * PATH_FRAME;
    return texts + <f64>frames + (texts > 0 ? <f64>ANSWER_FRAME[family] : 0);
  }
}
