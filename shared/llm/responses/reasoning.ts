// Reasoning of other dialects in items of type `reasoning`: its text is the summary, which is what OpenAI's own
// clients, Codex and the AI SDK show (the AI SDK has no event for `reasoning_text`), and what seals it is
// `encrypted_content`, which all of them send back as it came.

/**
 * Stands before data of redacted thinking in `encrypted_content`, to tell it from the signature of thinking whose text
 * was left out: Anthropic wants each back in its own kind of block.
 */
export const SEAL_OF_REDACTED: string = "redacted_thinking:";

/** Stands before the seal of the call that an item without text follows: Gemini wants it back with the call. */
export const SEAL_OF_CALL: string = "thought_signature:";
