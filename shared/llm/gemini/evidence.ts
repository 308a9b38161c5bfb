// What an answer refers to, and how sure the model was, as they are written behind a candidate; `sources.ts` reads them.
// https://ai.google.dev/api/generate-content#GroundingMetadata

import { Buffer, Span } from "../../bytes";
import { Json, JsonWriter } from "../../json";
import { Citation } from "../events";
import { rawOf, textOf } from "../text";

/** What is kept of one candidate; more is dropped. */
const MAX_KEPT_BYTES: i32 = 8 << 20;
/** More sources of one candidate than this are dropped. */
const MAX_SOURCES: i32 = 256;

/** Four lists, each with its opening bracket and without its closing one; empty where there is nothing. */
export class Evidence {
  /** Gemini counts bytes, which are characters as long as all text is ASCII. */
  private isAscii: bool = true;
  private readonly sources: Span[] = [];
  private readonly chunks: Buffer = new Buffer(0);
  private readonly supports: Buffer = new Buffer(0);
  private readonly chosen: Buffer = new Buffer(0);
  private readonly tops: Buffer = new Buffer(0);

  noteText(escaped: Span): void {
    this.isAscii = this.isAscii && isPlain(escaped);
  }

  /** False for a source that is not kept. */
  addSource(citation: Citation): bool {
    if (citation.url.isEmpty || this.chunks.size + this.supports.size > MAX_KEPT_BYTES) return false;
    const sources = this.sources;
    let index = 0;
    while (index < sources.length && !sources[index].equals(citation.url)) index++;
    if (index >= MAX_SOURCES) return false;
    if (index == sources.length) {
      sources.push(citation.url.copy());
      const chunk = itemOf(this.chunks).object().key("web").object().key("uri").escaped(citation.url);
      chunk.key("title").escaped(citation.title).end().end();
    }
    if (!this.isAscii || citation.start < 0 || citation.end < 0) return true;
    const support = itemOf(this.supports).object().key("segment").object();
    support.key("startIndex").integer(citation.start).key("endIndex").integer(citation.end).end();
    support.key("groundingChunkIndices").array().integer(index).end().end();
    return true;
  }

  /** Takes a list as OpenAI has it; false when it is not kept. */
  addLogprobs(list: Span): bool {
    if (this.chosen.size + this.tops.size > MAX_KEPT_BYTES) return false;
    const items = Json.read(list).items();
    while (items.next()) {
      writeToken(itemOf(this.chosen), items.value);
      const top = itemOf(this.tops).object().key("candidates").array();
      const others = items.value.get("top_logprobs").items();
      while (others.next()) writeToken(top, others.value);
      top.end().end();
    }
    return true;
  }

  write(json: JsonWriter): void {
    if (!this.chunks.isEmpty) {
      json.key("groundingMetadata").object();
      writeList(json, "groundingChunks", this.chunks);
      writeList(json, "groundingSupports", this.supports);
      json.end();
    }
    if (this.chosen.isEmpty) return;
    json.key("logprobsResult").object();
    writeList(json, "topCandidates", this.tops);
    writeList(json, "chosenCandidates", this.chosen);
    json.end();
  }
}

function itemOf(list: Buffer): JsonWriter {
  list.push(list.isEmpty ? 0x5b : 0x2c);
  return new JsonWriter(list);
}

function writeList(json: JsonWriter, name: string, list: Buffer): void {
  if (list.isEmpty) return;
  list.push(0x5d);
  json.key(name).raw(list.span());
}

function writeToken(json: JsonWriter, token: Json): void {
  json
    .object()
    .key("token")
    .escaped(textOf(token.get("token")));
  const logprob = rawOf(token.get("logprob"));
  if (!logprob.isEmpty) json.key("logProbability").raw(logprob);
  json.end();
}

/** True for escaped text whose bytes are its characters. */
function isPlain(escaped: Span): bool {
  for (let i = 0; i < escaped.size; i++) {
    if (escaped.at(i) > 0x7e) return false;
    if (escaped.at(i) == 0x5c && escaped.at(++i) == 0x75) return false;
  }
  return true;
}
