// The arguments that a tool's input schema wants repeated in headers (`x-mcp-header`): each `Mcp-Param-` and a name.

import { Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonMembers } from "as-proxy-wasm-sdk/json";

/** Schemas within schemas that are looked at. */
const MAX_DEPTH: i32 = 16;

export class MirroredArguments {
  /** Of the header, without `Mcp-Param-`. */
  header: string = "";
  /** Of the argument. */
  name: string = "";
  /** Text, a number or a boolean; missing where there is nothing to repeat. */
  value: Json = Json.read(Span.empty());
  private schemas: JsonMembers[] = [];
  private values: Json[] = [];

  constructor(schema: Span, given: Json) {
    if (schema.indexOfAscii('"x-mcp-header"') >= 0) this.enter(Json.read(schema), given);
  }

  next(): bool {
    while (this.schemas.length > 0) {
      const last = this.schemas.length - 1;
      const properties = this.schemas[last];
      if (!properties.next()) {
        this.schemas.length = last;
        this.values.length = last;
        continue;
      }
      const schema = properties.value;
      const value = this.values[last].get(properties.key);
      this.header = schema.get("x-mcp-header").text();
      this.name = properties.key;
      this.value = value.kind > JsonKind.Null && value.kind < JsonKind.Array ? value : value.get("");
      this.enter(schema, value);
      if (this.header.length > 0) return true;
    }
    return false;
  }

  private enter(schema: Json, given: Json): void {
    const properties = schema.get("properties");
    if (properties.kind != JsonKind.Object || this.schemas.length == MAX_DEPTH) return;
    this.schemas.push(properties.members());
    this.values.push(given);
  }
}
