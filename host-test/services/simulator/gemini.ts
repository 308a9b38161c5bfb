// The Gemini dialect: https://ai.google.dev/api. Vertex AI's paths end alike.
import type { Dialect, SimulatedRequest, SimulatedResponse } from "./dialect.ts";
import { bearerOf, decoded, eventResponse, jsonResponse } from "./dialect.ts";
import { answerEvents, answerOf, contentText, promptOf } from "./gemini-content.ts";
import type { JsonObject } from "./json-value.ts";
import { isObject, numberOf, objectOf, objectsOf, textOf } from "./json-value.ts";
import { Refusal } from "./refusal.ts";
import { composeReply } from "./reply.ts";
import { countTokens } from "./tokens.ts";
import { vectorOf } from "./vectors.ts";

/** Length of a vector where the request names none, as gemini-embedding-001 has it. */
const defaultDimensions = 3072;

const models = ["gemini-3.8-flash", "gemini-3.5-flash", "gemini-3.5-flash-lite", "gemini-embedding-001"];

const actions: Record<string, (request: SimulatedRequest, model: string) => SimulatedResponse> = {
  generateContent: generate,
  streamGenerateContent: streamGenerate,
  countTokens: count,
  embedContent: embed,
  batchEmbedContents: embedBatch,
};

export const gemini: Dialect = {
  respond(request) {
    if (gemini.keyOf(request) === "") {
      throw new Refusal(
        403,
        "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or " +
          "other form of API consumer identity to call this API.",
      );
    }
    const [, model, action] = /\/models\/([^/:]+):(\w+)$/.exec(request.path) ?? [];
    const respond = action === undefined ? undefined : actions[action];
    if (request.method === "POST" && model !== undefined && respond) return respond(request, decoded(model));
    if (request.method === "GET" && request.path.endsWith("/models")) {
      return jsonResponse(200, headersOf(request), { models: models.map(modelObject) });
    }
    const named = models.find((candidate) => request.path.endsWith(`/models/${candidate}`));
    if (request.method === "GET" && named) return jsonResponse(200, headersOf(request), modelObject(named));
    throw new Refusal(404, `Not found: ${request.method} ${request.path}`);
  },

  refuse(request, refusal) {
    const { status, message } = refusal;
    const state = states[status] ?? (status < 500 ? "FAILED_PRECONDITION" : "UNKNOWN");
    const retry = { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "1s" };
    const details = status === 429 ? { details: [retry] } : {};
    return jsonResponse(status, headersOf(request), {
      error: { code: status, message, status: state, ...details },
    });
  },

  failure(status) {
    switch (status) {
      case 400:
        return new Refusal(400, "API key not valid. Please pass a valid API key.");
      case 429:
        return new Refusal(
          429,
          "You exceeded your current quota, please check your plan and billing details.",
        );
      case 503:
        return new Refusal(503, "The model is overloaded. Please try again later.");
      default:
        return status < 500
          ? new Refusal(status, "The request was refused, as it asked for.")
          : new Refusal(status, "An internal error has occurred. Please retry.");
    }
  },

  errorEvent() {
    const error = {
      code: 503,
      message: "The model is overloaded. Please try again later.",
      status: "UNAVAILABLE",
    };
    return `data: ${JSON.stringify({ error })}\r\n\r\n`;
  },

  modelOf: (request) => decoded(/\/models\/([^/:]+)/.exec(request.path)?.[1] ?? ""),
  keyOf: (request) =>
    (request.headers["x-goog-api-key"] ?? "") || (request.query.get("key") ?? "") || bearerOf(request),
};

const states: Record<number, string> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};

function headersOf(request: SimulatedRequest): Record<string, string> {
  return { "x-goog-request-id": request.digest.slice(0, 32), "server-timing": "gfet4t7; dur=1" };
}

function bodyOf(request: SimulatedRequest): JsonObject {
  if (isObject(request.json)) return request.json;
  throw new Refusal(400, "Invalid JSON payload received. Unexpected token.");
}

function generate(request: SimulatedRequest, model: string): SimulatedResponse {
  const reply = composeReply(promptOf(bodyOf(request), model));
  return jsonResponse(200, headersOf(request), answerOf(request.digest, model, reply));
}

// Without `alt=sse` the stream is one JSON array, written element by element.
function streamGenerate(request: SimulatedRequest, model: string): SimulatedResponse {
  const events = answerEvents(request.digest, model, composeReply(promptOf(bodyOf(request), model)));
  if (request.query.get("alt") === "sse") return eventResponse(headersOf(request), framed(events));
  const headers = { "content-type": "application/json", ...headersOf(request) };
  return { status: 200, headers, body: asArray(events) };
}

function* framed(events: Iterable<object>): Generator<string> {
  for (const event of events) yield `data: ${JSON.stringify(event)}\r\n\r\n`;
}

function* asArray(events: Iterable<object>): Generator<string> {
  let separator = "[";
  for (const event of events) {
    yield separator + JSON.stringify(event);
    separator = ",\r\n";
  }
  yield "]";
}

function count(request: SimulatedRequest): SimulatedResponse {
  const body = bodyOf(request);
  const contents = objectsOf(body.contents ?? objectOf(body.generateContentRequest).contents);
  const totalTokens = contents
    .map((content) => countTokens(contentText(content)))
    .reduce((sum, one) => sum + one, 0);
  return jsonResponse(200, headersOf(request), { totalTokens });
}

function embed(request: SimulatedRequest): SimulatedResponse {
  return jsonResponse(200, headersOf(request), { embedding: embeddingOf(bodyOf(request)) });
}

function embedBatch(request: SimulatedRequest, model: string): SimulatedResponse {
  const requests = objectsOf(bodyOf(request).requests);
  if (requests.length === 0) {
    throw new Refusal(400, "* BatchEmbedContentsRequest.requests: at least one request is required\n");
  }
  const other = requests.find((one) => textOf(one.model) !== `models/${model}`);
  if (other)
    throw new Refusal(400, "* BatchEmbedContentsRequest.requests: model must match the model in the path\n");
  return jsonResponse(200, headersOf(request), { embeddings: requests.map(embeddingOf) });
}

function embeddingOf(request: JsonObject): { values: number[] } {
  const config = objectOf(request.embedContentConfig);
  const dimensions =
    numberOf(request.outputDimensionality ?? config.outputDimensionality) ?? defaultDimensions;
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > 4096) {
    throw new Refusal(400, "* EmbedContentRequest.output_dimensionality: out of range\n");
  }
  return { values: vectorOf(contentText(objectOf(request.content)), dimensions) };
}

function modelObject(id: string): object {
  return {
    name: `models/${id}`,
    displayName: id,
    inputTokenLimit: 1048576,
    outputTokenLimit: 65536,
    supportedGenerationMethods: id.includes("embedding")
      ? ["embedContent"]
      : ["generateContent", "countTokens"],
  };
}
