// OpenAI's embeddings for providers that have them in words of their own.
// https://platform.openai.com/docs/api-reference/embeddings

import { Buffer, encodeBase64, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { Request } from "./request";

const BASE64: string = "base64";

/**
 * The request's texts, escaped, and in `request` how the client wants its numbers. None when its `input` is
 * something else: lists of tokens are numbers that only OpenAI's models know.
 */
export function readTexts(body: Json, request: Request): Span[] {
  if (body.get("encoding_format").text() == BASE64) request.note = BASE64;
  const input = body.get("input");
  if (input.kind == JsonKind.String) return [input.escaped()];
  const texts: Span[] = [];
  const items = input.items();
  while (items.next()) {
    if (items.value.kind != JsonKind.String) return [];
    texts.push(items.value.escaped());
  }
  return texts;
}

/** Writes the answer: a vector for each text, then `end`. */
export class EmbeddingsWriter {
  private json: JsonWriter;

  constructor(
    out: Buffer,
    private request: Request,
  ) {
    this.json = new JsonWriter(out).object().key("object").text("list").key("data").array();
  }

  /** A list of numbers. */
  vector(index: i64, numbers: Json): void {
    const json = this.json.object().key("object").text("embedding").key("index").integer(index);
    json.key("embedding");
    if (this.request.note != BASE64) json.raw(numbers.raw());
    else json.escaped(packed(numbers));
    json.end();
  }

  end(tokens: i64): void {
    const json = this.json.end().key("model").text(this.request.finalModel);
    json.key("usage").object().key("prompt_tokens").integer(tokens);
    json.key("total_tokens").integer(tokens).end().end();
  }
}

/** 32-bit floats, little endian, in base 64: what OpenAI's own clients ask for unless told otherwise. */
function packed(numbers: Json): Span {
  const bytes = new Buffer(4096);
  const items = numbers.items();
  while (items.next()) {
    const bits = reinterpret<u32>(<f32>items.value.number(0));
    for (let shift = 0; shift < 32; shift += 8) bytes.push((bits >> shift) & 0xff);
  }
  const text = new Buffer(bytes.size * 2);
  encodeBase64(text, bytes.span());
  return text.span();
}
