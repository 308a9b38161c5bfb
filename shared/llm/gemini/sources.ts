// What an answer refers to, and how sure the model was: grounding, citations and probabilities of tokens.
// https://ai.google.dev/api/generate-content#GroundingMetadata

import { Buffer, Span, fnv1a64 } from "../../bytes";
import { Json, JsonKind, JsonWriter } from "../../json";
import { ChatEvents, Citation } from "../events";
import { charactersWithin, rawOf, textOf } from "../text";

/** More citations of one answer than this are dropped. */
const MAX_CITATIONS: i32 = 256;
/** Places behind so much text are not told. */
const MAX_TEXT_BYTES: i32 = 1 << 20;
/** Kinds of grounding chunks that have an address. */
const CHUNKS: StaticArray<string> = ["web", "retrievedContext", "maps"];

/** The sources of one choice. Events of a stream repeat them; each is handed on once. */
export class GeminiSources {
  /** What the choice has said: Gemini counts its bytes, the other dialects its characters. */
  private readonly text: Buffer = new Buffer(0);
  private readonly told: u64[] = [];

  constructor(
    private readonly events: ChatEvents,
    private readonly choice: i32,
  ) {}

  noteText(escaped: Span): void {
    if (this.text.size < MAX_TEXT_BYTES) this.text.append(escaped);
  }

  /** Reads `groundingMetadata` and `citationMetadata` of a candidate. */
  read(candidate: Json): void {
    const grounding = candidate.get("groundingMetadata");
    if (grounding.kind == JsonKind.Object) this.readGrounding(grounding);
    const metadata = candidate.get("citationMetadata");
    if (metadata.kind != JsonKind.Object) return;
    const named = metadata.get("citations");
    const items = (named.exists ? named : metadata.get("citationSources")).items();
    while (items.next()) this.tell(items.value, items.value);
  }

  private readGrounding(grounding: Json): void {
    const chunks = grounding.get("groundingChunks");
    const supports = grounding.get("groundingSupports").items();
    let hasSupports = false;
    while (supports.next()) {
      hasSupports = true;
      const indices = supports.value.get("groundingChunkIndices").items();
      while (indices.next() && this.told.length < MAX_CITATIONS) {
        this.tell(chunkOf(chunks.at(<i32>indices.value.integer(-1))), supports.value.get("segment"));
      }
    }
    const items = chunks.items();
    while (!hasSupports && items.next()) this.tell(chunkOf(items.value), items.value);
  }

  /** `source` has address and title, `segment` the place in the answer's text. */
  private tell(source: Json, segment: Json): void {
    const citation = new Citation();
    citation.url = textOf(source.get("uri"));
    if (citation.url.isEmpty) return;
    citation.title = textOf(source.get("title"));
    citation.quote = textOf(source.get("text"));
    const end = segment.get("endIndex").integer(-1);
    if (end >= 0) {
      // A start of 0 is left out.
      citation.start = charactersWithin(this.text.span(), segment.get("startIndex").integer(0));
      citation.end = charactersWithin(this.text.span(), end);
    }
    const known = fnv1a64(citation.url) ^ (<u64>end * 0x9e3779b97f4a7c15);
    if (this.told.includes(known)) return;
    if (this.told.length >= MAX_CITATIONS) {
      this.events.dropped.add("citations");
      return;
    }
    this.told.push(known);
    this.events.citation(this.choice, citation);
  }
}

function chunkOf(chunk: Json): Json {
  for (let i = 0; i < CHUNKS.length; i++) {
    const source = chunk.get(CHUNKS[i]);
    if (source.kind == JsonKind.Object) return source;
  }
  return chunk;
}

/** `logprobsResult` as OpenAI's list: `[{"token":…,"logprob":…,"bytes":null,"top_logprobs":[…]}]`. */
export function openaiLogprobs(result: Json): Span {
  const out = new Buffer();
  const json = new JsonWriter(out).array();
  const chosen = result.get("chosenCandidates").items();
  const tops = result.get("topCandidates").items();
  while (chosen.next()) {
    writeToken(json, chosen.value);
    json.key("top_logprobs").array();
    const top = tops.next() ? tops.value.get("candidates").items() : chosen.value.items();
    while (top.next()) {
      writeToken(json, top.value);
      json.end();
    }
    json.end().end();
  }
  json.end();
  return out.span();
}

function writeToken(json: JsonWriter, candidate: Json): void {
  json
    .object()
    .key("token")
    .escaped(textOf(candidate.get("token")));
  json.key("logprob");
  const value = candidate.get("logProbability");
  if (value.kind == JsonKind.Number) json.raw(rawOf(value));
  else json.integer(0);
  json.key("bytes").null_();
}
