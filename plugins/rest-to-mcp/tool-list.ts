// The pages of `tools/list`. A cursor is the place where its page begins: it holds as long as the configuration.

import { Buffer, readUnsigned, Span } from "as-proxy-wasm-sdk/bytes";
import { JsonWriter } from "as-proxy-wasm-sdk/json";
import { ErrorCode, Outcome, Tool } from "as-proxy-wasm-sdk/mcp";
import { AllowedTools } from "./allowed-tools";
import { ListRequest } from "./tool-call";

export class ToolList {
  /** The list of all tools on one page, once it was asked for: nearly every client wants this one. */
  private whole: Span = Span.empty();

  constructor(
    /** In the order of the configuration. */
    private tools: Tool[],
  ) {}

  /** A page of the tools that the caller may see; `pageSize` 0 for all of them at once. */
  page(request: ListRequest, allowed: AllowedTools, pageSize: i32): Outcome {
    const count = this.tools.length;
    const first = request.cursor.isEmpty ? 0 : placeOf(request.cursor, count);
    if (first < 0) return Outcome.ofError(ErrorCode.InvalidParams, "invalid cursor");
    const isWhole = first == 0 && allowed.isUnlimited && (pageSize == 0 || pageSize >= count);
    if (isWhole && this.whole.isEmpty) this.whole = this.write(0, allowed, 0).copy();
    const outcome = Outcome.ofResult(isWhole ? this.whole : this.write(first, allowed, pageSize));
    outcome.isPublic = allowed.isUnlimited;
    outcome.ttlMs = request.ttlMs;
    return outcome;
  }

  private write(first: i32, allowed: AllowedTools, pageSize: i32): Span {
    const tools = this.tools;
    const out = new Buffer(4096);
    const json = new JsonWriter(out).object().key("tools").array();
    let listed = 0;
    let next = first;
    for (; next < tools.length; next++) {
      const tool = tools[next];
      if (!allowed.has(tool.name)) continue;
      if (pageSize > 0 && listed == pageSize) break;
      json.raw(tool.entry);
      listed++;
    }
    json.end();
    if (next < tools.length) json.key("nextCursor").text(next.toString());
    json.end();
    return out.span();
  }
}

/** -1 for what no page of this list began with. */
function placeOf(cursor: Span, count: i32): i32 {
  const place = readUnsigned(cursor);
  return place.failed || place.value >= count ? -1 : <i32>place.value;
}
