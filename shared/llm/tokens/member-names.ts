// By what names the dialects call the members that tell what a model reads and writes.

/** What a name may mean, depending on where it stands: the tables that have it, one bit each. */
export const enum Meaning {
  None = 0,
  RequestTexts = 1,
  RequestTools = 2,
  RequestSettings = 4,
  AnswerTexts = 8,
  Skipped = 16,
  Json = 32,
  Data = 64,
  MediaType = 128,
  MostOutput = 256,
  Choices = 512,
  Role = 1024,
  Name = 2048,
  Model = 4096,
  Written = 8192,
  Path = 16384,
  Sealed = 32768,
}

/** Members of a request, by area. */
const REQUEST_TEXTS: StaticArray<string> = [
  "messages",
  "contents",
  "input",
  "system",
  "systemInstruction",
  "system_instruction",
  "instructions",
  "prompt",
  "suffix",
  "message",
  "chat_history",
  "preamble",
  "documents",
  "query",
  "texts",
  "inputText",
];
const REQUEST_TOOLS: StaticArray<string> = [
  "tools",
  "functions",
  "toolConfig",
  "response_format",
  "output_config",
  "output_format",
  "text",
];
const REQUEST_SETTINGS: StaticArray<string> = [
  "generationConfig",
  "generation_config",
  "inferenceConfig",
  "parameters",
  "textGenerationConfig",
  "options",
];

/** Members of an answer, or of an event of one, that hold what the model wrote; answers repeat their request, too. */
const ANSWER_TEXTS: StaticArray<string> = [
  "choices",
  "content",
  "output",
  "candidates",
  "message",
  "delta",
  "item",
  "content_block",
  "contentBlockStart",
  "contentBlockDelta",
];
/** Members below these that lead to it: gateways put much beside them that no model wrote. */
const WRITTEN: StaticArray<string> = [
  "message",
  "delta",
  "content",
  "text",
  "parts",
  "refusal",
  "reasoning",
  "reasoning_content",
  "reasoningContent",
  "reasoningText",
  "thinking",
  "summary",
  "tool_plan",
  "tool_calls",
  "function",
  "function_call",
  "functionCall",
  "toolUse",
  "start",
  "name",
  "partialArgs",
  "stringValue",
  "executableCode",
  "code",
  "audio",
  "transcript",
];

/** Thoughts of earlier answers, which the provider opens and counts. */
const SEALED: StaticArray<string> = ["thoughtSignature", "thought_signature", "encrypted_content"];
/** Members beside texts that no model reads. */
const SKIPPED: StaticArray<string> = [
  "role",
  "type",
  "id",
  "tool_call_id",
  "call_id",
  "tool_use_id",
  "toolUseId",
  "item_id",
  "cache_control",
  "signature",
  "status",
  "detail",
  "filename",
  "object",
  "model",
  "created_at",
  "annotations",
  "citations",
  "reasoning_details",
];
const JSON: StaticArray<string> = [
  "input",
  "args",
  "arguments",
  "response",
  "json",
  "structuredContent",
  "partial_json",
];
const DATA: StaticArray<string> = [
  "url",
  "data",
  "image_url",
  "bytes",
  "file_data",
  "file_id",
  "file_url",
  "fileUri",
  "file_uri",
  "b64_json",
  "uri",
  "images",
];
const MEDIA_TYPES: StaticArray<string> = ["media_type", "mimeType", "mime_type", "format"];

const MOST_OUTPUT: StaticArray<string> = [
  "max_tokens",
  "max_completion_tokens",
  "max_output_tokens",
  "maxOutputTokens",
  "maxTokens",
  "maxTokenCount",
  "num_predict",
  "max_tokens_to_sample",
];
const CHOICES: StaticArray<string> = ["n", "candidateCount", "candidate_count", "num_generations"];

/** Open addressing: of each place the name and its meanings. Filled when first asked. */
const PLACES: usize = 512;
const INDEX: usize = memory.data(512 * 8, 8);
let isFilled = false;

/** What the member of this name may mean: bits of `Meaning`. */
export function meaningOf(start: usize, size: i32): u32 {
  if (!isFilled) fill();
  if (size == 0) return Meaning.None;
  const place = find(start, size, 1);
  return load<usize>(place) == 0 ? Meaning.None : load<u32>(place, 4);
}

/** Where the name stands or would stand. `step`: 1 for ASCII, 2 for the units of a string. */
function find(start: usize, size: i32, step: usize): usize {
  const first = <usize>load<u8>(start);
  const last = <usize>load<u8>(start + <usize>(size - 1) * step);
  let hash = <usize>size * 37 + first * 11 + last * 101;
  while (true) {
    const place = INDEX + (hash & (PLACES - 1)) * 8;
    const name = load<usize>(place);
    if (name == 0) return place;
    if (changetype<string>(name).length == size) {
      let i: usize = 0;
      while (i < <usize>size && load<u8>(start + i * step) == load<u8>(name + i * 2)) i++;
      if (i == <usize>size) return place;
    }
    hash++;
  }
}

function fill(): void {
  isFilled = true;
  add(REQUEST_TEXTS, Meaning.RequestTexts);
  add(REQUEST_TOOLS, Meaning.RequestTools);
  add(REQUEST_SETTINGS, Meaning.RequestSettings);
  add(ANSWER_TEXTS, Meaning.AnswerTexts);
  add(WRITTEN, Meaning.Written);
  add(SEALED, Meaning.Sealed);
  add(SKIPPED, Meaning.Skipped);
  add(JSON, Meaning.Json);
  add(DATA, Meaning.Data);
  add(MEDIA_TYPES, Meaning.MediaType);
  add(MOST_OUTPUT, Meaning.MostOutput);
  add(CHOICES, Meaning.Choices);
  add(["jsonPath"], Meaning.Path);
  add(["role"], Meaning.Role);
  add(["name"], Meaning.Name);
  add(["model"], Meaning.Model);
}

function add(names: StaticArray<string>, meaning: Meaning): void {
  for (let i = 0; i < names.length; i++) {
    const name = changetype<usize>(names[i]);
    const place = find(name, names[i].length, 2);
    store<usize>(place, name);
    store<u32>(place, load<u32>(place, 4) | meaning, 4);
  }
}
