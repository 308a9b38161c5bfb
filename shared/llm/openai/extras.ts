// What answers hold beside text and calls: pictures and reasoning as OpenRouter has them, and citations.

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ChatPart, PartKind } from "../chat";
import { ChatEvents, Citation } from "../events";
import { textOf } from "../text";

/**
 * Reads `reasoning_details`. Its texts count where it has any; else `plain`, the reasoning beside it, and the details
 * have only the seals.
 */
export function readReasoningDetails(events: ChatEvents, choice: i32, list: Json, plain: Span): void {
  let isTold = false;
  const texts = list.items();
  while (texts.next() && !isTold) isTold = !reasoningIn(texts.value).isEmpty;
  if (!isTold && !plain.isEmpty) events.reasoning(choice, plain);
  const items = list.items();
  while (items.next()) {
    const value = items.value;
    const text = reasoningIn(value);
    if (!text.isEmpty) events.reasoning(choice, text);
    const signature = textOf(value.get("signature"));
    if (!signature.isEmpty) events.signature(choice, signature);
    const data = textOf(value.get("data"));
    if (!data.isEmpty) events.redactedReasoning(choice, data);
  }
}

function reasoningIn(detail: Json): Span {
  const text = textOf(detail.get("text"));
  return text.isEmpty ? textOf(detail.get("summary")) : text;
}

/** Reads `images`: `{"type":"image_url","image_url":{"url":"data:image/png;base64,…"}}`. */
export function readImages(events: ChatEvents, choice: i32, list: Json): void {
  const items = list.items();
  while (items.next()) {
    const part = new ChatPart(PartKind.Image);
    part.setUrl(textOf(items.value.get("image_url").get("url")));
    if (!part.data.isEmpty) events.image(choice, part.mediaType, part.data);
    else events.dropped.add("choices.message.images");
  }
}

/** Reads `annotations`: `{"type":"url_citation","url_citation":{"url":…,"title":…,"start_index":…,"end_index":…}}`. */
export function readAnnotations(events: ChatEvents, choice: i32, list: Json): void {
  const items = list.items();
  while (items.next()) {
    const value = items.value.get("url_citation");
    if (value.kind != JsonKind.Object) {
      events.dropped.addNamed("choices.message.annotations.", textOf(items.value.get("type")));
      continue;
    }
    const citation = new Citation();
    citation.url = textOf(value.get("url"));
    citation.title = textOf(value.get("title"));
    citation.quote = textOf(value.get("content"));
    citation.start = value.get("start_index").integer(-1);
    citation.end = value.get("end_index").integer(-1);
    events.citation(choice, citation);
  }
}
