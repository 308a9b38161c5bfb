// Cohere. Version 1 of its chat API is what Higress speaks; `cohereApiVersion: v2` chooses the later one, which has
// tools, pictures, reasoning and embeddings. https://docs.cohere.com/reference/about

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { ChatRequest } from "as-proxy-wasm-sdk/llm/chat";
import { renameTools } from "as-proxy-wasm-sdk/llm/conversation";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { AnswerStage, MAX_EVENT_BYTES, ReaderStage } from "../../answer-stage";
import { Api } from "../../apis";
import { Settings } from "../../config/settings";
import { EmbeddingsWriter, readTexts } from "../../embeddings";
import { Dialect, Request } from "../../request";
import { Provider } from "../provider";
import { CohereAnswerReader } from "./answer-reader";
import { CohereV1Writer } from "./request-v1";
import { writeCohereV2 } from "./request-v2";
import { CohereStreamReader } from "./stream-reader";

/** Names of tools are those of Python's functions. https://docs.cohere.com/v1/reference/chat */
const MAX_TOOL_NAME_BYTES: i32 = 64;

export class Cohere extends Provider {
  private isV2: bool = false;

  constructor() {
    super("cohere", "api.cohere.com");
    this.hasDialect = true;
  }

  configure(reader: ConfigReader, settings: Settings): void {
    super.configure(reader, settings);
    const version = reader.text("cohereApiVersion");
    this.isV2 = version == "v2";
    this.streamsObjects = !this.isV2;
    if (!this.isV2 && version.length > 0 && version != "v1") {
      reader.fail("cohereApiVersion: expected v1 or v2");
    }
    const prefix = this.isV2 ? "/v2" : "/v1";
    this.offers(Api.ChatCompletions, prefix + "/chat").recognisesOwnPaths();
    this.offers(Api.CohereRerank, prefix + "/rerank");
    if (this.isV2) this.offers(Api.Embeddings, "/v2/embed");
  }

  writeRequest(chat: ChatRequest, request: Request, out: Buffer): string {
    renameTools(chat, MAX_TOOL_NAME_BYTES, "_", true);
    if (this.isV2) writeCohereV2(chat, out);
    else new CohereV1Writer(chat, out).write();
    return "";
  }

  /** Clients that were written for Higress read version 1's answers as they are (docs/decisions). */
  keepsAnswer(request: Request): bool {
    return !this.isV2 && request.dialect == Dialect.OpenAi;
  }

  isStream(contentType: string): bool {
    return super.isStream(contentType) || contentType.startsWith("application/stream+json");
  }

  newStream(out: Buffer, events: ChatEvents, request: Request): AnswerStage {
    return new ReaderStage(out, new CohereStreamReader(events, MAX_EVENT_BYTES));
  }

  readAnswer(body: Span, events: ChatEvents, request: Request): bool {
    if (!new CohereAnswerReader(events).readWhole(Json.checked(body))) return false;
    events.end();
    return true;
  }

  converts(api: Api): bool {
    return this.isV2 && api == Api.Embeddings;
  }

  convertRequest(body: Span, request: Request, out: Buffer): string {
    const root = Json.read(body);
    const texts = readTexts(root, request);
    if (texts.length == 0) return "unsupported input type";
    const json = new JsonWriter(out).object().key("model").text(request.finalModel);
    json.key("texts").array();
    for (let i = 0; i < texts.length; i++) json.escaped(texts[i]);
    json.end().key("input_type");
    // Required, and unknown to OpenAI's API.
    const type = root.get("input_type");
    if (type.kind == JsonKind.String) json.escaped(type.escaped());
    else json.text("search_document");
    json.key("embedding_types").array().text("float").end();
    const dimensions = root.get("dimensions");
    if (dimensions.kind == JsonKind.Number) json.key("output_dimension").raw(dimensions.raw());
    json.end();
    return "";
  }

  convertAnswer(body: Span, request: Request, out: Buffer): bool {
    const root = Json.checked(body);
    const list = root.path("embeddings.float");
    if (list.kind != JsonKind.Array) return false;
    const writer = new EmbeddingsWriter(out, request);
    const items = list.items();
    while (items.next()) if (items.value.kind == JsonKind.Array) writer.vector(items.index, items.value);
    writer.end(root.path("meta.billed_units.input_tokens").integer(0));
    return true;
  }
}
