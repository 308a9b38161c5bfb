// Input schemas of a stateless server's tools that want arguments repeated in headers: clients of earlier revisions do
// not repeat them, so the gateway does.

import { Head } from "as-proxy-wasm-sdk/sdk";
import { lowerAscii, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";
import { encodeHeaderText } from "as-proxy-wasm-sdk/mcp";
import { MirroredArguments } from "../mirrored-arguments";

const MAX_TOOLS: i32 = 256;
const MAX_SCHEMA_BYTES: i32 = 64 << 10;

export class Mirrors {
  private schemas: Map<string, Span> = new Map<string, Span>();

  /** Tells the tools of all servers apart. */
  static keyOf(cluster: string, tool: string): string {
    return cluster + "\0" + tool;
  }

  /** True where the list has the tool, and its schema is kept. */
  learn(key: string, tool: string, list: Json): bool {
    const tools = list.get("tools").items();
    while (tools.next()) {
      if (tools.value.get("name").text() != tool) continue;
      const schema = tools.value.get("inputSchema").raw();
      if (schema.size > MAX_SCHEMA_BYTES) return false;
      if (this.schemas.size >= MAX_TOOLS) this.schemas.clear();
      this.schemas.set(key, schema.copy());
      return true;
    }
    return false;
  }

  /** Repeats the arguments in the headers of a call. */
  write(head: Head, key: string, given: Json): void {
    if (!this.schemas.has(key)) return;
    const mirrored = new MirroredArguments(this.schemas.get(key), given);
    while (mirrored.next()) {
      const value = mirrored.value;
      if (!value.exists) continue;
      const text = value.kind == JsonKind.String ? encodeHeaderText(value.bytes()) : value.raw();
      head.setBytes("mcp-param-" + lowerAscii(Span.text(mirrored.header)).toString(), text);
    }
  }
}
