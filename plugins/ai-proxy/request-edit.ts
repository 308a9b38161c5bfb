// What becomes of the request's body (compat ai-proxy §2.3): settings, usage in streams, messages, model, dialect.

import { Head, log } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonError } from "as-proxy-wasm-sdk/json";
import { ChatMessage, ChatPart, ChatRequest, RequestError, Role, Thinking } from "as-proxy-wasm-sdk/llm/chat";
import { readAnthropicRequest } from "as-proxy-wasm-sdk/llm/anthropic/request-reader";
import { cleanContext, developerToSystem, insertSystem } from "as-proxy-wasm-sdk/llm/openai/edit";
import { mergeConsecutive } from "as-proxy-wasm-sdk/llm/openai/merge";
import { readOpenaiRequest } from "as-proxy-wasm-sdk/llm/openai/request-reader";
import { writeOpenaiRequest } from "as-proxy-wasm-sdk/llm/openai/request-writer";
import { Api, maySayStream } from "./apis";
import { Upstream } from "./config";
import { Fault } from "./fault";
import { MAX_TRANSLATED_BYTES } from "./limits";
import { boundaryOf, ModelField } from "./multipart";
import { Dialect, Request } from "./request";
import { quoted, RequestBody } from "./request-body";
import { FIRST_BYTE_TIMEOUT, writePlace } from "./request-head";

/** The body, told what it will be asked and searched for. */
export function openBody(request: Request, upstream: Upstream): RequestBody {
  const names: string[] = ["model", "stream", "stream_options"];
  const settings = upstream.settings.customSettings;
  for (let i = 0; i < settings.length; i++) {
    if (!settings[i].path.includes(".") && !names.includes(settings[i].path)) names.push(settings[i].path);
  }
  const watched = upstream.provider.watched;
  for (let i = 0; i < watched.length; i++) if (!names.includes(watched[i])) names.push(watched[i]);
  const body = new RequestBody(names);
  if (request.api == Api.ChatCompletions && upstream.provider.renamesDeveloper) body.searchFor('"developer"');
  return body;
}

/** Edits the body, and the headers that depend on it. Null when the request may go on. */
export function editRequest(
  body: RequestBody,
  request: Request,
  upstream: Upstream,
  head: Head,
): Fault | null {
  const settings = upstream.settings;
  const provider = upstream.provider;
  const api = request.api;
  if (request.isForm) return editForm(body, request, upstream, head);
  const broken = body.fault(request.announcedLength);
  if (broken !== null) return broken;
  for (let i = 0; i < settings.customSettings.length; i++) {
    const setting = settings.customSettings[i];
    if (setting.overwrites || !body.has(setting.path)) body.set(setting.path, setting.value);
  }
  const isStream = body.get("stream").isTrue;
  request.isStream = isStream && maySayStream(api);
  if (request.isStream && settings.firstByteTimeoutMs > 0) {
    head.set(FIRST_BYTE_TIMEOUT, settings.firstByteTimeoutMs.toString());
  }
  if (settings.isOriginal || !provider.edits(api)) return null;

  if (isStream && (api == Api.ChatCompletions || api == Api.Videos || api == Api.VideoRemix)) {
    head.set("accept", "text/event-stream");
  }
  if (request.isStream && request.dialect == Dialect.OpenAi && api <= Api.Completions) addUsage(body);
  if (request.convertsClaude) {
    const fault = fromAnthropic(body, request, upstream);
    if (fault !== null) return fault;
  }
  if (api == Api.ChatCompletions) editMessages(body, upstream);
  provider.editBody(body, request);
  mapModel(body, request, upstream);
  if (provider.placesByModel) writePlace(head, request, upstream);
  return api == Api.ChatCompletions && provider.hasDialect ? toProvider(body, request, upstream) : null;
}

/** A stream reports its usage only when asked to. */
function addUsage(body: RequestBody): void {
  if (!body.has("stream_options")) body.set("stream_options", Span.text('{"include_usage":true}'));
  else if (!body.has("stream_options.include_usage"))
    body.set("stream_options.include_usage", Span.text("true"));
}

function editMessages(body: RequestBody, upstream: Upstream): void {
  const settings = upstream.settings;
  if (settings.cleanupCommands.length > 0) body.become(cleanContext(body.whole(), settings.cleanupCommands));
  if (settings.mergesMessages) body.become(mergeConsecutive(body.whole()));
  if (body.hasWord) body.become(developerToSystem(body.whole()));
  const text = contextText(upstream);
  if (text !== null && !upstream.provider.hasDialect) body.become(insertSystem(body.whole(), text));
}

function contextText(upstream: Upstream): Span | null {
  const context = upstream.settings.context;
  return context === null ? null : context.text;
}

function mapModel(body: RequestBody, request: Request, upstream: Upstream): void {
  const model = body.get("model").text();
  const mapped = upstream.settings.modelMapping.map(model);
  request.finalModel = mapped;
  if (mapped != model) body.set("model", quoted(mapped));
  if (log.debugOn()) log.debug(`model ${model} -> ${mapped}`);
}

/** Anthropic's request becomes OpenAI's. */
function fromAnthropic(body: RequestBody, request: Request, upstream: Upstream): Fault | null {
  if (body.size > MAX_TRANSLATED_BYTES) return tooLarge();
  const chat = readAnthropicRequest(body.whole());
  if (chat.error != RequestError.None) return unreadable(chat, body);
  request.thinks = chat.thinking == Thinking.Enabled;
  request.thinkingBudget = chat.thinkingBudget;
  const out = new Buffer(body.size);
  writeOpenaiRequest(chat, out, upstream.provider.requestOptions);
  logDropped(chat);
  body.become(out.span());
  return null;
}

/** OpenAI's request becomes the provider's. */
function toProvider(body: RequestBody, request: Request, upstream: Upstream): Fault | null {
  if (body.size > MAX_TRANSLATED_BYTES) return tooLarge();
  const chat = readOpenaiRequest(body.whole());
  if (chat.error != RequestError.None) return unreadable(chat, body);
  if (chat.model.isEmpty) return Fault.request("missing model in request");
  request.wantsUsage = chat.includeUsage;
  const text = contextText(upstream);
  if (text !== null) {
    const message = new ChatMessage(Role.System);
    message.parts.push(ChatPart.text(text));
    chat.messages.unshift(message);
  }
  const out = new Buffer(body.size);
  upstream.provider.writeRequest(chat, request, out);
  logDropped(chat);
  body.become(out.span());
  return null;
}

/** Forms only have their model mapped. */
function editForm(body: RequestBody, request: Request, upstream: Upstream, head: Head): Fault | null {
  const provider = upstream.provider;
  if (upstream.settings.isOriginal || !provider.edits(request.api)) return null;
  const boundary = boundaryOf(head.contentType);
  const form = new ModelField(body.whole(), boundary);
  const error = boundary.length == 0 ? "missing multipart boundary" : form.error;
  if (error.length > 0) {
    if (log.debugOn()) log.debug(`[${provider.type} multipart] body transform failed: ${error}`);
    return Fault.gateway(error);
  }
  request.finalModel = upstream.settings.modelMapping.map(form.model);
  if (request.finalModel != form.model) body.become(form.replaced(request.finalModel));
  if (provider.placesByModel) writePlace(head, request, upstream);
  return null;
}

function tooLarge(): Fault {
  return new Fault(413, `a request that has to be translated may have ${MAX_TRANSLATED_BYTES} bytes at most`);
}

function unreadable(chat: ChatRequest, body: RequestBody): Fault {
  if (chat.error == RequestError.NoMessages) return Fault.request("no message found in the request body");
  if (chat.error == RequestError.NotObject) return Fault.json(JsonError.NotObject, -1);
  return Fault.json(chat.jsonError, Json.checked(body.whole()).errorAt);
}

function logDropped(chat: ChatRequest): void {
  if (log.debugOn() && !chat.dropped.isEmpty) {
    log.debug(`not in the provider's dialect: ${chat.dropped.names.join(", ")}`);
  }
}
