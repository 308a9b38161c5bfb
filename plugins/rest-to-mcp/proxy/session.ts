// An opened server: what its requests have to say.

import { DraftHead, Head } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Json } from "as-proxy-wasm-sdk/json";
import { encodeHeaderText, isStateless, Revision, revisionName } from "as-proxy-wasm-sdk/mcp";
import { mirroredName } from "as-proxy-wasm-sdk/mcp/client/request";

/** Ids before this one are those that Higress's plugin gives. */
const FIRST_OWN_ID: i64 = 4;

export class Session {
  lastUsedMs: i64 = 0;
  private nextId: i64 = FIRST_OWN_ID;

  constructor(
    readonly revision: Revision,
    /** `Mcp-Session-Id`; empty where the server gave none. */
    readonly id: Span,
    /** What a request needs to reach the server as the same caller. */
    readonly head: DraftHead,
    readonly cluster: string,
  ) {}

  get isStateless(): bool {
    return isStateless(this.revision);
  }

  /** An id that no other request of this session has. */
  newId(): i64 {
    return this.nextId++;
  }

  /** Sets the headers by which the server knows session, revision and request. */
  write(head: Head, method: string, params: Json): void {
    head.set("mcp-protocol-version", revisionName(this.revision));
    if (!this.id.isEmpty) head.setBytes("mcp-session-id", this.id);
    if (!this.isStateless) return;
    head.set("mcp-method", method);
    const name = mirroredName(method, params);
    if (name.exists) head.setBytes("mcp-name", encodeHeaderText(name.bytes()));
  }
}
