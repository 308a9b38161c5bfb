// iFlytek Spark: OpenAI's requests, and OpenAI's answers with the result of the call beside them.
// https://www.xfyun.cn/doc/spark/HTTP%E8%B0%83%E7%94%A8%E6%96%87%E6%A1%A3.html

import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { Request } from "../../request";
import { EnvelopeReader } from "../envelope-reader";
import { ObjectReader } from "../object-answer";
import { ObjectProvider } from "../object-provider";

export class Spark extends ObjectProvider {
  constructor() {
    super("spark", "spark-api-open.xf-yun.com");
    this.chat().takesTopK().withoutToken();
    this.hasDialect = false;
  }

  hasOwnAnswers(request: Request): bool {
    return true;
  }

  protected newReader(events: ChatEvents, request: Request): ObjectReader {
    return new EnvelopeReader(events, "spark");
  }
}
