// Sources of a text: https://platform.claude.com/docs/en/build-with-claude/citations

import { JsonWriter } from "../../json";
import { Citation } from "../events";

/** Writes a source as one that a search of the web found. Another provider's has no `encrypted_index`. */
export function writeCitation(json: JsonWriter, citation: Citation): void {
  json.object().key("type").text("web_search_result_location").key("cited_text").escaped(citation.quote);
  json.key("url").escaped(citation.url).key("title");
  if (citation.title.isEmpty) json.null_();
  else json.escaped(citation.title);
  json.key("encrypted_index").text("").end();
}
