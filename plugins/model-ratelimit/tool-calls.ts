// The calls of MCP's tools in a request: one, or a batch of JSON-RPC. Each call counts, wherever it stands.

import { Body } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonError, JsonNames, JsonSeek } from "as-proxy-wasm-sdk/json";
import { ListFramer } from "as-proxy-wasm-sdk/llm/gemini/list-framer";

const MEMBERS = new JsonNames(["method", "params", "id"]);
/** Of a call. A longer one counts, but the name of its tool, and what stands behind it in a batch, is not known. */
const LONGEST_CALL: i32 = 8 << 20;
/** Names that are told apart; further ones count as calls without a name. */
const MOST_NAMES: i32 = 32;
/** Answers to a batch that is refused. */
const MOST_IDS: i32 = 128;

const enum Form {
  Unknown,
  One,
  Batch,
}

export class ToolCalls {
  names: Span[] = [];
  /** Calls of each of `names`. */
  counts: i32[] = [];
  /** JSON of the ids of what asks for an answer. */
  ids: Span[] = [];
  /** The request is JSON-RPC. */
  isRpc: bool = false;

  private form: Form = Form.Unknown;
  private seek: JsonSeek | null = null;
  private batch: ListFramer | null = null;

  get isBatch(): bool {
    return this.form == Form.Batch;
  }

  /** How many calls there are. */
  get total(): i32 {
    let total = 0;
    for (let i = 0; i < this.counts.length; i++) total += this.counts[i];
    return total;
  }

  /** The next window of the body. */
  feed(window: Span): void {
    for (let i = 0; this.form == Form.Unknown && i < window.size; i++) {
      const byte = window.at(i);
      if (byte == 0x5b) {
        this.form = Form.Batch;
        this.batch = new ListFramer(LONGEST_CALL);
      } else if (byte == 0x7b) this.form = Form.One;
    }
    const batch = this.batch;
    if (batch === null) {
      this.members().feed(window);
      return;
    }
    const had = batch.overflowed;
    batch.feed(window);
    for (let item = batch.next(); item !== null; item = batch.next()) {
      const call = Json.read(item);
      this.read(call.get("method"), call.get("params"), call.get("id"));
    }
    if (batch.overflowed && !had) this.miss();
  }

  /** The body is complete. */
  finish(body: Body): void {
    if (this.form != Form.One) return;
    const seek = this.members();
    // What is no JSON to this reader may be some to the server.
    if (seek.failed) this.miss();
    else if (seek.count(0) > 0) this.read(this.member(body, 0), this.member(body, 1), this.member(body, 2));
  }

  /** There may be a call that cannot be read. */
  miss(): void {
    this.add(Span.empty());
  }

  private read(method: Json, params: Json, id: Json): void {
    if (method.error != JsonError.None) this.miss();
    const name = method.bytes();
    if (name.isEmpty) return;
    this.isRpc = true;
    if (id.exists && this.ids.length < MOST_IDS) this.ids.push(id.raw().copy());
    if (name.equalsAscii("tools/call")) this.add(params.get("name").bytes());
  }

  private add(name: Span): void {
    const known = this.names.length < MOST_NAMES ? name : Span.empty();
    for (let i = 0; i < this.names.length; i++) {
      if (!this.names[i].equals(known) && !this.names[i].equals(name)) continue;
      this.counts[i]++;
      return;
    }
    this.names.push(known.copy());
    this.counts.push(1);
  }

  private members(): JsonSeek {
    const seek = this.seek;
    if (seek !== null) return seek;
    const created = new JsonSeek(MEMBERS);
    this.seek = created;
    return created;
  }

  private member(body: Body, index: i32): Json {
    const seek = this.members();
    const start = seek.start(index);
    const size = seek.end(index) - start;
    return Json.read(start >= 0 ? body.read(start, min(size, LONGEST_CALL)) : Span.empty());
  }
}

/** Appends the refusal of everything in the request that asks for an answer. `message` needs no escape. */
export function writeRpcErrors(out: Buffer, calls: ToolCalls, code: i64, message: string): void {
  const isList = calls.isBatch && calls.ids.length > 0;
  const text = `,"error":{"code":${code},"message":"${message}"}}`;
  if (isList) out.push(0x5b);
  const count = isList ? calls.ids.length : 1;
  for (let i = 0; i < count; i++) {
    if (i > 0) out.push(0x2c);
    out.text('{"jsonrpc":"2.0","id":');
    if (calls.ids.length == 0) out.text("null");
    else out.append(calls.ids[i]);
    out.text(text);
  }
  if (isList) out.push(0x5d);
}
