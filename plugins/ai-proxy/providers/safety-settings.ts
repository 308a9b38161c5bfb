// `geminiSafetySetting` of the configuration: what Gemini models are to withhold.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { JsonWriter } from "as-proxy-wasm-sdk/json";

/** `[{"category":…,"threshold":…}]`, empty when none is configured. */
export function safetySettingsOf(reader: ConfigReader): Span {
  const entries = reader.entries("geminiSafetySetting");
  if (entries.length == 0) return Span.empty();
  const out = new Buffer();
  const json = new JsonWriter(out).array();
  for (let i = 0; i < entries.length; i++) {
    json.object().key("category").text(entries[i].name);
    json.key("threshold").text(entries[i].reader.value.lenientText()).end();
  }
  json.end();
  return out.take();
}
