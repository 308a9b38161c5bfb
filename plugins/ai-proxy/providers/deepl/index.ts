// DeepL translates: https://developers.deepl.com/docs/api-reference/translate. The model is the plan, Free or Pro,
// and each message of the user a text.

import { ConfigReader, Head } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonWriter } from "as-proxy-wasm-sdk/json";
import { ChatRequest } from "as-proxy-wasm-sdk/llm/chat";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { NONE, textOf } from "as-proxy-wasm-sdk/llm/text";
import { Api } from "../../apis";
import { Settings } from "../../config/settings";
import { Request } from "../../request";
import { ObjectReader } from "../object-answer";
import { ObjectProvider } from "../object-provider";
import { dropOptions, dropOtherParts, dropTools, messageText } from "../plain-request";

export class DeepL extends ObjectProvider {
  private targetLang: string = "";

  constructor() {
    super("deepl", "api-free.deepl.com");
    this.offers(Api.ChatCompletions, "/v2/translate").recognisesOwnPaths().withoutToken();
    this.placesByModel = true;
    this.answersWhole = true;
  }

  configure(reader: ConfigReader, settings: Settings): void {
    super.configure(reader, settings);
    this.targetLang = reader.text("targetLang");
    if (this.targetLang.length == 0) reader.fail("missing targetLang in deepl provider config");
  }

  hostFor(request: Request): string {
    return request.finalModel == "Pro" ? "api.deepl.com" : this.host;
  }

  authenticate(request: Request, head: Head): void {
    if (request.token.length > 0) head.set("authorization", "DeepL-Auth-Key " + request.token);
  }

  writeRequest(chat: ChatRequest, request: Request, out: Buffer): string {
    // The model is no name that could be mapped.
    const model = request.clientModel;
    request.finalModel = model;
    if (model != "Free" && model != "Pro") return 'deepl model should be "Free" or "Pro"';
    dropOptions(chat, []);
    dropTools(chat);
    let context = NONE;
    const json = new JsonWriter(out).object().key("text").array();
    for (let i = 0; i < chat.messages.length; i++) {
      const message = chat.messages[i];
      dropOtherParts(message, chat.dropped);
      if (message.isSystem) {
        if (!context.isEmpty) chat.dropped.add("messages.system but the last");
        context = messageText(message);
      } else json.escaped(messageText(message));
    }
    json.end().key("target_lang").text(this.targetLang);
    if (!context.isEmpty) json.key("context").escaped(context);
    json.end();
    return "";
  }

  protected newReader(events: ChatEvents, request: Request): ObjectReader {
    return new DeepLReader(events);
  }
}

class DeepLReader extends ObjectReader {
  constructor(events: ChatEvents) {
    super(events);
  }

  protected write(root: Json, out: Buffer): void {
    const json = new JsonWriter(out).object().key("choices").array();
    const message = textOf(root.get("message"));
    const translations = root.get("translations").items();
    if (!message.isEmpty) writeChoice(json, NONE, message);
    else {
      while (translations.next()) {
        const translation = translations.value;
        writeChoice(
          json,
          textOf(translation.get("detected_source_language")),
          textOf(translation.get("text")),
        );
      }
    }
    json.end().end();
    this.isFinished = true;
  }
}

function writeChoice(json: JsonWriter, language: Span, text: Span): void {
  json
    .object()
    .key("message")
    .object()
    .key("name")
    .escaped(language)
    .key("content")
    .escaped(text)
    .end()
    .end();
}
