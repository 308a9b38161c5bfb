// What an answer has to look like: OpenAI's `response_format` as Gemini's MIME type and schema. The rules, and the
// text of the error, are those of Higress.

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ChatRequest } from "../chat";
import { indexOfName } from "../names";
import { NONE, rawOf } from "../text";

const SCHEMA_TYPES: StaticArray<string> = [
  "object",
  "array",
  "string",
  "number",
  "integer",
  "boolean",
  "null",
];
const SCHEMA_WORDS: StaticArray<string> = [
  "anyOf",
  "enum",
  "format",
  "items",
  "maximum",
  "maxItems",
  "minimum",
  "minItems",
  "nullable",
  "properties",
  "description",
  "propertyOrdering",
  "required",
];

export class ResponseFormat {
  isJson: bool = false;
  schema: Span = NONE;
  /** Why the request cannot be sent, or "". */
  error: string = "";

  constructor(request: ChatRequest) {
    this.isJson = request.isJson || !request.responseSchema.isEmpty;
    this.schema = request.bareSchema();
    if (!request.responseFormat.isEmpty) this.read(Json.read(request.responseFormat));
    // These models answer in JSON badly, and Higress does not ask them to.
    if (this.isJson && request.model.startsWithAscii("gemini-2.0-")) {
      this.isJson = false;
      this.schema = NONE;
      this.error = "";
    }
    if (!this.isJson && (!request.responseFormat.isEmpty || !request.responseSchema.isEmpty)) {
      if (!Json.read(request.responseFormat).get("type").escaped().equalsAscii("text")) {
        request.dropped.add("response_format");
      }
    }
  }

  private read(format: Json): void {
    const type = format.get("type").escaped();
    this.isJson = true;
    this.schema = NONE;
    if (type.equalsAscii("json_object")) return;
    if (type.equalsAscii("json_schema")) {
      const stated = format.get("json_schema");
      const schema = stated.get("schema");
      if (schema.kind == JsonKind.Object) this.schema = schema.raw();
      else if (isSchema(stated)) this.schema = stated.raw();
      else this.error = "invalid response_format.json_schema: missing schema object";
    } else if ((type.isEmpty || indexOfName(SCHEMA_TYPES, type) >= 0) && isSchema(format)) {
      this.schema = rawOf(format);
    } else {
      this.isJson = false;
    }
  }
}

function isSchema(value: Json): bool {
  if (indexOfName(SCHEMA_TYPES, value.get("type").escaped()) >= 0) return true;
  const members = value.members();
  while (members.next()) if (indexOfName(SCHEMA_WORDS, members.keyBytes()) >= 0) return true;
  return false;
}
