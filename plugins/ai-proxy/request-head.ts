// The request's head: which API it is, which token it goes out with, where it goes (compat ai-proxy §2.2, §4).

import { Head, log } from "as-proxy-wasm-sdk/sdk";
import { equalsAsciiIgnoreCase, Span } from "as-proxy-wasm-sdk/bytes";
import { Api, apiName, detectApi, GeminiPath } from "./apis";
import { Upstream } from "./config";
import { BasePathHandling } from "./config/settings";
import { announcedLength } from "./limits";
import { decodedPath, joinPaths, queryOf, withoutPrefix } from "./path";
import { Dialect, Request } from "./request";

/** Envoy's header that limits the time to the first byte of the answer. */
export const FIRST_BYTE_TIMEOUT = "x-envoy-upstream-rq-first-byte-timeout-ms";

const CHAT_PATH: string = "/v1/chat/completions";

/** Where clients put their credential. */
const CREDENTIALS: StaticArray<string> = [
  "authorization",
  "proxy-authorization",
  "x-api-key",
  "api-key",
  "x-goog-api-key",
  "x-authorization",
];

/** Reads what the head says of the request; nothing is changed. */
export function readHead(head: Head, upstream: Upstream): Request {
  const request = Request.of(head);
  const provider = upstream.provider;
  const path = decodedPath(request.clientPath);
  const hasQuery = queryOf(request.clientPath).length > 0;
  if (hasQuery && hasCredential(upstream) && (provider.takesKeyInQuery || path.includes("/v1beta"))) {
    request.hideKey();
  }
  request.api = detectApi(path);
  request.dialect = dialectOf(request.api);
  if (upstream.settings.isOriginal && provider.hasOwnPaths) {
    request.api = provider.ownApi(path);
  } else if (upstream.convertsClient(request.api)) {
    readConversation(request, path);
  }
  request.contentType = head.contentType;
  request.isForm = !request.contentType.includes("application/json") && isForm(request.contentType);
  const isEdited = upstream.editsBody(request.api);
  request.isConverted = isEdited && provider.converts(request.api);
  request.translates =
    isEdited &&
    request.api == Api.ChatCompletions &&
    (request.dialect != Dialect.OpenAi || provider.hasDialect);
  if (request.api == Api.None) log.warn(`no known API has the path ${path}: bodies pass untouched`);
  request.readsBody =
    provider.sealsRequest ||
    provider.preparesRequest(request.api) ||
    (upstream.readsBody(request.api) && isSupportedType(request.contentType, request.api));
  request.announcedLength = announcedLength(head);
  request.token = upstream.tokens.select(request.api, head.get("x-mse-consumer"));
  return request;
}

/** The dialect of the client that asks for an API: that of its errors, whatever becomes of the request. */
function dialectOf(api: Api): Dialect {
  switch (api) {
    case Api.AnthropicMessages:
    case Api.AnthropicComplete:
      return Dialect.Anthropic;
    case Api.Responses:
      return Dialect.Responses;
    case Api.GeminiGenerateContent:
    case Api.GeminiStreamGenerateContent:
      return Dialect.Gemini;
    default:
      return Dialect.OpenAi;
  }
}

/** A conversation that the provider only takes as chat: from here on it is a request for that. */
function readConversation(request: Request, path: string): void {
  if (request.dialect == Dialect.Anthropic) {
    request.clientPath = path.replace("/v1/messages", CHAT_PATH);
  } else if (request.dialect == Dialect.Responses) {
    request.clientPath = path.replace("/v1/responses", CHAT_PATH);
  } else {
    const place = GeminiPath.of(path);
    request.clientModel = place.model;
    request.isStream = request.api == Api.GeminiStreamGenerateContent;
    request.wantsArray = request.isStream && !queryOf(request.receivedPath).includes("alt=sse");
    request.clientPath = path.substring(0, place.start) + CHAT_PATH;
  }
  request.path = request.clientPath;
  request.api = Api.ChatCompletions;
}

function isSupportedType(contentType: string, api: Api): bool {
  if (contentType.length == 0 || contentType.includes("application/json")) return true;
  const takesForms = api == Api.ImageEdit || api == Api.ImageVariation;
  return takesForms && isForm(contentType);
}

function isForm(contentType: string): bool {
  return equalsAsciiIgnoreCase(Span.text(contentType.substring(0, 19)), "multipart/form-data");
}

/** A credential of ours is configured. */
function hasCredential(upstream: Upstream): bool {
  return upstream.settings.tokens.length > 0 || upstream.provider.hasOwnCredential;
}

/** Sends the request on its way: host, path, credential. */
export function writeHead(head: Head, request: Request, upstream: Upstream): void {
  const provider = upstream.provider;
  if (log.debugOn()) log.debug(`[onHttpRequestHeader] provider=${provider.type} api=${apiName(request.api)}`);
  head.remove("x-envoy-original-path");
  head.remove("x-envoy-original-host");
  head.remove("accept-encoding");
  keepOriginalAuth(head, upstream);
  if (hasCredential(upstream)) {
    // The client's own must not reach the provider.
    if (request.hidesKey) head.set(":path", request.receivedPath);
    for (let i = 0; i < CREDENTIALS.length; i++) head.remove(CREDENTIALS[i]);
    if (provider.credentialHeader.length > 0) head.remove(provider.credentialHeader);
  }
  // Gemini's own streams are told by their path, and their bodies are not read.
  const isLimited = provider.limitsEveryFirstByte || request.api == Api.GeminiStreamGenerateContent;
  if (isLimited && upstream.settings.firstByteTimeoutMs > 0) {
    head.set(FIRST_BYTE_TIMEOUT, upstream.settings.firstByteTimeoutMs.toString());
  }
  // Go names the token itself.
  if (log.debugOn()) log.debug(`Use apiToken ${upstream.tokens.number(request.token)} to send request`);
  provider.authenticate(request, head);
  writePlace(head, request, upstream);
}

/** Sets path and host. Done again where the provider's path depends on the body. */
export function writePlace(head: Head, request: Request, upstream: Upstream): void {
  place(request, upstream);
  if (request.path != request.receivedPath) {
    head.set(":path", request.path);
    head.set("x-envoy-original-path", request.receivedPath);
  }
  if (request.host != request.receivedHost) {
    head.set(":authority", request.host);
    head.set("x-envoy-original-host", request.receivedHost);
  }
}

/** Computes path and host (compat ai-proxy §4.1). */
function place(request: Request, upstream: Upstream): void {
  const settings = upstream.settings;
  const provider = upstream.provider;
  const handling = settings.basePathHandling;
  request.path = request.clientPath;
  if (handling == BasePathHandling.RemovePrefix) {
    request.path = absolute(withoutPrefix(request.path, settings.basePath));
  }
  const stripped = request.path;
  request.path = provider.pathFor(request);
  if (settings.isOriginal && handling == BasePathHandling.RemovePrefix) request.path = stripped;
  if (handling == BasePathHandling.Prepend && !request.path.startsWith(settings.basePath)) {
    request.path = joinPaths(settings.basePath, request.path);
  }
  if (!request.path.startsWith(settings.providerBasePath)) {
    request.path = settings.providerBasePath + request.path;
  }
  request.path = provider.finishPath(request.path, request);
  const host = provider.hostFor(request);
  if (host.length > 0) request.host = host;
  if (settings.providerDomain.length > 0) request.host = settings.providerDomain;
}

function absolute(path: string): string {
  return path.startsWith("/") ? path : "/" + path;
}

/**
 * `x-hi-original-auth` carries the client's credential to the provider, so it is only written when the
 * configuration asks for it (docs/decisions).
 */
function keepOriginalAuth(head: Head, upstream: Upstream): void {
  if (!upstream.settings.keepsOriginalAuth) {
    head.remove("x-hi-original-auth");
    return;
  }
  const authorization = head.bytes("authorization");
  if (authorization === null || head.get("x-hi-original-auth").length > 0) return;
  head.setBytes("x-hi-original-auth", authorization);
}
