// A call whose reply may be larger than the VM has room for: what is made of it then lacks pieces, and is not used.

import { HttpCall, HttpReply, unwatchRoom, watchRoom } from "as-proxy-wasm-sdk/sdk";

export abstract class WatchedCall extends HttpCall {
  onReply(reply: HttpReply): void {
    watchRoom();
    this.heard(reply);
    unwatchRoom();
  }

  /** As `onReply`. */
  abstract heard(reply: HttpReply): void;
}
