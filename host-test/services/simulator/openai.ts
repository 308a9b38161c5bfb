// The OpenAI dialect: https://platform.openai.com/docs/api-reference. Providers that follow OpenAI put the same APIs
// under other prefixes, so a path is known by its end.
import { anthropic } from "./anthropic.ts";
import type { Dialect, SimulatedRequest, SimulatedResponse } from "./dialect.ts";
import { bearerOf, decoded, jsonResponse } from "./dialect.ts";
import { objectOf, textOf } from "./json-value.ts";
import { respondToChat } from "./openai-chat.ts";
import { respondToEmbeddings } from "./openai-embeddings.ts";
import { openaiHeaders } from "./openai-request.ts";
import { respondToResponses } from "./openai-responses.ts";
import { Refusal } from "./refusal.ts";

const models = ["gpt-5.5", "gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano", "text-embedding-3-small"];

const routes: { method: string; path: RegExp; respond: (request: SimulatedRequest) => SimulatedResponse }[] =
  [
    { method: "POST", path: /\/chat\/completions$/, respond: respondToChat },
    { method: "POST", path: /\/responses$/, respond: respondToResponses },
    { method: "POST", path: /\/embeddings$/, respond: respondToEmbeddings },
    { method: "GET", path: /\/models$/, respond: listModels },
    { method: "GET", path: /\/models\/(.+)$/, respond: retrieveModel },
  ];

export const openai: Dialect = {
  respond(request) {
    // Some OpenAI-like providers serve Anthropic's API beside their own (DeepSeek: /anthropic/v1/messages).
    if (request.path.includes("/anthropic/")) return anthropic.respond(request);
    if (openai.keyOf(request) === "") throw missingKey;
    const found = routes.filter((route) => route.path.test(request.path));
    const route = found.find((candidate) => candidate.method === request.method);
    if (route) return route.respond(request);
    const called = `${request.method} ${request.path}`;
    if (found.length === 0) throw new Refusal(404, `Invalid URL (${called})`);
    throw new Refusal(
      405,
      `Not allowed to ${request.method} on ${request.path}. (HINT: Perhaps you meant to use a different HTTP method?)`,
      { code: "method_not_supported" },
    );
  },

  refuse(request, refusal) {
    if (request.path.includes("/anthropic/")) return anthropic.refuse(request, refusal);
    const { field = null, code = null, type = errorType(refusal.status) } = refusal.details;
    const error = { message: refusal.message, type, param: field, code };
    const retry: Record<string, string> =
      refusal.status === 429 ? { "retry-after": "1", "retry-after-ms": "1000" } : {};
    return jsonResponse(refusal.status, { ...openaiHeaders(request), ...retry }, { error });
  },

  failure(status) {
    switch (status) {
      case 401:
        return new Refusal(401, "Incorrect API key provided.", { code: "invalid_api_key" });
      case 429:
        return new Refusal(429, "Rate limit reached for requests. Please try again in 1s.", {
          type: "requests",
          code: "rate_limit_exceeded",
        });
      case 503:
        return new Refusal(503, "The engine is currently overloaded, please try again later", {
          type: "service_unavailable_error",
        });
      default:
        return status < 500
          ? new Refusal(status, "The request was refused, as it asked for.")
          : new Refusal(status, "The server had an error while processing your request. Sorry about that!");
    }
  },

  errorEvent(request) {
    if (request.path.includes("/anthropic/")) return anthropic.errorEvent(request);
    const { message } = openai.failure(500);
    return `data: ${JSON.stringify({ error: { message, type: "server_error", param: null, code: null } })}\n\n`;
  },

  modelOf: (request) => textOf(objectOf(request.json).model),
  keyOf: (request) =>
    bearerOf(request) || (request.headers["api-key"] ?? "") || (request.headers["x-api-key"] ?? ""),
};

const missingKey = new Refusal(
  401,
  "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth " +
    "(i.e. Authorization: Bearer YOUR_KEY).",
);

function errorType(status: number): string {
  return status >= 500 ? "server_error" : "invalid_request_error";
}

function listModels(request: SimulatedRequest): SimulatedResponse {
  const data = models.map((id) => modelObject(id));
  return jsonResponse(200, openaiHeaders(request), { object: "list", data });
}

function retrieveModel(request: SimulatedRequest): SimulatedResponse {
  const id = decoded(request.path.slice(request.path.lastIndexOf("/models/") + "/models/".length));
  if (models.includes(id)) return jsonResponse(200, openaiHeaders(request), modelObject(id));
  throw new Refusal(404, `The model '${id}' does not exist or you do not have access to it.`, {
    field: "model",
    code: "model_not_found",
  });
}

function modelObject(id: string): object {
  return { id, object: "model", created: 1744316542, owned_by: "system" };
}
