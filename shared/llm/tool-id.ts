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
 * The id with `_` for all but letters, digits and `others`; `_` and `-` are what Anthropic takes. Conversations that change
 * the provider midway bring ids like `functions.weather:0`.
 */
export function plainToolCallId(id: Span, others: string = "_-"): Span {
  let first = 0;
  while (first < id.size && isPlain(id.at(first), others)) first++;
  if (first == id.size) return id;
  const plain = new Buffer(id.size);
  for (let i = 0; i < id.size; i++) plain.push(isPlain(id.at(i), others) ? id.at(i) : 0x5f);
  return plain.span();
}

/**
 * The id, or letters and digits made of it where it has more than `size` bytes, `isExact`: where it is not just as many
 * letters and digits. A call and its result get the same.
 */
export function shortToolCallId(id: Span, size: i32, isExact: bool): Span {
  const fits = isExact
    ? id.size == size && id.indexOf(0x5f) < 0 && plainToolCallId(id, "").equals(id)
    : id.size <= size;
  if (fits || id.isEmpty) return id;
  const digits = fnv1a64(id).toString(36).padStart(13, "0");
  return Span.text(digits.substring(13 - min(size, 13)));
}

/** `_` and a hash at the end of a name that was cut: names with one beginning stay apart. */
const HASH_BYTES: i32 = 9;

/** The name of a tool of the same characters as ids, as long as the provider takes it. */
export function plainToolName(name: Span, longest: i32, others: string): Span {
  const plain = plainToolCallId(name, others);
  return plain.size <= longest ? plain : hashedToolName(name, plain, longest);
}

/** `plain`, cut where it must be, with a hash of the whole `name` at its end. */
export function hashedToolName(name: Span, plain: Span, longest: i32): Span {
  const cut = new Buffer(longest);
  cut.append(plain.slice(0, min(plain.size, longest - HASH_BYTES)));
  cut.text("_" + (fnv1a64(name) >>> 32).toString(16).padStart(HASH_BYTES - 1, "0"));
  return cut.span();
}

function isPlain(byte: i32, others: string): bool {
  const letter = (byte | 0x20) - 0x61;
  if (<u32>letter < 26 || <u32>(byte - 0x30) < 10) return true;
  for (let i = 0; i < others.length; i++) if (byte == others.charCodeAt(i)) return true;
  return false;
}
