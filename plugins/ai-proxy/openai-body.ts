// Edits of a request body that stays in OpenAI's dialect: custom settings, usage in streams, the model.

import { Head, log } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Api, maySayStream } from "./apis";
import { Upstream } from "./config";
import { quoted, RequestBody } from "./request-body";
import { Request } from "./request";

/** Top-level members that the edits ask for. */
export function watchedMembers(upstream: Upstream): string[] {
  const names: string[] = ["model", "stream", "stream_options"];
  const settings = upstream.settings.customSettings;
  for (let i = 0; i < settings.length; i++) {
    if (!settings[i].path.includes(".") && !names.includes(settings[i].path)) names.push(settings[i].path);
  }
  return names;
}

/** Plans the edits and sets the headers that depend on the body. */
export function editOpenAiBody(body: RequestBody, request: Request, upstream: Upstream, head: Head): void {
  const settings = upstream.settings;
  const provider = upstream.provider;
  for (let i = 0; i < settings.customSettings.length; i++) {
    const setting = settings.customSettings[i];
    if (setting.overwrites || !body.has(setting.path)) body.set(setting.path, setting.value);
  }
  request.isStream = maySayStream(request.api) && body.isTrue("stream");
  if (request.isStream && settings.firstByteTimeoutMs > 0) {
    head.set("x-envoy-upstream-rq-first-byte-timeout-ms", settings.firstByteTimeoutMs.toString());
  }
  if (settings.isOriginal || !provider.edits(request.api)) return;
  if (request.isStream && (request.api == Api.ChatCompletions || request.api == Api.Completions)) {
    addUsage(body);
  }
  if (request.isStream && request.api == Api.ChatCompletions) head.set("accept", "text/event-stream");
  mapModel(body, request, upstream);
}

/** A stream reports its usage only when asked to. */
function addUsage(body: RequestBody): void {
  if (!body.has("stream_options")) body.set("stream_options", Span.text('{"include_usage":true}'));
  else if (!body.has("stream_options.include_usage")) body.set("stream_options.include_usage", Span.text("true"));
}

function mapModel(body: RequestBody, request: Request, upstream: Upstream): void {
  request.model = body.text("model");
  request.finalModel = upstream.settings.modelMapping.map(request.model);
  if (request.finalModel != request.model) body.set("model", quoted(request.finalModel));
  if (log.debugOn()) log.debug(`model ${request.model} -> ${request.finalModel}`);
}
