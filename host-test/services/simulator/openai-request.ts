// What all of OpenAI's APIs have in common.
import type { SimulatedRequest } from "./dialect.ts";
import type { JsonObject } from "./json-value.ts";
import { isObject, textOf } from "./json-value.ts";
import { Refusal } from "./refusal.ts";

/** The headers that every answer of OpenAI carries. */
export function openaiHeaders(request: SimulatedRequest): Record<string, string> {
  return {
    "x-request-id": `req_${request.digest.slice(0, 32)}`,
    "openai-version": "2020-10-01",
    "openai-processing-ms": "1",
    "x-ratelimit-limit-requests": "10000",
    "x-ratelimit-remaining-requests": "9999",
    "x-ratelimit-reset-requests": "6ms",
  };
}

/** The body as an object, or the refusal that OpenAI sends for anything else. */
export function openaiBody(request: SimulatedRequest): JsonObject {
  if (isObject(request.json)) return request.json;
  throw new Refusal(
    400,
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library " +
      "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)",
  );
}

export function openaiModel(body: JsonObject): string {
  const model = textOf(body.model);
  if (model === "") throw new Refusal(400, "you must provide a model parameter");
  return model;
}
