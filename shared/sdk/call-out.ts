// What all calls through the host have in common: an object waits for a reply that is known by its token.

import { setEffectiveContext } from "../abi/host";
import { currentRoot, Root } from "./root";
import { AnyStream } from "./stream";

export abstract class CallOut {
  /** Null, or `noStream`, for a call that belongs to no stream: its reply always comes. */
  stream: AnyStream | null = null;
  /** The configuration that made the call. Set by the SDK. */
  root: Root | null = null;
  /** The reply is read also when the stream has ended: what it says must not be lost. */
  outlivesStream: bool = false;
  /** The stream had ended when the reply came. */
  isStreamGone: bool = false;

  /** The stream ended first; give back what the call holds. */
  onStreamGone(): void {}

  /** The configuration that made the call is gone before the reply: it will not come. What matters can be kept. */
  onForgotten(): void {}

  /** Makes the host, log lines and further calls act for who waits. False when nobody is to read the reply. */
  begin(): bool {
    const stream = this.stream;
    const root = this.root;
    if (root !== null) root.serve(stream === null ? null : stream.requestId);
    if (stream === null || stream.id == 0) return true;
    if (!stream.isGone && setEffectiveContext(stream.id)) return true;
    this.isStreamGone = true;
    this.onStreamGone();
    return this.outlivesStream;
  }
}

/** Calls that wait for the host. Each leaves with its reply, which the host's deadline guarantees. */
export class PendingCalls {
  private calls: Map<u32, CallOut> = new Map<u32, CallOut>();

  add(token: u32, call: CallOut): void {
    call.root = currentRoot();
    this.calls.set(token, call);
  }

  /** The call that waits for `token`, taken off the list; null for a token nobody waits for. */
  take(token: u32): CallOut | null {
    if (!this.calls.has(token)) return null;
    const call = this.calls.get(token);
    this.calls.delete(token);
    return call;
  }

  /** Drops the calls of a configuration that is gone: the host gave them up without a word. */
  forget(root: Root): void {
    const tokens = this.calls.keys();
    for (let i = 0; i < tokens.length; i++) {
      const token = tokens[i];
      if (!this.calls.has(token)) continue;
      const call = this.calls.get(token);
      if (call.root !== root) continue;
      this.calls.delete(token);
      call.onForgotten();
    }
  }
}
