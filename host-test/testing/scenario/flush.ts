import type { EventEmitter } from "node:events";

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
