// Providers that have OpenAI's Responses API beside chat completions. With `chatApi: responses` chat goes there,
// which is where the newest models are.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json } from "as-proxy-wasm-sdk/json";
import { ChatRequest } from "as-proxy-wasm-sdk/llm/chat";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { readResponseFormat } from "as-proxy-wasm-sdk/llm/openai/request-reader";
import { readResponsesAnswer } from "as-proxy-wasm-sdk/llm/responses/answer-reader";
import { writeResponsesRequest } from "as-proxy-wasm-sdk/llm/responses/request-writer";
import { ResponsesStreamReader } from "as-proxy-wasm-sdk/llm/responses/stream-reader";
import { AnswerStage, MAX_EVENT_BYTES, ReaderStage } from "../answer-stage";
import { Api } from "../apis";
import { Settings } from "../config/settings";
import { Request } from "../request";
import { Provider } from "./provider";

const RESPONSES: string = "responses";

export abstract class ResponsesProvider extends Provider {
  configure(reader: ConfigReader, settings: Settings): void {
    super.configure(reader, settings);
    const api = reader.text("chatApi");
    this.hasDialect = api == RESPONSES;
    if (this.hasDialect) this.offers(Api.ChatCompletions, this.capabilities.path(Api.Responses));
    else if (api.length > 0 && api != "chat") reader.fail("chatApi: expected chat or responses");
  }

  /** Reports an address that takes nothing but another API. */
  protected checkEndpoint(reader: ConfigReader, key: string, path: string): void {
    if (this.hasDialect && !path.endsWith("/" + RESPONSES)) {
      reader.fail(`${key} names one endpoint, and with chatApi responses that has to end with /${RESPONSES}`);
    }
  }

  writeRequest(chat: ChatRequest, request: Request, out: Buffer): string {
    if (!this.hasDialect) return super.writeRequest(chat, request, out);
    const schema = this.responseSchema;
    if (schema !== null) readResponseFormat(chat, Json.read(schema));
    writeResponsesRequest(chat, out);
    return "";
  }

  newStream(out: Buffer, events: ChatEvents, request: Request): AnswerStage {
    if (!this.hasDialect) return super.newStream(out, events, request);
    return new ReaderStage(out, new ResponsesStreamReader(events, MAX_EVENT_BYTES));
  }

  readAnswer(body: Span, events: ChatEvents, request: Request): bool {
    return this.hasDialect ? readResponsesAnswer(body, events) : super.readAnswer(body, events, request);
  }
}
