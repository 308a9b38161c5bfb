// Google AI: https://ai.google.dev/api

import { ConfigReader, Head } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { ChatRequest } from "as-proxy-wasm-sdk/llm/chat";
import { ErrorBody } from "as-proxy-wasm-sdk/llm/error";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { readGeminiAnswer } from "as-proxy-wasm-sdk/llm/gemini/answer-reader";
import { GeminiRequestOptions, writeGeminiRequest } from "as-proxy-wasm-sdk/llm/gemini/request-writer";
import { GeminiStreamReader } from "as-proxy-wasm-sdk/llm/gemini/stream-reader";
import { NONE } from "as-proxy-wasm-sdk/llm/text";
import { AnswerStage, MAX_EVENT_BYTES, ReaderStage } from "../../answer-stage";
import { newAnswerId } from "../../answer-id";
import { Api } from "../../apis";
import { Settings } from "../../config/settings";
import { encodedSegment } from "../../path";
import { Preparation } from "../../preparation";
import { Request } from "../../request";
import { Provider } from "../provider";
import { safetySettingsOf } from "../safety-settings";
import { ImagesPreparation, remoteImages } from "./images";
import { readEmbeddings, readImages, writeEmbeddings, writeImages } from "./other-apis";

/** The models whose thoughts Higress always asks for. */
const THINKING_MODELS: StaticArray<string> = ["gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite"];

export class Gemini extends Provider {
  private version: string = "v1beta";
  private safetySettings: Span = NONE;
  /** `thinkingConfig` of those models. */
  private thinkingConfig: Span = NONE;

  constructor() {
    super("gemini", "generativelanguage.googleapis.com");
    this.chat()
      .embeddings()
      .models()
      .offersAsOpenAi(Api.ImageGeneration)
      .offersAsOpenAi(Api.GeminiGenerateContent)
      .offersAsOpenAi(Api.GeminiStreamGenerateContent)
      .recognises("generateContent", Api.ChatCompletions)
      .recognises("batchEmbedContents", Api.Embeddings)
      .recognises("predict", Api.ImageGeneration);
    this.hasDialect = true;
    this.takesKeyInQuery = true;
    this.placesByModel = true;
  }

  configure(reader: ConfigReader, settings: Settings): void {
    super.configure(reader, settings);
    const version = reader.text("claudeVersion", reader.text("apiVersion"));
    if (version.length > 0) this.version = version;
    this.safetySettings = safetySettingsOf(reader);
    const out = new Buffer();
    const json = new JsonWriter(out).object().key("includeThoughts").bool(true);
    if (reader.has("geminiThinkingBudget")) {
      json.key("thinkingBudget").integer(reader.integer("geminiThinkingBudget"));
    }
    json.end();
    this.thinkingConfig = out.take();
  }

  /** Google's own APIs, and lists of models, pass as they are. */
  edits(api: Api): bool {
    return api == Api.ChatCompletions || this.converts(api);
  }

  authenticate(request: Request, head: Head): void {
    head.set("x-goog-api-key", request.token);
    // Present and empty, as Higress sends it: nothing on the way is to add one.
    head.set("authorization", "");
  }

  pathFor(request: Request): string {
    const model = request.finalModel;
    if (model.length == 0) return request.path;
    const path = `/${this.version}/${modelPath(model)}:`;
    if (request.api == Api.Embeddings) return path + "batchEmbedContents";
    if (request.api == Api.ImageGeneration) return path + "predict";
    return path + (request.isStream ? "streamGenerateContent?alt=sse" : "generateContent");
  }

  preparation(request: Request, chat: ChatRequest | null): Preparation | null {
    if (!chat) return null;
    const images = remoteImages(chat);
    return images.length > 0 ? new ImagesPreparation(images) : null;
  }

  writeRequest(chat: ChatRequest, request: Request, out: Buffer): string {
    const options = new GeminiRequestOptions();
    options.isSnakeCase = true;
    options.safetySettings = this.safetySettings;
    if (THINKING_MODELS.includes(request.finalModel)) options.thinkingConfig = this.thinkingConfig;
    return writeGeminiRequest(chat, out, options);
  }

  newStream(out: Buffer, events: ChatEvents, request: Request): AnswerStage {
    return new ReaderStage(out, new GeminiStreamReader(events, MAX_EVENT_BYTES, newAnswerId()));
  }

  readAnswer(body: Span, events: ChatEvents, request: Request): bool {
    const root = Json.checked(body);
    const error = root.get("error");
    if (error.kind != JsonKind.Object) return readGeminiAnswer(body, events, newAnswerId());
    const known = ErrorBody.of(root);
    const message = new Buffer();
    message.text("gemini chat completion response error, error_code: ");
    message.text(error.get("code").lenientInteger().toString());
    message.text(", error_status:");
    message.append(error.get("status").escaped());
    message.text(", error_message: ");
    message.append(known.message);
    events.error(known.kind, message.span());
    events.end();
    return true;
  }

  converts(api: Api): bool {
    return api == Api.Embeddings || api == Api.ImageGeneration;
  }

  convertRequest(body: Span, request: Request, out: Buffer): string {
    const model = request.finalModel;
    if (model.length == 0) return "missing model in request";
    if (request.api == Api.Embeddings) {
      return writeEmbeddings(body, request, model.startsWith("models/") ? model : "models/" + model, out);
    }
    writeImages(body, request, out);
    return "";
  }

  convertAnswer(body: Span, request: Request, out: Buffer): bool {
    return request.api == Api.Embeddings ? readEmbeddings(body, request, out) : readImages(body, out);
  }
}

/** A model's path; its name may have one already: `models/…`, `tunedModels/…`. */
function modelPath(model: string): string {
  const slash = model.indexOf("/");
  const kind = model.substring(0, max(slash, 0));
  if (kind != "models" && kind != "tunedModels") return "models/" + encodedSegment(model);
  return kind + "/" + encodedSegment(model.substring(slash + 1));
}
