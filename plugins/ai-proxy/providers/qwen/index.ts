// Alibaba's DashScope: OpenAI's dialect under a path of its own, or its native one.
// https://www.alibabacloud.com/help/en/model-studio/qwen-api-reference

import { ConfigReader, Head } from "as-proxy-wasm-sdk/sdk";
import { Buffer, equalsAsciiIgnoreCase, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { ChatRequest } from "as-proxy-wasm-sdk/llm/chat";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { AnswerStage, MAX_EVENT_BYTES, ReaderStage } from "../../answer-stage";
import { Api, apiPath } from "../../apis";
import { Settings } from "../../config/settings";
import { EmbeddingsWriter, readTexts } from "../../embeddings";
import { filledPath } from "../../path";
import { Request } from "../../request";
import { escapedText } from "../../request-body";
import { Provider } from "../provider";
import { readQwenAnswer } from "./answer-reader";
import { insertQwenContext, insertQwenFiles } from "./message-writer";
import { FoldedReasoning } from "./reasoning-mode";
import { QwenRequestWriter } from "./request-writer";
import { QwenStreamReader } from "./stream-reader";

const COMPATIBLE = "/compatible-mode/v1";
const TEXT = "/api/v1/services/aigc/text-generation/generation";
const MULTIMODAL = "/api/v1/services/aigc/multimodal-generation/generation";
const EMBEDDINGS = "/api/v1/services/embeddings/text-embedding/text-embedding";
const RERANK = "/api/v1/services/rerank/text-rerank/text-rerank";
const COMPATIBLE_RERANK = "/compatible-api/v1/reranks";
const AIGC = "/api/v1/services/aigc/";
const TASKS = "/api/v1/tasks/";

/** APIs whose path below `COMPATIBLE` is OpenAI's. */
const COMPATIBLE_APIS: StaticArray<Api> = [
  Api.ChatCompletions,
  Api.Embeddings,
  Api.Completions,
  Api.Responses,
  Api.Files,
  Api.RetrieveFile,
  Api.RetrieveFileContent,
  Api.Batches,
  Api.RetrieveBatch,
  Api.QwenConversations,
];

/** Part of the names of models that take more than text. */
const MULTIMODAL_NAMES: StaticArray<string> = ["-vl", "qvq-", "-audio"];

/** `request.note` of a stream whose events repeat what came before. */
const CUMULATIVE = "cumulative";

export class Qwen extends Provider {
  private isOriginal: bool = false;
  private searches: bool = false;
  /** Escaped; "" for none. */
  private fileIds: string = "";
  /** The client gets no reasoning as such. */
  private folds: bool = false;
  /** Reasoning becomes part of the text. */
  private concatenates: bool = false;

  constructor() {
    super("qwen", "dashscope.aliyuncs.com");
    this.hostFrom("qwenDomain");
    this.addsModel = false;
  }

  configure(reader: ConfigReader, settings: Settings): void {
    const files = reader.texts("qwenFileIds");
    if (files.length > 0) {
      if (settings.context !== null) {
        reader.fail("qwenFileIds and context cannot be configured at the same time");
      }
      this.fileIds = "fileid://" + files.join(",fileid://");
    }
    super.configure(reader, settings);
    this.isOriginal = settings.isOriginal;
    this.searches = reader.flag("qwenEnableSearch");
    const mode = Span.text(reader.text("reasoningContentMode"));
    this.concatenates = equalsAsciiIgnoreCase(mode, "concat");
    this.folds = this.concatenates || equalsAsciiIgnoreCase(mode, "ignore");
    if (reader.flag("qwenEnableCompatible", true)) this.becomeCompatible();
    else this.becomeNative();
    this.offers(Api.QwenAigc, AIGC)
      .offers(Api.QwenTasks, TASKS)
      .offers(Api.AnthropicMessages, "/apps/anthropic/v1/messages")
      .recognises(TEXT, Api.ChatCompletions)
      .recognises(MULTIMODAL, Api.ChatCompletions)
      .recognises("/api/v1/apps", Api.ChatCompletions)
      .recognises(COMPATIBLE + "/chat/completions", Api.ChatCompletions)
      .recognises(EMBEDDINGS, Api.Embeddings)
      .recognises(COMPATIBLE + "/embeddings", Api.Embeddings)
      .recognises(COMPATIBLE + "/responses", Api.Responses)
      .recognises(AIGC, Api.QwenAigc)
      .recognises(TASKS, Api.QwenTasks)
      .recognises(RERANK, Api.QwenRerank)
      .recognises(COMPATIBLE_RERANK, Api.QwenRerank)
      .recognises(COMPATIBLE + "/conversations", Api.QwenConversations);
  }

  private becomeCompatible(): void {
    for (let i = 0; i < COMPATIBLE_APIS.length; i++) {
      const api = COMPATIBLE_APIS[i];
      this.offers(api, COMPATIBLE + apiPath(api).substring(3));
    }
    this.offers(Api.QwenRerank, COMPATIBLE_RERANK);
  }

  private becomeNative(): void {
    this.hasDialect = true;
    this.placesByModel = true;
    this.offers(Api.ChatCompletions, TEXT).offers(Api.Embeddings, EMBEDDINGS).offers(Api.QwenRerank, RERANK);
  }

  pathFor(request: Request): string {
    if (this.isOriginal) return request.path;
    const isMultimodal =
      this.hasDialect && request.api == Api.ChatCompletions && takesMedia(request.finalModel);
    return isMultimodal ? filledPath(MULTIMODAL, request.api, request.clientPath) : super.pathFor(request);
  }

  editHead(head: Head, request: Request): void {
    if (!this.hasDialect || request.api != Api.ChatCompletions) return;
    if (request.isStream) {
      head.set("x-dashscope-sse", "enable");
    } else {
      head.set("accept", "*/*");
      head.remove("x-dashscope-sse");
    }
  }

  insertContext(chat: ChatRequest, text: Span): void {
    if (!this.hasDialect) return super.insertContext(chat, text);
    insertQwenContext(chat, text);
  }

  writeRequest(chat: ChatRequest, request: Request, out: Buffer): string {
    if (!this.hasDialect) return super.writeRequest(chat, request, out);
    if (this.fileIds.length > 0 && request.finalModel == "qwen-long") {
      insertQwenFiles(chat, escapedText(this.fileIds));
    }
    const writer = new QwenRequestWriter(chat, out);
    writer.write(takesMedia(request.finalModel), this.searches);
    if (writer.isCumulative) request.note = CUMULATIVE;
    return "";
  }

  newStream(out: Buffer, events: ChatEvents, request: Request): AnswerStage {
    const isCumulative = request.note == CUMULATIVE;
    return new ReaderStage(out, new QwenStreamReader(this.folded(events), MAX_EVENT_BYTES, isCumulative));
  }

  readAnswer(body: Span, events: ChatEvents, request: Request): bool {
    return readQwenAnswer(body, this.folded(events));
  }

  private folded(events: ChatEvents): ChatEvents {
    return this.folds ? new FoldedReasoning(events, this.concatenates) : events;
  }

  converts(api: Api): bool {
    return this.hasDialect && api == Api.Embeddings;
  }

  convertRequest(body: Span, request: Request, out: Buffer): string {
    const root = Json.read(body);
    const texts = readTexts(root, request);
    if (texts.length == 0) return "unsupported input type";
    const json = new JsonWriter(out).object().key("model").text(request.finalModel);
    json.key("input").object().key("texts").array();
    for (let i = 0; i < texts.length; i++) json.escaped(texts[i]);
    json.end().end().key("parameters").object();
    const dimensions = root.get("dimensions");
    if (dimensions.kind == JsonKind.Number) json.key("dimension").raw(dimensions.raw());
    json.end().end();
    return "";
  }

  convertAnswer(body: Span, request: Request, out: Buffer): bool {
    const root = Json.checked(body);
    const list = root.path("output.embeddings");
    if (list.kind != JsonKind.Array) return false;
    const writer = new EmbeddingsWriter(out, request);
    const items = list.items();
    while (items.next()) {
      const vector = items.value.get("embedding");
      if (vector.kind == JsonKind.Array) {
        writer.vector(items.value.get("text_index").integer(items.index), vector);
      }
    }
    writer.end(root.path("usage.total_tokens").integer(0));
    return true;
  }
}

/** True for models that are asked under the path for pictures and sound. */
function takesMedia(model: string): bool {
  for (let i = 0; i < MULTIMODAL_NAMES.length; i++) if (model.includes(MULTIMODAL_NAMES[i])) return true;
  return false;
}
