// A whole answer of Converse:
// https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_ResponseSyntax

import { Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { ErrorBody } from "as-proxy-wasm-sdk/llm/error";
import { textOf } from "as-proxy-wasm-sdk/llm/text";
import { ContentReader } from "./content-reader";

/** Hands the answer, or the error that the body holds, on. False when the body is neither. */
export function readConverseAnswer(body: Span, reader: ContentReader): bool {
  const root = Json.checked(body);
  if (root.kind != JsonKind.Object) return false;
  const message = root.path("output.message");
  if (message.kind == JsonKind.Object || textOf(root.get("stopReason")).size > 0) {
    reader.begin();
    const blocks = message.get("content").items();
    while (blocks.next()) readBlock(blocks.value, reader);
    reader.readUsage(root.get("usage"));
    reader.readStop(root);
  } else {
    const error = ErrorBody.of(root);
    if (!error.isKnown) return false;
    reader.fail(error.kind, error.message);
  }
  reader.events.end();
  return true;
}

/** A block has one member, which says what it is. */
function readBlock(block: Json, reader: ContentReader): void {
  const members = block.members();
  while (members.next()) {
    const name = members.keyBytes();
    const value = members.value;
    if (name.equalsAscii("text")) {
      reader.text(textOf(value));
    } else if (name.equalsAscii("toolUse")) {
      const index = reader.beginToolUse(value);
      if (index >= 0) reader.toolInput(index, value.get("input"));
    } else if (name.equalsAscii("reasoningContent")) {
      const text = value.get("reasoningText");
      reader.readReasoning(text.exists ? text : value);
    } else if (name.equalsAscii("citationsContent")) {
      const texts = value.get("content").items();
      while (texts.next()) reader.text(textOf(texts.value.get("text")));
      const citations = value.get("citations").items();
      while (citations.next()) reader.readCitation(citations.value);
    } else if (name.equalsAscii("image")) {
      reader.readImage(value, textOf(value.get("format")));
    } else if (value.kind == JsonKind.Object) {
      reader.events.dropped.addNamed("content.", name);
    }
  }
}
