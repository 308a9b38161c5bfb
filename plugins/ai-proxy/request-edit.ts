// What becomes of the request's body (compat ai-proxy §2.3): settings, usage in streams, messages, model, dialect.

import { Head, log } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonError, unescapeInto } from "as-proxy-wasm-sdk/json";
import { Answer, ChatRequest, RequestError, Thinking } from "as-proxy-wasm-sdk/llm/chat";
import { cleanContext, mergeConsecutive, renameDeveloper } from "as-proxy-wasm-sdk/llm/conversation";
import {
  cleanContext as cleanBody,
  developerToSystem,
  insertSystem,
} from "as-proxy-wasm-sdk/llm/openai/edit";
import { mergeConsecutive as mergeInBody } from "as-proxy-wasm-sdk/llm/openai/merge";
import { responseSettings } from "as-proxy-wasm-sdk/llm/responses/settings";
import { Api, maySayStream } from "./apis";
import { readChat } from "./client-dialect";
import { Upstream } from "./config";
import { Fault } from "./fault";
import { lacksRoom, lacksRoomForMembers, MAX_TRANSLATED_BYTES, NO_ROOM } from "./limits";
import { boundaryOf, ModelField } from "./multipart";
import { Preparation } from "./preparation";
import { ContextPreparation } from "./context-call";
import { Dialect, Request } from "./request";
import { escapedText, quoted, RequestBody } from "./request-body";
import { promptBytes } from "./usage-estimate";
import { FIRST_BYTE_TIMEOUT, writePlace } from "./request-head";
import { Word } from "./word-search";

const DEVELOPER = new Word('"developer"');

/** The body, told what it will be asked and searched for. */
export function openBody(request: Request, upstream: Upstream): RequestBody {
  const body = new RequestBody(upstream.bodyMembers);
  const isEdited = request.api == Api.ChatCompletions && !request.translates;
  if (isEdited && upstream.provider.renamesDeveloper) body.searchFor(DEVELOPER);
  return body;
}

/** The edit of one body, in three steps: `begin`, the preparations one after the other, `finish`. */
export class RequestEdit {
  /** The request in no dialect's words; null when it stays in the client's. */
  private chat: ChatRequest | null = null;
  private preparations: Preparation[] = [];

  constructor(
    private body: RequestBody,
    private request: Request,
    private upstream: Upstream,
    private head: Head,
  ) {}

  /** Makes the edits that need nothing but the body. Null when the request may go on. */
  begin(): Fault | null {
    const request = this.request;
    const settings = this.upstream.settings;
    if (!request.isForm) {
      const fault = this.readJson();
      if (fault !== null) return fault;
    }
    const context = this.upstream.contextOf(request);
    if (context !== null && context.text === null) {
      this.preparations.push(
        new ContextPreparation(context, request.token, settings.timeoutMs, settings.type),
      );
    }
    const further = this.upstream.provider.preparation(request, this.chat);
    if (further !== null) this.preparations.push(further);
    return null;
  }

  /** What the request has to wait for next, or null. */
  nextPreparation(): Preparation | null {
    return this.preparations.length > 0 ? this.preparations.shift() : null;
  }

  /** Makes all other edits. Null when the request may go on. */
  finish(): Fault | null {
    const body = this.body;
    const request = this.request;
    const upstream = this.upstream;
    const provider = upstream.provider;
    const chat = this.chat;
    if (upstream.editsBody(request.api)) {
      let fault: Fault | null = null;
      if (chat !== null) fault = this.translate(chat);
      else if (request.isConverted) fault = this.convert();
      else if (request.isForm) fault = this.editForm();
      else this.editInPlace();
      if (fault !== null) return fault;
      provider.editHead(this.head, request);
      if (provider.placesByModel) writePlace(this.head, request, upstream);
    }
    if (provider.sealsRequest) provider.seal(this.head, request, body.whole());
    return null;
  }

  private readJson(): Fault | null {
    const body = this.body;
    const request = this.request;
    const settings = this.upstream.settings;
    const api = request.api;
    const broken = body.fault(request.announcedLength);
    if (broken !== null) return broken;
    for (let i = 0; i < settings.customSettings.length; i++) {
      const setting = settings.customSettings[i];
      const path = request.dialect == Dialect.Gemini ? setting.geminiPath : setting.path;
      if (path.length > 0 && (setting.overwrites || !body.has(path))) body.set(path, setting.value);
    }
    const isStream = request.isStream || body.get("stream").isTrue;
    request.isStream = request.isStream || (isStream && maySayStream(api));
    if (request.isStream && settings.firstByteTimeoutMs > 0) {
      this.head.set(FIRST_BYTE_TIMEOUT, settings.firstByteTimeoutMs.toString());
    }
    if (!this.upstream.editsBody(api)) return null;
    if (isStream && (api == Api.ChatCompletions || api == Api.Videos || api == Api.VideoRemix)) {
      this.head.set("accept", "text/event-stream");
    }
    if (request.translates) return this.readChat();
    if (request.isStream && api <= Api.Completions) {
      request.asksUsage = body.get("stream_options").get("include_usage").isTrue;
      request.promptBytes = body.size;
      addUsage(body);
    }
    return null;
  }

  /** Takes the conversation out of the client's dialect. */
  private readChat(): Fault | null {
    const body = this.body;
    const request = this.request;
    const large = tooLarge(body.size);
    if (large !== null) return large;
    const bytes = body.whole();
    if (lacksRoomForMembers(bytes)) return new Fault(413, NO_ROOM);
    const chat = readChat(request.dialect, bytes);
    if (chat.error != RequestError.None) return unreadable(chat, body);
    if (request.dialect == Dialect.Responses) request.settings = responseSettings(chat);
    else if (request.dialect == Dialect.Gemini) {
      chat.model = escapedText(request.clientModel);
      // The path asks for streams; they always tell usage.
      chat.includeUsage = request.isStream;
      if (request.isStream) chat.stream = Answer.Yes;
    }
    // A stream reports its usage only when asked to.
    request.wantsUsage = chat.includeUsage || !body.has("stream_options.include_usage");
    if (request.isStream) {
      request.asksUsage = chat.includeUsage;
      chat.includeUsage = request.wantsUsage;
      request.promptBytes = promptBytes(chat);
    }
    request.thinks = chat.thinking >= Thinking.Enabled;
    request.thinkingBudget = chat.thinkingBudget;
    this.chat = chat;
    return null;
  }

  /** Writes the conversation in the provider's dialect. */
  private translate(chat: ChatRequest): Fault | null {
    const body = this.body;
    const request = this.request;
    const upstream = this.upstream;
    const settings = upstream.settings;
    const provider = upstream.provider;
    if (settings.cleanupCommands.length > 0) cleanContext(chat, settings.cleanupCommands);
    if (settings.mergesMessages) mergeConsecutive(chat);
    if (provider.renamesDeveloper) renameDeveloper(chat);
    const text = this.contextText();
    if (text !== null) provider.insertContext(chat, text);
    this.mapModel(unescaped(chat.model));
    if (request.finalModel.length == 0 && provider.hasDialect)
      return Fault.request("missing model in request");
    const isChanged = settings.cleanupCommands.length > 0 || settings.mergesMessages || text !== null;
    if (!isChanged && !settings.promotesThinking && provider.takesAsItIs(request)) {
      request.staysAsItIs = true;
      provider.editBody(body, request);
      return null;
    }
    chat.model = escapedText(request.finalModel);
    const out = new Buffer(body.size);
    const error = provider.writeRequest(chat, request, out);
    if (error.length > 0) return Fault.gateway(error);
    request.dropped = chat.dropped;
    request.usesFunctions = chat.hasFunctions;
    request.renamedTools = chat.renamedTools;
    if (log.debugOn() && !chat.dropped.isEmpty) {
      log.debug(`not in the provider's dialect: ${chat.dropped.names.join(", ")}`);
    }
    body.become(out.span());
    if (!provider.hasDialect) provider.editBody(body, request);
    return null;
  }

  /** Writes a request of another API than chat in the provider's words. */
  private convert(): Fault | null {
    const body = this.body;
    const request = this.request;
    const large = tooLarge(body.size);
    if (large !== null) return large;
    if (!request.isForm) this.mapModel(body.get("model").text());
    else this.mapModel(new ModelField(body.whole(), boundaryOf(request.contentType)).model);
    const out = new Buffer(body.size);
    const error = this.upstream.provider.convertRequest(body.whole(), request, out);
    if (error.length > 0) return Fault.gateway(error);
    body.become(out.span());
    if (request.isForm) this.head.set("content-type", "application/json");
    return null;
  }

  /** The body stays in OpenAI's dialect. */
  private editInPlace(): void {
    const body = this.body;
    const upstream = this.upstream;
    if (this.request.api == Api.ChatCompletions) this.editMessages();
    upstream.provider.editBody(body, this.request);
    if (!upstream.provider.addsModel && !body.has("model")) return;
    const model = body.get("model").text();
    if (this.mapModel(model)) body.set("model", quoted(this.request.finalModel));
  }

  private editMessages(): void {
    const body = this.body;
    const settings = this.upstream.settings;
    if (settings.cleanupCommands.length > 0) body.become(cleanBody(body.whole(), settings.cleanupCommands));
    if (settings.mergesMessages) body.become(mergeInBody(body.whole()));
    if (body.hasWord) body.become(developerToSystem(body.whole()));
    const text = this.contextText();
    if (text !== null) body.become(insertSystem(body.whole(), text));
  }

  private contextText(): Span | null {
    const context = this.upstream.contextOf(this.request);
    return context === null ? null : context.text;
  }

  /** True when the model has another name upstream. */
  private mapModel(model: string): bool {
    const request = this.request;
    const mapped = this.upstream.settings.modelMapping.map(model);
    request.clientModel = model;
    request.finalModel = mapped;
    if (log.debugOn()) log.debug(`model ${model} -> ${mapped}`);
    return mapped != model;
  }

  /** Forms only have their model mapped. */
  private editForm(): Fault | null {
    const request = this.request;
    const boundary = boundaryOf(request.contentType);
    const form = new ModelField(this.body.whole(), boundary);
    const error = boundary.length == 0 ? "missing multipart boundary" : form.error;
    if (error.length > 0) {
      const type = this.upstream.provider.type;
      if (log.debugOn()) log.debug(`[${type} multipart] body transform failed: ${error}`);
      return Fault.gateway(error);
    }
    if (this.mapModel(form.model)) this.body.become(form.replaced(request.finalModel));
    return null;
  }
}

/** A stream reports its usage only when asked to. */
function addUsage(body: RequestBody): void {
  if (!body.has("stream_options")) body.set("stream_options", Span.text('{"include_usage":true}'));
  else if (!body.has("stream_options.include_usage"))
    body.set("stream_options.include_usage", Span.text("true"));
}

function unescaped(content: Span): string {
  const out = new Buffer(content.size);
  unescapeInto(out, content);
  return out.span().toString();
}

/** Why a body of this size is not translated; null when it can be. */
function tooLarge(size: i32): Fault | null {
  if (size > MAX_TRANSLATED_BYTES) {
    return new Fault(
      413,
      `a request that has to be translated may have ${MAX_TRANSLATED_BYTES} bytes at most`,
    );
  }
  return lacksRoom(size) ? new Fault(413, NO_ROOM) : null;
}

function unreadable(chat: ChatRequest, body: RequestBody): Fault {
  if (chat.error == RequestError.NoMessages) return Fault.request("no message found in the request body");
  if (chat.error == RequestError.Unsupported) {
    return Fault.request(`${chat.unsupported} needs the provider's own API, which this route does not have`);
  }
  if (chat.error == RequestError.NotObject) return Fault.json(JsonError.NotObject, -1);
  return Fault.json(chat.jsonError, Json.checked(body.whole()).errorAt);
}
