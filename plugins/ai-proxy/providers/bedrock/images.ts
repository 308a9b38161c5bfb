// Pictures of Amazon's own image models, Titan and Nova Canvas, through InvokeModel:
// https://docs.aws.amazon.com/nova/latest/userguide/image-gen-req-resp-structure.html

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { textOf } from "as-proxy-wasm-sdk/llm/text";
import { openImageList, writeImage } from "../image-list";

const DEFAULT_SIDE: i64 = 1024;

/** Appends OpenAI's request for pictures in the models' words. */
export function writeImageRequest(body: Span, out: Buffer): void {
  const root = Json.read(body);
  const size = root.get("size").text();
  const cross = size.indexOf("x");
  const width = sideOf(size.substring(0, max(cross, 0)));
  const height = sideOf(size.substring(cross + 1));
  const isSized = cross > 0 && width > 0 && height > 0;
  const json = new JsonWriter(out).object();
  json.key("taskType").text("TEXT_IMAGE").key("imageGenerationConfig").object();
  json.key("width").integer(isSized ? width : DEFAULT_SIDE);
  json.key("height").integer(isSized ? height : DEFAULT_SIDE);
  const quality = root.get("quality").text();
  if (quality == "hd" || quality == "high") json.key("quality").text("premium");
  else if (quality == "standard" || quality == "premium") json.key("quality").text(quality);
  json
    .key("numberOfImages")
    .integer(max(root.get("n").lenientInteger(), 1))
    .end();
  json
    .key("textToImageParams")
    .object()
    .key("text")
    .escaped(textOf(root.get("prompt")))
    .end();
  json.end();
}

/** Pixels of one side; 0 for what is no number. */
function sideOf(digits: string): i64 {
  return Json.read(Span.text(digits)).integer(0);
}

/** Appends the pictures as OpenAI has them; false when there are none. */
export function writeImageAnswer(body: Span, out: Buffer): bool {
  const images = Json.checked(body).get("images");
  if (images.kind != JsonKind.Array) return false;
  const json = openImageList(out);
  const items = images.items();
  while (items.next()) writeImage(json, textOf(items.value));
  json.end().end();
  return true;
}
