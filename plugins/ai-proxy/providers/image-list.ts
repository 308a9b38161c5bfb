// OpenAI's list of images.

import { nowMs } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";

/** Opens the answer up to the items of its list. */
export function openImageList(out: Buffer): JsonWriter {
  return new JsonWriter(out)
    .object()
    .key("created")
    .integer(nowMs() / 1000)
    .key("data")
    .array();
}

/** Appends an item; nothing for a picture without data, which is base 64. */
export function writeImage(json: JsonWriter, data: Span): void {
  if (!data.isEmpty) json.object().key("b64_json").escaped(data).end();
}

/** True for an object that is no error. */
export function isAnswer(root: Json): bool {
  return root.kind == JsonKind.Object && !root.get("error").exists;
}
