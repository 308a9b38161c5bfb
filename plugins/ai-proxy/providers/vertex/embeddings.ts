// Embeddings of Google's models on Vertex AI.
// https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { EmbeddingsWriter, readTexts } from "../../embeddings";
import { Request } from "../../request";

/** Appends the request; returns what is wrong with it, or "". */
export function writeEmbeddingsRequest(body: Span, request: Request, out: Buffer): string {
  const root = Json.checked(body);
  const texts = readTexts(root, request);
  if (texts.length == 0) return "unsupported input type: input must be a text or a list of texts";
  const json = new JsonWriter(out).object().key("instances").array();
  for (let i = 0; i < texts.length; i++) {
    json.object().key("task_type").text("").key("content").escaped(texts[i]).end();
  }
  json.end();
  const dimensions = root.get("dimensions");
  if (dimensions.kind == JsonKind.Number) {
    json.key("parameters").object().key("outputDimensionality").raw(dimensions.raw()).end();
  }
  json.end();
  if (root.get("user").exists) request.dropped.add("user");
  return "";
}

/** Appends OpenAI's list of vectors; false when the body has none. */
export function writeEmbeddings(body: Span, request: Request, out: Buffer): bool {
  const predictions = Json.checked(body).get("predictions");
  if (predictions.kind != JsonKind.Array) return false;
  const writer = new EmbeddingsWriter(out, request);
  let tokens: i64 = 0;
  const items = predictions.items();
  while (items.next()) {
    const embedding = items.value.get("embeddings");
    const values = embedding.get("values");
    if (values.kind == JsonKind.Array) writer.vector(items.index, values);
    tokens += embedding.path("statistics.token_count").integer(0);
  }
  writer.end(tokens);
  return true;
}
