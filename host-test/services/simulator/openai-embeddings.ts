// OpenAI embeddings: https://platform.openai.com/docs/api-reference/embeddings
import type { SimulatedRequest, SimulatedResponse } from "./dialect.ts";
import { jsonResponse } from "./dialect.ts";
import { numberOf, textOf } from "./json-value.ts";
import { openaiBody, openaiHeaders, openaiModel } from "./openai-request.ts";
import { Refusal } from "./refusal.ts";
import { countTokens } from "./tokens.ts";
import { base64Of, vectorOf } from "./vectors.ts";

/** Length of a vector where the request names none, as text-embedding-3-small has it. */
const defaultDimensions = 1536;

export function respondToEmbeddings(request: SimulatedRequest): SimulatedResponse {
  const body = openaiBody(request);
  const model = openaiModel(body);
  const inputs = inputsOf(body.input);
  const dimensions = numberOf(body.dimensions) ?? defaultDimensions;
  if (!Number.isInteger(dimensions) || dimensions < 1 || dimensions > 4096) {
    throw new Refusal(400, `Invalid value for 'dimensions' = ${dimensions}.`, { field: "dimensions" });
  }
  const asBase64 = body.encoding_format === "base64";
  const data = inputs.map((input, index) => {
    const vector = vectorOf(input, dimensions);
    return { object: "embedding", index, embedding: asBase64 ? base64Of(vector) : vector };
  });
  const tokens = inputs.map(countTokens).reduce((sum, count) => sum + count, 0);
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  return jsonResponse(200, openaiHeaders(request), { object: "list", data, model, usage });
}

// A string, strings, token numbers, or lists of token numbers.
function inputsOf(input: unknown): string[] {
  if (typeof input === "string" && input !== "") return [input];
  if (Array.isArray(input) && input.length > 0) {
    if (input.every((item) => typeof item === "number")) return [input.join(" ")];
    return input.map((item) => (Array.isArray(item) ? item.join(" ") : textOf(item)));
  }
  throw new Refusal(
    400,
    "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference.",
  );
}
