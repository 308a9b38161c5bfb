// `customSettings`: members to write into every request body (compat ai-proxy §8.5).

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";

/** Setting names, and what each protocol calls them; "" where it has no such thing. */
const NAMES: StaticArray<string> = ["max_tokens", "temperature", "top_p", "top_k", "seed"];

function namesOf(protocol: string): StaticArray<string> {
  if (protocol == "openai") return ["max_tokens", "temperature", "top_p", "", "seed"];
  if (protocol == "baidu") return ["max_output_tokens", "temperature", "top_p", "", ""];
  if (protocol == "spark") return ["max_tokens", "temperature", "", "top_k", ""];
  if (protocol == "qwen") return ["max_tokens", "temperature", "top_p", "", "seed"];
  if (protocol == "gemini") return ["maxOutputTokens", "temperature", "topP", "topK", ""];
  if (protocol == "hunyuan") return ["", "Temperature", "TopP", "", ""];
  if (protocol == "claude") return ["max_tokens", "temperature", "top_p", "", ""];
  if (protocol == "minimax") return ["tokens_to_generate", "temperature", "top_p", "", ""];
  return ["", "", "", "", ""];
}

/** Name in the protocol's own words, or "" when it has none. */
function translated(name: string, protocol: string): string {
  const names = namesOf(protocol);
  for (let i = 0; i < NAMES.length; i++) if (NAMES[i] == name) return names[i];
  return "";
}

export class CustomSetting {
  constructor(
    /** Dotted path in the body. */
    public path: string,
    /** The same in the body of a Gemini client; "" where that has no such thing. */
    public geminiPath: string,
    /** JSON. */
    public value: Span,
    /** False: only written when the body has no such member. */
    public overwrites: bool,
  ) {}

  /** `protocol` is `openai`, or the provider type when the client speaks its dialect. */
  static read(reader: ConfigReader, protocol: string): CustomSetting[] {
    const settings: CustomSetting[] = [];
    const entries = reader.list("customSettings");
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i];
      const name = entry.text("name");
      const mode = entry.text("mode", "auto");
      const overwrites = entry.flag("overwrite", true);
      let path = mode == "raw" ? name : translated(name, protocol);
      if (path.length == 0 || !entry.has("value")) {
        entry.warn(`custom setting "${name}" has no value or no meaning for ${protocol}, ignored`);
        continue;
      }
      if (protocol == "qwen") path = "parameters." + path;
      else if (protocol == "gemini") path = "generation_config." + path;
      let geminiPath = path;
      if (protocol == "openai" && mode != "raw") {
        geminiPath = translated(name, "gemini");
        if (geminiPath.length > 0) geminiPath = "generationConfig." + geminiPath;
      }
      settings.push(new CustomSetting(path, geminiPath, entry.raw("value"), overwrites));
    }
    return settings;
  }
}
