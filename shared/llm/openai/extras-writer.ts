// Writing what answers hold beside text and calls (see `extras.ts`).

import { Buffer, Span } from "../../bytes";
import { JsonWriter } from "../../json";
import { Citation } from "../events";

/** Writes an item of `images`. */
export function writeImage(json: JsonWriter, mediaType: Span, data: Span): void {
  const url = new Buffer(mediaType.size + data.size + 16);
  url.text("data:");
  url.append(mediaType);
  url.text(";base64,");
  url.append(data);
  json.object().key("type").text("image_url").key("image_url").object();
  json.key("url").escaped(url.span()).end().end();
}

/** Writes an item of `annotations`. */
export function writeAnnotation(json: JsonWriter, citation: Citation): void {
  json.object().key("type").text("url_citation").key("url_citation").object();
  json.key("url").escaped(citation.url).key("title").escaped(citation.title);
  if (citation.start >= 0) json.key("start_index").integer(citation.start);
  if (citation.end >= 0) json.key("end_index").integer(citation.end);
  if (!citation.quote.isEmpty) json.key("content").escaped(citation.quote);
  json.end().end();
}
