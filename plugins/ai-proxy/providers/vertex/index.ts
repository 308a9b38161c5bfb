// Google Vertex AI, in three modes: with an API key ("express"), with a service account, and with the service
// account's OpenAI-compatible API. https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference

import { ConfigReader, Head, log } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { JsonKind } from "as-proxy-wasm-sdk/json";
import { readAnthropicAnswer } from "as-proxy-wasm-sdk/llm/anthropic/answer-reader";
import {
  AnthropicRequestOptions,
  writeAnthropicRequest,
} from "as-proxy-wasm-sdk/llm/anthropic/request-writer";
import { AnthropicStreamReader } from "as-proxy-wasm-sdk/llm/anthropic/stream-reader";
import { ChatRequest } from "as-proxy-wasm-sdk/llm/chat";
import { ChatEvents } from "as-proxy-wasm-sdk/llm/events";
import { readGeminiAnswer } from "as-proxy-wasm-sdk/llm/gemini/answer-reader";
import { GeminiRequestOptions, writeGeminiRequest } from "as-proxy-wasm-sdk/llm/gemini/request-writer";
import { GeminiStreamReader } from "as-proxy-wasm-sdk/llm/gemini/stream-reader";
import { StreamReader } from "as-proxy-wasm-sdk/llm/stream-reader";
import { AnswerStage, MAX_EVENT_BYTES, ReaderStage } from "../../answer-stage";
import { newAnswerId } from "../../answer-id";
import { Api } from "../../apis";
import { Settings } from "../../config/settings";
import { Preparation } from "../../preparation";
import { Dialect, Request } from "../../request";
import { ThinkTagEvents } from "../../think-tags";
import { RequestBody, quoted } from "../../request-body";
import { Provider } from "../provider";
import { safetySettingsOf } from "../safety-settings";
import { AccessTokens, TokenPreparation } from "./access-token";
import { writeEmbeddings, writeEmbeddingsRequest } from "./embeddings";
import { writeImages } from "./image-answer";
import { ImageRequest } from "./image-request";
import { hostOf, isClaude, modelPath, ownApiOf, withKey } from "./place";
import { PlainTextStage } from "./plain-text-stage";
import { ServiceAccount } from "./service-account";

export class Vertex extends Provider {
  /** Null in express mode, where requests carry a key. */
  private tokens: AccessTokens | null = null;
  private isCompatible: bool = false;
  private isOriginal: bool = false;
  /** What stands in paths between the version and what is asked for. */
  private scope: string = "";
  private claude: AnthropicRequestOptions = new AnthropicRequestOptions();
  private gemini: GeminiRequestOptions = new GeminiRequestOptions();

  constructor() {
    super("vertex", "");
    this.offers(Api.ChatCompletions, "").offers(Api.VertexRaw, "");
    this.hasDialect = true;
    this.takesKeyInQuery = true;
    this.placesByModel = true;
    this.reasoningName = "reasoning";
    this.claude.version = "vertex-2023-10-16";
    this.claude.hasModel = false;
    this.gemini.isVertex = true;
  }

  configure(reader: ConfigReader, settings: Settings): void {
    const key = reader.secret("vertexAuthKey");
    const region = reader.text("vertexRegion");
    const project = reader.text("vertexProjectId");
    const service = reader.text("vertexAuthServiceName");
    const ahead = reader.integerBetween("vertexTokenRefreshAhead", 60, 1, i32.MAX_VALUE);
    this.isCompatible = reader.flag("vertexOpenAICompatible");
    this.isOriginal = settings.isOriginal;
    this.claude.claudeCode = reader.flag("claudeCodeMode");
    this.gemini.safetySettings = safetySettingsOf(reader);
    if (!this.isCompatible) {
      this.embeddings();
      for (let api = Api.ImageGeneration; api <= Api.ImageEdit; api++) this.offers(api, "");
    } else {
      this.hasDialect = false;
      this.mendsStream = true;
      this.mendsAnswer = true;
    }
    if (settings.tokens.length > 0) {
      if (this.isCompatible)
        reader.fail("vertexOpenAICompatible is not compatible with Express Mode (apiTokens)");
      this.host = hostOf("");
      return;
    }
    const suffix = "in vertex provider config" + (this.isCompatible ? " for OpenAI compatible mode" : "");
    if (key.length == 0) reader.fail("missing vertexAuthKey " + suffix);
    else if (region.length == 0 || project.length == 0)
      reader.fail("missing vertexRegion or vertexProjectId " + suffix);
    else if (service.length == 0) reader.fail("missing vertexAuthServiceName " + suffix);
    this.hasOwnCredential = true;
    this.host = hostOf(region);
    this.scope = `/projects/${project}/locations/${region}`;
    const account = ServiceAccount.read(key);
    if (account.error.length > 0) reader.warn("vertexAuthKey: " + account.error);
    this.tokens = new AccessTokens(
      account,
      `vertex-${region}-${project}-access-token`,
      `outbound|443||${service}.dns`,
      ahead,
      settings.timeoutMs,
    );
  }

  get hasOwnPaths(): bool {
    return true;
  }

  ownApi(path: string): Api {
    return ownApiOf(path);
  }

  pathFor(request: Request): string {
    const isEdited = !this.isOriginal && this.supports(request.api);
    if (isEdited && isAdded(request.api)) return super.pathFor(request);
    if (this.isCompatible && isEdited) return `/v1beta1${this.scope}/endpoints/openapi/chat/completions`;
    return isEdited && request.finalModel.length > 0 ? modelPath(this.scope, request) : request.path;
  }

  finishPath(path: string, request: Request): string {
    const isFinal = request.api == Api.VertexRaw || (request.finalModel.length > 0 && !isAdded(request.api));
    return this.tokens === null && isFinal ? withKey(path, request.token) : path;
  }

  authenticate(request: Request, head: Head): void {
    // Where the path stays the client's the key can only stand in the head.
    const isPlaced =
      request.api == Api.VertexRaw ||
      (!this.isOriginal && this.supports(request.api) && !isAdded(request.api));
    if (this.tokens === null && !isPlaced) head.set("x-goog-api-key", request.token);
  }

  preparesRequest(api: Api): bool {
    return this.tokens !== null && this.supports(api);
  }

  preparation(request: Request, chat: ChatRequest | null): Preparation | null {
    const tokens = this.tokens;
    return tokens === null || !this.supports(request.api) ? null : new TokenPreparation(tokens);
  }

  writeRequest(chat: ChatRequest, request: Request, out: Buffer): string {
    if (!this.hasDialect) return super.writeRequest(chat, request, out);
    if (!isClaude(request.finalModel)) return writeGeminiRequest(chat, out, this.gemini);
    writeAnthropicRequest(chat, out, this.claude);
    return "";
  }

  takesAsItIs(request: Request): bool {
    if (!this.hasDialect) return false;
    if (!isClaude(request.finalModel)) return request.dialect == Dialect.Gemini;
    return request.dialect == Dialect.Anthropic && !this.claude.claudeCode;
  }

  /** Errors of Gemini models are in their clients' dialect too. */
  keepsAnswer(request: Request): bool {
    return request.staysAsItIs && request.dialect == Dialect.Gemini;
  }

  editBody(body: RequestBody, request: Request): void {
    if (!request.staysAsItIs) return;
    if (request.dialect == Dialect.Gemini) {
      editGeminiBody(body, this.gemini.safetySettings);
      return;
    }
    body.remove("model");
    if (!body.has("anthropic_version")) body.set("anthropic_version", quoted(this.claude.version));
  }

  newStream(out: Buffer, events: ChatEvents, request: Request): AnswerStage {
    const isAnthropic = isClaude(request.finalModel);
    const reader: StreamReader = isAnthropic
      ? new AnthropicStreamReader(events, MAX_EVENT_BYTES)
      : new GeminiStreamReader(tagged(events, request), MAX_EVENT_BYTES, newAnswerId());
    return new LoggedStage(out, reader);
  }

  readAnswer(body: Span, events: ChatEvents, request: Request): bool {
    if (isClaude(request.finalModel)) return readAnthropicAnswer(body, events);
    return readGeminiAnswer(body, tagged(events, request), newAnswerId());
  }

  newStage(out: Buffer): AnswerStage | null {
    return new PlainTextStage(out);
  }

  converts(api: Api): bool {
    return api != Api.ChatCompletions && !isAdded(api) && this.supports(api);
  }

  convertRequest(body: Span, request: Request, out: Buffer): string {
    if (request.finalModel.length == 0) return "missing model in request";
    if (request.api == Api.Embeddings) return writeEmbeddingsRequest(body, request, out);
    const images = new ImageRequest(body, request);
    if (images.error.length == 0) images.write(out, this.gemini.safetySettings);
    return images.error;
  }

  convertAnswer(body: Span, request: Request, out: Buffer): bool {
    return request.api == Api.Embeddings ? writeEmbeddings(body, request, out) : writeImages(body, out);
  }

  unsupportedMessage(api: Api): string {
    if (this.isCompatible && !isAdded(api))
      return "OpenAI compatible mode only supports chat completions API";
    return super.unsupportedMessage(api);
  }
}

/** What Google AI does without being told, and Vertex AI does not: a content without a role is the user's. */
function editGeminiBody(body: RequestBody, safetySettings: Span): void {
  body.remove("model");
  const isSet = body.has("safetySettings") || body.has("safety_settings");
  if (!isSet && !safetySettings.isEmpty) body.set("safetySettings", safetySettings);
  const contents = body.get("contents");
  if (contents.kind == JsonKind.Object && !contents.get("role").exists)
    body.set("contents.role", quoted("user"));
  const items = contents.items();
  for (let i = 0; items.next(); i++) {
    if (!items.value.get("role").exists) body.set(`contents.${i}.role`, quoted("user"));
  }
}

/** True for an API that Vertex AI has no words for: its path, if any, is that of `capabilities`. */
function isAdded(api: Api): bool {
  const isImage = api >= Api.ImageGeneration && api <= Api.ImageEdit;
  return api != Api.ChatCompletions && api != Api.Embeddings && !isImage;
}

/** Clients of OpenAI's dialect get the reasoning of Gemini models as part of the content, as from Higress. */
function tagged(events: ChatEvents, request: Request): ChatEvents {
  return request.dialect == Dialect.OpenAi ? new ThinkTagEvents(events) : events;
}

/** Says in the log what the client gets, as Higress does. */
class LoggedStage extends ReaderStage {
  constructor(out: Buffer, reader: StreamReader) {
    super(out, reader);
  }

  drain(): Span {
    const bytes = super.drain();
    if (log.debugOn() && !bytes.isEmpty) log.debug("=== modified response chunk: " + bytes.toString());
    return bytes;
  }
}
