// What a client should have in hand after reading a recorded answer or stream to its end.

/** Token counts as the provider states them; a count that it does not state is 0, an unstated total is absent. */
export interface ExpectedUsage {
  input: number;
  output: number;
  total?: number;
  /** Input tokens read from the provider's cache. Part of `input`, except for Anthropic, which counts them apart. */
  cachedInput: number;
  /** Input tokens written to the provider's cache (Anthropic, Bedrock). */
  cacheWrite: number;
  /** Output tokens spent on reasoning. Part of `output`, except for Gemini and xAI, which count them apart. */
  reasoning: number;
}

export interface ExpectedToolCall {
  /** Empty where the dialect has no ids (Gemini). */
  id: string;
  name: string;
  /** JSON text, `{}` when no argument was given. */
  arguments: string;
}

export interface Expected {
  id: string;
  model: string;
  /** All text of the answer, in order. */
  text: string;
  /** All reasoning, in order: reasoning_content, thinking, reasoning summaries. */
  reasoning: string;
  /** The calls that the client has to carry out; tools that the provider runs itself are not among them. */
  toolCalls: ExpectedToolCall[];
  /** The provider's own word: `stop`, `end_turn`, `completed`, `STOP`; empty when none was given. */
  stop: string;
  /** The last usage that the provider stated, or nothing. */
  usage?: ExpectedUsage;
  /** Message of the error that the stream ended with. */
  error?: string;
}

export function emptyExpected(): Expected {
  return { id: "", model: "", text: "", reasoning: "", toolCalls: [], stop: "" };
}
