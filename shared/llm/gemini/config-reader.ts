// `generationConfig` of requests: https://ai.google.dev/api/generate-content#generationconfig

import { Buffer, Span, lowerAscii } from "../../bytes";
import { Json, JsonKind, JsonWriter } from "../../json";
import { ChatRequest, Option, Thinking } from "../chat";
import { nameOthers } from "../fields";
import { indexOfName } from "../names";
import { NONE, rawOf, textOf } from "../text";
import { jsonSchemaOf } from "./schema";
import { SETTINGS, SETTING_NAMES } from "./settings";
import { camelName, member } from "./spelling";

/** Members that have a reading of their own. */
const NAMES: StaticArray<string> = [
  "maxOutputTokens",
  "stopSequences",
  "responseModalities",
  "responseMimeType",
  "responseSchema",
  "responseJsonSchema",
  "thinkingConfig",
];

const THINKING_MEMBERS: StaticArray<string> = [
  "thinkingBudget",
  "thinking_budget",
  "thinkingLevel",
  "thinking_level",
  "includeThoughts",
  "include_thoughts",
];

const enum Special {
  MaxTokens,
  StopSequences,
  Modalities,
  MimeType,
  Schema,
  JsonSchema,
  Thinking,
}

export class GeminiConfigReader {
  constructor(private readonly request: ChatRequest) {}

  read(config: Json): void {
    const request = this.request;
    let mimeType = NONE;
    const members = config.members();
    while (members.next()) {
      const value = unquoted(members.value);
      const name = camelName(members.keyBytes());
      const setting = indexOfName(SETTING_NAMES, name);
      if (setting >= 0) {
        request.setOption(SETTINGS[setting], rawOf(value));
        continue;
      }
      switch (indexOfName(NAMES, name)) {
        case Special.MaxTokens:
          request.setOption(Option.MaxTokens, rawOf(value));
          break;
        case Special.StopSequences:
          this.readStop(value);
          break;
        case Special.Modalities:
          this.readModalities(value);
          break;
        case Special.MimeType:
          mimeType = textOf(value);
          break;
        case Special.Schema:
          if (value.kind == JsonKind.Object) request.responseSchema = jsonSchemaOf(value, value);
          break;
        case Special.JsonSchema:
          if (value.kind == JsonKind.Object) request.responseSchema = value.raw();
          break;
        case Special.Thinking:
          this.readThinking(value);
          break;
        default:
          if (value.kind > JsonKind.Null) request.dropped.addNamed("generationConfig.", name);
      }
    }
    this.readFormat(mimeType);
  }

  private readStop(value: Json): void {
    const items = value.items();
    while (items.next()) {
      if (items.value.kind == JsonKind.String) this.request.stop.push(items.value.escaped());
    }
  }

  private readModalities(value: Json): void {
    const out = new Buffer();
    const json = new JsonWriter(out).array();
    const items = value.items();
    while (items.next()) json.escaped(lowerAscii(textOf(items.value)));
    json.end();
    if (value.length() > 0) this.request.setOption(Option.Modalities, out.span());
  }

  private readThinking(value: Json): void {
    const request = this.request;
    nameOthers(value, THINKING_MEMBERS, "generationConfig.thinkingConfig.", request.dropped);
    const budget = unquoted(member(value, "thinkingBudget", "thinking_budget"));
    const level = textOf(member(value, "thinkingLevel", "thinking_level"));
    if (budget.kind == JsonKind.Number) {
      const tokens = budget.integer(0);
      request.thinking = tokens > 0 ? Thinking.Enabled : tokens == 0 ? Thinking.Disabled : Thinking.Adaptive;
      request.thinkingBudget = max(tokens, 0);
    } else if (!level.isEmpty) {
      request.reasoningEffort = lowerAscii(level);
    } else if (member(value, "includeThoughts", "include_thoughts").isTrue) {
      request.thinking = Thinking.Adaptive;
    }
  }

  private readFormat(mimeType: Span): void {
    const request = this.request;
    const hasSchema = !request.responseSchema.isEmpty;
    const isJson = mimeType.isEmpty ? hasSchema : mimeType.equalsAscii("application/json");
    request.isJson = isJson;
    if (isJson && !hasSchema) {
      request.responseFormat = Span.text('{"type":"json_object"}');
    } else if (!isJson && !mimeType.isEmpty && !mimeType.equalsAscii("text/plain")) {
      // One word of an enum is no JSON.
      request.responseSchema = NONE;
      request.dropped.add("generationConfig.responseMimeType");
    }
  }
}

/** Numbers may stand in quotes: https://protobuf.dev/programming-guides/json/ */
function unquoted(value: Json): Json {
  if (value.kind != JsonKind.String) return value;
  const number = Json.checked(value.escaped());
  return number.kind == JsonKind.Number ? number : value;
}
