// The probe of this folder with the calls the tests share.

import { loadProbe } from "../../../host-test/testing/probe.ts";
import type { Probe } from "../../../host-test/testing/probe.ts";

export class BytesProbe {
  readonly exports: Probe["exports"];
  private readonly probe: Probe;

  private constructor(probe: Probe) {
    this.probe = probe;
    this.exports = probe.exports;
  }

  static async load(flags: string[]): Promise<BytesProbe> {
    return new BytesProbe(await loadProbe("shared/bytes/test/probe.ts", { flags }));
  }

  /** Puts the inputs one behind the other, calls `name` with their sizes and `rest`, answers what it returns. */
  call(name: string, inputs: Uint8Array[], ...rest: (number | bigint)[]): any {
    this.probe.put(Buffer.concat(inputs));
    return this.exports[name]!(...inputs.map((input) => input.length), ...rest);
  }

  /** As `call`, for functions that leave bytes as their result. */
  bytes(name: string, inputs: Uint8Array[], ...rest: (number | bigint)[]): Buffer {
    this.call(name, inputs, ...rest);
    return this.result();
  }

  /** As `bytes`, for functions that may refuse: null when they do. */
  bytesOrNull(name: string, inputs: Uint8Array[], ...rest: (number | bigint)[]): Buffer | null {
    return this.call(name, inputs, ...rest) ? this.result() : null;
  }

  result(): Buffer {
    return this.probe.take(this.exports.resultStart!(), this.exports.resultSize!());
  }

  /** Pages of 64 KiB the module's memory has. */
  pages(): number {
    return this.probe.memory.buffer.byteLength >> 16;
  }

  /** Gives back what earlier calls allocated. */
  collect(): void {
    this.exports.collect!();
  }
}

/** The bytes of a text whose characters are all below U+0100. */
export function latin1(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
