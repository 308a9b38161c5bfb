// The Anthropic dialect: https://docs.anthropic.com/en/api
import { checkRequest } from "./anthropic-checks.ts";
import { messageEvents, messageOf, promptOf } from "./anthropic-messages.ts";
import type { Dialect, SimulatedRequest, SimulatedResponse } from "./dialect.ts";
import { bearerOf, eventResponse, jsonResponse } from "./dialect.ts";
import { isObject, objectOf, textOf } from "./json-value.ts";
import type { JsonObject } from "./json-value.ts";
import { Refusal } from "./refusal.ts";
import { composeReply } from "./reply.ts";

const models = [
  { id: "claude-opus-5-5", display_name: "Claude Opus 5.5" },
  { id: "claude-sonnet-5-5", display_name: "Claude Sonnet 5.5" },
  { id: "claude-haiku-5-5", display_name: "Claude Haiku 5.5" },
].map((model) => ({ type: "model", ...model, created_at: "1970-01-01T00:00:00Z", lifecycle: "active" }));

export const anthropic: Dialect = {
  respond(request) {
    if (anthropic.keyOf(request) === "") throw new Refusal(401, "x-api-key header is required");
    if (!request.headers["anthropic-version"])
      throw new Refusal(400, "anthropic-version: header is required");
    const { method, path } = request;
    if (method === "POST" && path.endsWith("/v1/messages")) return respondToMessages(request);
    if (method === "POST" && path.endsWith("/v1/messages/count_tokens")) return countTokensOf(request);
    if (method === "GET" && path.endsWith("/v1/models")) return listModels(request);
    const id = /\/v1\/models\/([^/]+)$/.exec(path)?.[1];
    const model = models.find((candidate) => candidate.id === id);
    if (method === "GET" && model) return jsonResponse(200, headersOf(request), model);
    throw new Refusal(404, id === undefined ? "Not Found" : `model: ${id}`);
  },

  refuse(request, refusal) {
    const type = refusal.details.type ?? errorTypes[refusal.status] ?? fallbackType(refusal.status);
    const headers: Record<string, string> = headersOf(request);
    if (refusal.status === 429) headers["retry-after"] = "1";
    const error = { type, message: refusal.message };
    return jsonResponse(refusal.status, headers, { type: "error", error, request_id: headers["request-id"] });
  },

  failure(status) {
    switch (status) {
      case 401:
        return new Refusal(401, "invalid x-api-key");
      case 429:
        return new Refusal(429, "Number of request tokens has exceeded your per-minute rate limit.");
      case 529:
        return new Refusal(529, "Overloaded");
      default:
        return status < 500
          ? new Refusal(status, "The request was refused, as it asked for.")
          : new Refusal(status, "Internal server error");
    }
  },

  errorEvent() {
    const error = { type: "overloaded_error", message: "Overloaded" };
    return `event: error\ndata: ${JSON.stringify({ type: "error", error })}\n\n`;
  },

  modelOf: (request) => textOf(objectOf(request.json).model),
  keyOf: (request) => (request.headers["x-api-key"] ?? "") || bearerOf(request),
};

const errorTypes: Record<number, string> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

function fallbackType(status: number): string {
  return status < 500 ? "invalid_request_error" : "api_error";
}

function headersOf(request: SimulatedRequest): Record<string, string> {
  return {
    "request-id": `req_01${request.digest.slice(0, 22)}`,
    "anthropic-organization-id": "00000000-0000-4000-8000-000000000000",
    "anthropic-ratelimit-requests-limit": "4000",
    "anthropic-ratelimit-requests-remaining": "3999",
  };
}

function bodyOf(request: SimulatedRequest): JsonObject {
  if (isObject(request.json)) return request.json;
  throw new Refusal(400, "The request body is not valid JSON: expected value at line 1 column 1");
}

function respondToMessages(request: SimulatedRequest): SimulatedResponse {
  const body = bodyOf(request);
  checkRequest(body);
  const reply = composeReply(promptOf(body));
  const message = messageOf(request.digest, textOf(body.model), reply);
  if (body.stream !== true) return jsonResponse(200, headersOf(request), message);
  return eventResponse(headersOf(request), messageEvents(message, reply));
}

function countTokensOf(request: SimulatedRequest): SimulatedResponse {
  const body = bodyOf(request);
  checkRequest({ max_tokens: Number.MAX_SAFE_INTEGER, ...body });
  return jsonResponse(200, headersOf(request), { input_tokens: promptOf(body).inputTokens });
}

function listModels(request: SimulatedRequest): SimulatedResponse {
  const page = { data: models, has_more: false, first_id: models[0]?.id, last_id: models.at(-1)?.id };
  return jsonResponse(200, headersOf(request), page);
}
