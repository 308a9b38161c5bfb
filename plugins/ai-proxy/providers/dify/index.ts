// Dify's applications: https://docs.dify.ai/api-reference. A conversation goes in as one text.

import { ConfigReader, Head } from "as-proxy-wasm-sdk/sdk";
import { Buffer } from "as-proxy-wasm-sdk/bytes";
import { ChatRequest } from "as-proxy-wasm-sdk/llm/chat";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { Settings } from "../../config/settings";
import { Request } from "../../request";
import { CustomUrl } from "../custom-url";
import { ObjectReader } from "../object-answer";
import { ObjectProvider } from "../object-provider";
import { DifyReader } from "./answer";
import { Bot } from "./bot";
import { writeDifyRequest } from "./request";

/** The conversation that a request goes on with, and that an answer belongs to. */
const CONVERSATION: string = "conversationid";

export class Dify extends ObjectProvider {
  private bot: Bot = new Bot();

  constructor() {
    super("dify", "api.dify.ai");
    this.chat();
    this.sendsChunks = true;
    this.tellsInHead = true;
  }

  configure(reader: ConfigReader, settings: Settings): void {
    super.configure(reader, settings);
    const url = reader.text("difyApiUrl");
    if (url.length > 0) this.host = new CustomUrl(url).host;
    const bot = this.bot;
    bot.inputVariable = reader.text("inputVariable");
    bot.outputVariable = reader.text("outputVariable");
    const path = bot.configure(reader.text("botType"));
    if (path.length > 0) this.always(path);
    else this.keepsPath();
  }

  authenticate(request: Request, head: Head): void {
    super.authenticate(request, head);
    request.note = head.get(CONVERSATION);
  }

  writeRequest(chat: ChatRequest, request: Request, out: Buffer): string {
    writeDifyRequest(chat, this.bot, request.note, out);
    return "";
  }

  protected newReader(events: ChatEvents, request: Request): ObjectReader {
    return new DifyReader(events, this.bot, request);
  }

  tellInHead(head: Head, request: Request): void {
    if (request.note.length > 0) head.set(CONVERSATION, request.note);
  }
}
