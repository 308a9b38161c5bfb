// A chat request between two dialects: what a model is asked, in no dialect's words. Every dialect reads its
// requests into this and writes them from it.
//
// Texts are spans of escaped string content and other values are spans of JSON, both borrowed from the body
// that was read; the reader has checked the body as a whole. An empty span stands for an absent field.

import { Buffer, Span, SpanIndex, equalsAsciiIgnoreCase } from "../bytes";
import { Json, JsonError, JsonKind } from "../json";
import { Dropped } from "./dropped";
import { nameOthers } from "./fields";
import { RenamedTools } from "./renamed-tools";
import { NONE, objectInText, textOf, writeValueEscaped } from "./text";

/** What needs no word about it where a schema stands alone: a schema that is taken is followed. */
const FORMAT_MEMBERS: StaticArray<string> = ["type", "json_schema", "name", "schema", "strict"];

/** Why a body could not be read as a chat request. */
export const enum RequestError {
  None = 0,
  /** `ChatRequest.jsonError` tells what is wrong with it. */
  NotJson = 1,
  NotObject = 2,
  NoMessages = 3,
  /** `ChatRequest.unsupported` names a member that asks for what no translation can serve. */
  Unsupported = 4,
}

export const enum Role {
  System = 0,
  /** OpenAI's later word for `System`. */
  Developer = 1,
  User = 2,
  Assistant = 3,
  /** Results of tools; Anthropic has them in user messages. */
  Tool = 4,
}

export const enum PartKind {
  /** `text` */
  Text = 0,
  /** `mediaType` and `data`, or `url`, or `fileId`; `detail` */
  Image = 1,
  /** `data` and `mediaType` as OpenAI's format (`wav`) */
  Audio = 2,
  /** `mediaType` and `data`, or `url`, or `fileId`; `name` */
  File = 3,
  /** `id`, `name`, and the arguments as `text` or as `json`; `data` the signature, where the provider seals calls */
  ToolCall = 4,
  /** `id`, `parts`, `isError` */
  ToolResult = 5,
  /** `text`, `data` the signature */
  Thinking = 6,
  /** `data` */
  RedactedThinking = 7,
  /** `text` */
  Refusal = 8,
}

const NO_PARTS: ChatPart[] = [];

export class ChatPart {
  text: Span = NONE;
  id: Span = NONE;
  name: Span = NONE;
  /** Base64, as string content. */
  data: Span = NONE;
  mediaType: Span = NONE;
  url: Span = NONE;
  fileId: Span = NONE;
  detail: Span = NONE;
  /** Arguments of a tool call as a JSON object, when the source dialect has them so. */
  json: Span = NONE;
  /** Value of `cache_control`. */
  cacheControl: Span = NONE;
  isError: bool = false;
  /** The call of a tool that takes free text; `json` has it as `input`. */
  isCustom: bool = false;
  /** Of a tool result; do not add to those of other kinds. */
  readonly parts: ChatPart[];

  constructor(public kind: PartKind) {
    this.parts = kind == PartKind.ToolResult ? [] : NO_PARTS;
  }

  static text(text: Span): ChatPart {
    const part = new ChatPart(PartKind.Text);
    part.text = text;
    return part;
  }

  /** Arguments of a tool call as escaped JSON text, `{}` when there are none; may be borrowed from `scratch`. */
  argumentsText(scratch: Buffer): Span {
    if (!this.text.isEmpty) return this.text;
    scratch.clear();
    if (this.json.isEmpty) scratch.text("{}");
    else writeValueEscaped(scratch, this.json);
    return scratch.span();
  }

  /** Arguments of a tool call as a JSON object; empty when the text holds none. */
  argumentsJson(): Span {
    return this.json.isEmpty ? objectInText(this.text) : this.json;
  }

  /**
   * Splits `data:image/png;base64,AAAA` into media type and data; any other URL is kept as `url`. A file may also be
   * its mere data, as the wording of OpenAI's documentation has it.
   */
  setUrl(url: Span): void {
    if (this.kind == PartKind.File && !url.isEmpty && url.indexOf(0x3a) < 0) {
      this.mediaType = Span.text("application/pdf");
      this.data = url;
      return;
    }
    const comma = equalsAsciiIgnoreCase(url.slice(0, 5), "data:") ? url.indexOf(0x2c) : -1;
    const head = url.slice(5, max(comma, 5));
    if (comma < 0 || !equalsAsciiIgnoreCase(head.slice(max(head.size - 7, 0)), ";base64")) {
      this.url = url;
      return;
    }
    this.mediaType = head.slice(0, head.indexOf(0x3b));
    this.data = url.slice(comma + 1);
  }
}

export class ChatMessage {
  /** Not part of any dialect, but sent by some clients. */
  id: Span = NONE;
  name: Span = NONE;
  parts: ChatPart[] = [];
  /** The content was a bare string, not a list of parts. */
  isPlain: bool = false;

  constructor(public role: Role) {}

  get isSystem(): bool {
    return this.role <= Role.Developer;
  }

  has(kind: PartKind): bool {
    for (let i = 0; i < this.parts.length; i++) if (this.parts[i].kind == kind) return true;
    return false;
  }
}

export class ChatTool {
  name: Span = NONE;
  description: Span = NONE;
  /** JSON schema of the arguments. */
  parameters: Span = NONE;
  strict: Span = NONE;
  cacheControl: Span = NONE;
  /** It takes free text, of which `parameters` make the argument `input` (`custom-tool.ts`). */
  isCustom: bool = false;
  /** Of a custom tool, the description without its grammar. */
  ownDescription: Span = NONE;
  /** Of a custom tool, the grammar that its input follows, and the language of that: `lark` or `regex`. */
  grammar: Span = NONE;
  syntax: Span = NONE;

  /** Notes that the target cannot promise arguments that follow the schema, where the client wants it to. */
  dropStrict(dropped: Dropped): void {
    if (this.strict.equalsAscii("true")) dropped.add("tools.function.strict");
  }
}

export const enum ToolChoice {
  Unset = 0,
  Auto = 1,
  None = 2,
  /** Any tool, but one. */
  Required = 3,
  /** The tool `toolChoiceName`. */
  Tool = 4,
}

export const enum Answer {
  Unset = 0,
  Yes = 1,
  No = 2,
}

/** What a JSON value says to a yes-or-no question; other types say nothing. */
export function answerOf(value: Json): Answer {
  if (value.kind != JsonKind.Bool) return Answer.Unset;
  return value.isTrue ? Answer.Yes : Answer.No;
}

export const enum Thinking {
  Unset = 0,
  Disabled = 1,
  Enabled = 2,
  /** The model decides. */
  Adaptive = 3,
}

/**
 * Settings that pass from dialect to dialect as the JSON value they are. `OPTION_NAMES` has OpenAI's names. Those up
 * to `TopK` and `ServiceTier` have a counterpart in Anthropic's dialect.
 */
export const enum Option {
  MaxTokens = 0,
  MaxCompletionTokens = 1,
  Temperature = 2,
  TopP = 3,
  TopK = 4,
  Seed = 5,
  N = 6,
  PresencePenalty = 7,
  FrequencyPenalty = 8,
  LogitBias = 9,
  Logprobs = 10,
  TopLogprobs = 11,
  Modalities = 12,
  User = 13,
  ServiceTier = 14,
  Metadata = 15,
  Store = 16,
  Prediction = 17,
  Audio = 18,
  PromptCacheKey = 19,
  PromptCacheRetention = 20,
  Verbosity = 21,
  SafetyIdentifier = 22,
  COUNT = 23,
}

export const OPTION_NAMES: StaticArray<string> = [
  "max_tokens",
  "max_completion_tokens",
  "temperature",
  "top_p",
  "top_k",
  "seed",
  "n",
  "presence_penalty",
  "frequency_penalty",
  "logit_bias",
  "logprobs",
  "top_logprobs",
  "modalities",
  "user",
  "service_tier",
  "metadata",
  "store",
  "prediction",
  "audio",
  "prompt_cache_key",
  "prompt_cache_retention",
  "verbosity",
  "safety_identifier",
];

export class ChatRequest {
  error: RequestError = RequestError.None;
  jsonError: JsonError = JsonError.None;
  /** Name of the member that `RequestError.Unsupported` is about, in the dialect's words. */
  unsupported: string = "";

  model: Span = NONE;
  /** In order; system messages stand where the dialect had them. */
  messages: ChatMessage[] = [];
  tools: ChatTool[] = [];
  toolChoice: ToolChoice = ToolChoice.Unset;
  toolChoiceName: Span = NONE;
  /** Tools that the client knows otherwise than the provider (`AnswerWriter.renamedTools`). */
  renamedTools: RenamedTools = new RenamedTools();
  /** The client speaks of functions, as OpenAI's dialect did before tools: so must its answer (`AnswerWriter`). */
  hasFunctions: bool = false;
  parallelToolCalls: Answer = Answer.Unset;
  /** Texts that end the answer. */
  stop: Span[] = [];
  stream: Answer = Answer.Unset;
  /** The client asked for usage at the end of the stream. */
  includeUsage: bool = false;
  /** `none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max` or another word. */
  reasoningEffort: Span = NONE;
  thinking: Thinking = Thinking.Unset;
  /** Tokens the model may think for; 0 when not told. */
  thinkingBudget: i64 = 0;
  /** OpenAI's `response_format`, whatever it is. */
  responseFormat: Span = NONE;
  /** The schema that the answer has to follow, and its name. */
  responseSchema: Span = NONE;
  responseSchemaName: Span = NONE;
  /** The answer has to be JSON, with a schema or without. */
  isJson: bool = false;
  /** What this model of a request has no place for. */
  dropped: Dropped = new Dropped();

  private options: StaticArray<Span> = new StaticArray<Span>(Option.COUNT).fill(NONE);

  /** The body, checked as a whole. Where it is no object, `error` says so. */
  open(body: Span): Json {
    const root = Json.checked(body);
    if (root.kind != JsonKind.Object) {
      this.jsonError = root.error;
      this.error = root.exists ? RequestError.NotObject : RequestError.NotJson;
    }
    return root;
  }

  option(option: Option): Span {
    return this.options[option];
  }

  setOption(option: Option, value: Span): void {
    this.options[option] = value;
  }

  /** Leaves only the tools that a list names, as texts or as objects with a name; without tools there is no choice. */
  allowTools(allowed: Json): void {
    const names = new SpanIndex();
    const items = allowed.items();
    while (items.next()) {
      const value = items.value;
      let named = value.get("function");
      if (!named.exists) named = value.get("custom");
      const name = value.kind == JsonKind.String ? value : (named.exists ? named : value).get("name");
      names.add(textOf(name));
    }
    const kept: ChatTool[] = [];
    for (let i = 0; i < this.tools.length; i++) {
      if (names.indexOf(this.tools[i].name) >= 0) kept.push(this.tools[i]);
    }
    this.tools = kept;
    if (kept.length == 0) this.toolChoice = ToolChoice.Unset;
  }

  /** The tool that must be called is one that takes free text. */
  get choosesCustom(): bool {
    for (let i = 0; i < this.tools.length; i++) {
      if (this.tools[i].name.equals(this.toolChoiceName)) return this.tools[i].isCustom;
    }
    return false;
  }

  /** The schema that the answer has to follow, for dialects that have no words about it beside it. */
  bareSchema(): Span {
    const format = Json.read(this.responseFormat);
    nameOthers(format, FORMAT_MEMBERS, "response_format.", this.dropped);
    nameOthers(format.get("json_schema"), FORMAT_MEMBERS, "response_format.", this.dropped);
    return this.responseSchema;
  }

  /** Notes a format that is neither text nor JSON, and what stands beside one; servers of OpenAI's dialect may know it. */
  dropOtherFormat(): void {
    nameOthers(Json.read(this.responseFormat), FORMAT_MEMBERS, "response_format.", this.dropped);
    if (this.isJson || !this.responseSchema.isEmpty || this.responseFormat.isEmpty) return;
    const type = textOf(Json.read(this.responseFormat).get("type"));
    if (!type.equalsAscii("text")) this.dropped.add("response_format");
  }

  /** Notes the settings of this range that were given as dropped. */
  dropOptions(first: Option, last: Option): void {
    for (let option = first; option <= last; option++) {
      if (!this.options[option].isEmpty) this.dropped.add(OPTION_NAMES[option]);
    }
  }
}
