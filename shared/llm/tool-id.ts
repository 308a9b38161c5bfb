// Ids of tool calls, and names of tools, where the dialects differ on them: one has none, another takes few characters.

import { Buffer, Span, fnv1a64 } from "../bytes";

/**
 * `id`, or where it is empty one made of the answer's id and the call's number: unique over the turns of a
 * conversation, and short enough for OpenAI, which takes 40 characters.
 */
export function toolCallId(id: Span, answerId: Span, index: i32): Span {
  if (!id.isEmpty) return id;
  const made = new Buffer();
  made.text("call_" + fnv1a64(answerId).toString(16) + "_" + index.toString());
  return made.span();
}

/**
 * The id with `_` for all but letters, digits, `_` and `-`, which is all that Anthropic takes. Conversations that
 * change the provider midway bring ids like `functions.weather:0`.
 */
export function plainToolCallId(id: Span): Span {
  let first = 0;
  while (first < id.size && isPlain(id.at(first))) first++;
  if (first == id.size) return id;
  const plain = new Buffer(id.size);
  for (let i = 0; i < id.size; i++) plain.push(isPlain(id.at(i)) ? id.at(i) : 0x5f);
  return plain.span();
}

/** Anthropic's limit for names of tools. */
const MAX_NAME_BYTES: i32 = 128;
/** `_` and a hash at the end of a name that was cut: names with one beginning stay apart. */
const HASH_BYTES: i32 = 9;

/** The name of a tool of the same characters as ids, as long as the provider takes it. */
export function plainToolName(name: Span, longest: i32 = MAX_NAME_BYTES): Span {
  const plain = plainToolCallId(name);
  if (plain.size <= longest) return plain;
  const cut = new Buffer(longest);
  cut.append(plain.slice(0, longest - HASH_BYTES));
  cut.text("_" + (fnv1a64(name) >>> 32).toString(16).padStart(HASH_BYTES - 1, "0"));
  return cut.span();
}

function isPlain(byte: i32): bool {
  const letter = (byte | 0x20) - 0x61;
  return <u32>letter < 26 || <u32>(byte - 0x30) < 10 || byte == 0x5f || byte == 0x2d;
}
