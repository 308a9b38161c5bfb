// What Google AI has besides chat: embeddings and pictures.
// https://ai.google.dev/api/embeddings, https://ai.google.dev/gemini-api/docs/imagen

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { textOf } from "as-proxy-wasm-sdk/llm/text";
import { EmbeddingsWriter, readTexts } from "../../embeddings";
import { Request } from "../../request";
import { isAnswer, openImageList, writeImage } from "../image-list";

/** Appends a batchEmbedContents request; `model` has its path. Returns what is wrong with the request, or "". */
export function writeEmbeddings(body: Span, request: Request, model: string, out: Buffer): string {
  const root = Json.read(body);
  const texts = readTexts(root, request);
  if (texts.length == 0) return "unsupported input type";
  const dimensions = root.get("dimensions");
  const json = new JsonWriter(out).object().key("requests").array();
  for (let i = 0; i < texts.length; i++) {
    json.object().key("model").text(model).key("content").object().key("parts").array();
    json.object().key("text").escaped(texts[i]).end().end().end();
    if (dimensions.kind == JsonKind.Number) json.key("outputDimensionality").raw(dimensions.raw());
    json.end();
  }
  json.end().end();
  return "";
}

/** Appends the answer in OpenAI's words; false when the body is none. */
export function readEmbeddings(body: Span, request: Request, out: Buffer): bool {
  const root = Json.checked(body);
  const list = root.get("embeddings");
  if (list.kind != JsonKind.Array) return false;
  const writer = new EmbeddingsWriter(out, request);
  const items = list.items();
  while (items.next()) {
    const values = items.value.get("values");
    if (values.kind == JsonKind.Array) writer.vector(items.index, values);
  }
  writer.end(root.path("usageMetadata.promptTokenCount").integer(0));
  return true;
}

/** Appends a predict request for pictures. */
export function writeImages(body: Span, request: Request, out: Buffer): void {
  const root = Json.read(body);
  const count = root.get("n").integer(0);
  const json = new JsonWriter(out).object().key("instances").array().object();
  json
    .key("prompt")
    .escaped(textOf(root.get("prompt")))
    .end()
    .end();
  json.key("parameters").object();
  if (count > 0) json.key("sampleCount").integer(count);
  json.end().end();
  const members = root.members();
  while (members.next()) {
    const name = members.key;
    if (name == "model" || name == "prompt" || name == "n" || members.value.kind == JsonKind.Null) continue;
    request.dropped.addNamed("", members.keyBytes());
  }
}

/** Appends the answer in OpenAI's words; false when the body is none. */
export function readImages(body: Span, out: Buffer): bool {
  const root = Json.checked(body);
  // When all pictures were withheld there is no list.
  if (!isAnswer(root)) return false;
  const json = openImageList(out);
  const items = root.get("predictions").items();
  while (items.next()) writeImage(json, textOf(items.value.get("bytesBase64Encoded")));
  json.end().end();
  return true;
}
