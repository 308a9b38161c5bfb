// MiniMax. Its API v2 speaks OpenAI's dialect: https://platform.minimaxi.com/document/ChatCompletion_v2; the older
// "pro" has one of its own.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { ChatMessage, ChatPart, ChatRequest, Role } from "as-proxy-wasm-sdk/llm/chat";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { Api } from "../../apis";
import { Settings } from "../../config/settings";
import { Dialect, Request } from "../../request";
import { EnvelopeReader } from "../envelope-reader";
import { ObjectReader } from "../object-answer";
import { ObjectProvider } from "../object-provider";
import { ProReader } from "./pro-answer";
import { writeProRequest } from "./pro-request";

const V2_PATH: string = "/v1/text/chatcompletion_v2";
const PRO_PATH: string = "/v1/text/chatcompletion_pro";

export class MiniMax extends ObjectProvider {
  constructor() {
    super("minimax", "api.minimax.chat");
    this.recognises(V2_PATH, Api.ChatCompletions).recognises(PRO_PATH, Api.ChatCompletions);
  }

  configure(reader: ConfigReader, settings: Settings): void {
    const isPro = reader.text("minimaxApiType") == "pro";
    const group = reader.text("minimaxGroupId");
    if (isPro && group.length == 0) {
      reader.fail("missing minimaxGroupId in provider config when minimaxApiType is pro");
    }
    super.configure(reader, settings);
    this.hasDialect = isPro;
    this.sendsChunks = isPro;
    this.mapsPath = !settings.isOriginal;
    this.offers(Api.ChatCompletions, isPro ? `${PRO_PATH}?GroupId=${group}` : V2_PATH);
  }

  /** Answers of v2 are OpenAI's for clients of that dialect. */
  hasOwnAnswers(request: Request): bool {
    return this.hasDialect || request.dialect != Dialect.OpenAi;
  }

  /** The bot that is described first is told the text first. */
  insertContext(chat: ChatRequest, text: Span): void {
    if (!this.hasDialect) return super.insertContext(chat, text);
    const message = new ChatMessage(Role.System);
    message.isPlain = true;
    message.parts.push(ChatPart.text(text));
    for (let i = chat.messages.length - 1; i >= 0; i--) {
      if (chat.messages[i].isSystem) message.name = chat.messages[i].name;
    }
    chat.messages.unshift(message);
  }

  writeRequest(chat: ChatRequest, request: Request, out: Buffer): string {
    if (!this.hasDialect) return super.writeRequest(chat, request, out);
    writeProRequest(chat, out);
    return "";
  }

  protected newReader(events: ChatEvents, request: Request): ObjectReader {
    if (this.hasDialect) return new ProReader(events);
    return new EnvelopeReader(events, "minimax");
  }
}
