// The pictures of a Gemini answer as OpenAI's list of images.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { textOf } from "as-proxy-wasm-sdk/llm/text";
import { isAnswer, openImageList, writeImage } from "../image-list";

/** Appends the list, which may be empty; false when the body is no answer. */
export function writeImages(body: Span, out: Buffer): bool {
  const root = Json.checked(body);
  if (!isAnswer(root)) return false;
  const json = openImageList(out);
  const candidates = root.get("candidates").items();
  while (candidates.next()) {
    const parts = candidates.value.path("content.parts").items();
    while (parts.next()) {
      // Sketches that the model made while it thought are not the answer.
      if (!parts.value.get("thought").isTrue) writeImage(json, textOf(parts.value.path("inlineData.data")));
    }
  }
  json.end();
  const usage = root.get("usageMetadata");
  if (usage.kind == JsonKind.Object) writeUsage(json.key("usage").object(), usage);
  json.end();
  return true;
}

function writeUsage(json: JsonWriter, usage: Json): void {
  json.key("total_tokens").integer(usage.get("totalTokenCount").integer(0));
  json.key("input_tokens").integer(usage.get("promptTokenCount").integer(0));
  json.key("output_tokens").integer(usage.get("candidatesTokenCount").integer(0));
  let text: i64 = 0;
  let image: i64 = 0;
  const details = usage.get("promptTokensDetails").items();
  while (details.next()) {
    const modality = textOf(details.value.get("modality"));
    const tokens = details.value.get("tokenCount").integer(0);
    if (modality.equalsAscii("TEXT")) text += tokens;
    else if (modality.equalsAscii("IMAGE")) image += tokens;
  }
  json.key("input_tokens_details").object();
  json.key("text_tokens").integer(text).key("image_tokens").integer(image).end().end();
}
