// NVIDIA Triton's generate extension:
// https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/protocol/extension_generate.html

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { Answer, ChatMessage, ChatRequest, Option, Role } from "as-proxy-wasm-sdk/llm/chat";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { textOf } from "as-proxy-wasm-sdk/llm/text";
import { Api } from "../../apis";
import { Settings } from "../../config/settings";
import { encodedSegment } from "../../path";
import { Request } from "../../request";
import { ObjectReader } from "../object-answer";
import { ObjectProvider } from "../object-provider";
import { dropOptions, dropOtherParts, dropTools, messageText } from "../plain-request";

const ZERO: Span = Span.text("0");
const TAKEN: StaticArray<Option> = [Option.Temperature];

export class Triton extends ObjectProvider {
  private version: string = "";

  constructor() {
    super("triton", "");
    this.offers(Api.ChatCompletions, "")
      .recognises("/generate", Api.ChatCompletions)
      .hostFrom("tritonDomain");
    this.placesByModel = true;
  }

  configure(reader: ConfigReader, settings: Settings): void {
    super.configure(reader, settings);
    this.version = reader.text("tritonModelVersion");
  }

  pathFor(request: Request): string {
    if (request.finalModel.length == 0) return request.path;
    const model = encodedSegment(request.finalModel);
    const version = this.version.length > 0 ? "/versions/" + this.version : "";
    return `/v2/models/${model}${version}/generate${request.isStream ? "_stream" : ""}`;
  }

  writeRequest(chat: ChatRequest, request: Request, out: Buffer): string {
    dropOptions(chat, TAKEN);
    dropTools(chat);
    const count = chat.messages.length;
    const last = count > 0 ? chat.messages[count - 1] : new ChatMessage(Role.User);
    dropOtherParts(last, chat.dropped);
    if (count > 1) chat.dropped.add("messages but the last");
    const json = new JsonWriter(out).object().key("id").escaped(last.id);
    json.key("text_input").escaped(messageText(last)).key("parameters").object();
    json
      .key("stream")
      .bool(chat.stream == Answer.Yes)
      .key("temperature");
    const temperature = chat.option(Option.Temperature);
    json
      .raw(temperature.isEmpty ? ZERO : temperature)
      .end()
      .end();
    return "";
  }

  protected newReader(events: ChatEvents, request: Request): ObjectReader {
    return new TritonReader(events);
  }
}

class TritonReader extends ObjectReader {
  constructor(events: ChatEvents) {
    super(events);
  }

  protected write(root: Json, out: Buffer): void {
    const error = textOf(root.get("error"));
    if (!error.isEmpty) {
      const message = new Buffer(error.size + 40);
      message.text("triton response error, error_message: ");
      message.append(error);
      return this.fail(message.span());
    }
    let text = root.get("text_output");
    if (text.kind == JsonKind.Array) text = text.at(0);
    if (text.kind != JsonKind.String) return;
    // A stream just ends; nothing tells that the model has stopped.
    this.isFinished = true;
    const json = new JsonWriter(out)
      .object()
      .key("id")
      .raw(root.get("id").raw())
      .key("choices")
      .array()
      .object();
    json.key("message").object().key("content").raw(text.raw()).end();
    if (this.isWhole) json.key("finish_reason").text("stop");
    json.end().end().end();
  }
}
