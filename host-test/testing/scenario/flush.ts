// Writing to Node's streams step by step.

import type { EventEmitter } from "node:events";
import type { OutgoingMessage } from "node:http";

/** Sends the headers now. Node's own `flushHeaders` writes them as UTF-8 and so changes bytes above 127. */
export function flushHeaders(message: OutgoingMessage): void {
  message.write(Buffer.alloc(0));
}

/** Runs one writing step and resolves when its callback is called or the stream closes, whichever is first. */
export async function flushed(stream: EventEmitter, step: (done: () => void) => void): Promise<void> {
  await new Promise<void>((settle) => {
    stream.once("close", settle);
    step(() => {
      stream.off("close", settle);
      settle();
    });
  });
}
