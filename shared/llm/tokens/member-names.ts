// By what names the dialects call the members that tell what a model reads and writes.

/** Members of a request, by area. */
export const REQUEST_TEXTS: StaticArray<string> = [
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
export const REQUEST_TOOLS: StaticArray<string> = [
  "tools",
  "functions",
  "toolConfig",
  "response_format",
  "output_config",
  "output_format",
  "text",
];
export const REQUEST_SETTINGS: StaticArray<string> = [
  "generationConfig",
  "generation_config",
  "inferenceConfig",
  "parameters",
  "textGenerationConfig",
  "options",
];
export const SETTINGS_TOOLS: StaticArray<string> = [
  "responseSchema",
  "responseJsonSchema",
  "response_schema",
];

/** Members of an answer that hold what the model wrote: beside these, answers repeat their request, and cite. */
export const ANSWER_TEXTS: StaticArray<string> = [
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

/** Members beside texts that no model reads, or writes; the first is counted. */
export const SKIPPED: StaticArray<string> = [
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
  "thoughtSignature",
  "thought_signature",
  "encrypted_content",
  "status",
  "detail",
  "filename",
  "object",
  "model",
  "created_at",
  "usage",
  "usageMetadata",
  "logprobs",
  "annotations",
  "finish_reason",
  "finishReason",
  "stop_reason",
  "native_finish_reason",
  "system_fingerprint",
  "modelVersion",
  "responseId",
  "service_tier",
  "obfuscation",
  "content_filter_results",
  "safetyRatings",
  "citations",
  "citationMetadata",
  "groundingMetadata",
  "reasoning_details",
  "jsonPath",
];
export const JSON: StaticArray<string> = [
  "input",
  "args",
  "arguments",
  "response",
  "json",
  "structuredContent",
];
export const DATA: StaticArray<string> = [
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
export const MEDIA_TYPES: StaticArray<string> = ["media_type", "mimeType", "mime_type", "format"];

export const MOST_OUTPUT: StaticArray<string> = [
  "max_tokens",
  "max_completion_tokens",
  "max_output_tokens",
  "maxOutputTokens",
  "maxTokens",
  "maxTokenCount",
  "num_predict",
  "max_tokens_to_sample",
];
export const CHOICES: StaticArray<string> = ["n", "candidateCount", "candidate_count", "num_generations"];
