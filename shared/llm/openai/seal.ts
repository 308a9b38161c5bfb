// Seals of the provider on what it made, which have to be sent back with it. OpenAI's dialect has no place of its own
// for them: reasoning has them as OpenRouter does (https://openrouter.ai/docs/use-cases/reasoning-tokens), calls of
// tools as Google does (https://ai.google.dev/gemini-api/docs/thought-signatures).

import { Span } from "../../bytes";
import { JsonWriter } from "../../json";

/** Writes an item of `reasoning_details`: a stretch of reasoning that is complete, and its signature. */
export function writeSealedText(json: JsonWriter, text: Span, signature: Span): void {
  json.object().key("type").text("reasoning.text").key("text").escaped(text);
  json.key("signature").escaped(signature).end();
}

/** Writes an item of `reasoning_details`: reasoning that only the provider can read. */
export function writeSealedData(json: JsonWriter, data: Span): void {
  json.object().key("type").text("reasoning.encrypted").key("data").escaped(data).end();
}

/** Writes the member `extra_content` of a call. */
export function writeToolSignature(json: JsonWriter, signature: Span): void {
  json.key("extra_content").object().key("google").object();
  json.key("thought_signature").escaped(signature).end().end();
}
