// The probe's functions with JavaScript values in and out.

import { type Probe, loadProbe } from "../../../host-test/testing/probe.ts";

/** Every test of the library runs against both. */
export const builds: [name: string, flags: string[]][] = [
  ["SIMD", []],
  ["scalar", ["--disable", "simd"]],
];

const errors = [
  ...["None", "Empty", "Truncated", "Syntax", "Depth", "Control", "Escape", "Utf8", "Surrogate", "Number"],
  ...["Trailing", "NotObject", "Path", "Limit"],
];
const kinds = ["Missing", "Null", "Bool", "Number", "String", "Array", "Object"];

export interface Member {
  count: number;
  start: number;
  end: number;
  kind: string;
}

export interface SeekResult {
  state: "searching" | "done" | "failed";
  error: string;
  errorAt: number;
  members: Member[];
}

export type Change =
  { path: string; raw: string } | { path: string; text: string } | { path: string; remove: true };

export class JsonProbe {
  readonly probe: Probe;
  private calls = 0;

  constructor(probe: Probe) {
    this.probe = probe;
  }

  static async load(flags: string[]): Promise<JsonProbe> {
    return new JsonProbe(await loadProbe("shared/json/test/probe.ts", { flags }));
  }

  /** Calls an exported function, after giving it its input. */
  call(name: string, input?: string | Uint8Array, ...args: (number | bigint)[]): any {
    // Between calls nothing is held but what the probe's globals hold.
    if (++this.calls % 512 === 0) this.probe.exports.collect!();
    if (input !== undefined) this.probe.put(Buffer.from(input as string));
    return this.probe.exports[name]!(...args);
  }

  bytes(name: string, input?: string | Uint8Array, ...args: (number | bigint)[]): Buffer {
    this.call(name, input, ...args);
    return this.output();
  }

  text(name: string, input?: string | Uint8Array, ...args: (number | bigint)[]): string {
    return this.bytes(name, input, ...args).toString();
  }

  output(): Buffer {
    return this.probe.take(this.probe.exports.outputStart!(), this.probe.exports.outputSize!());
  }

  check(document: string | Uint8Array): string {
    return errors[this.call("check", document)]!;
  }

  errorAt(): number {
    return this.call("lastErrorAt");
  }

  /** Opens the value at a path, for the readers; returns its kind. */
  open(document: string | Uint8Array, path = ""): string {
    return kinds[
      this.call("open", Buffer.concat([Buffer.from(path + "\0"), Buffer.from(document as string)]))
    ]!;
  }

  error(): string {
    return errors[this.call("error")]!;
  }

  /** The value opened last, read through the views and written by the writer; or the name of the error. */
  rewrite(): { error: string; output: Buffer } {
    const error = errors[this.call("rewrite")]!;
    return { error, output: this.output() };
  }

  /** Feeds the document in the given pieces. */
  seek(names: string[], pieces: Uint8Array[], finish = true): SeekResult {
    this.call("seekStart", names.join(","));
    for (const piece of pieces) {
      const start = this.probe.put(piece);
      this.call("seekFeed", undefined, start, piece.length);
    }
    if (finish) this.call("seekFinish");
    return {
      state: (["searching", "done", "failed"] as const)[this.call("seekState") as number]!,
      error: errors[this.call("seekError")]!,
      errorAt: this.errorAt(),
      members: names.map((_, i) => ({
        count: this.call("seekCount", undefined, i),
        start: this.call("seekFrom", undefined, i),
        end: this.call("seekTo", undefined, i),
        kind: kinds[this.call("seekKind", undefined, i)]!,
      })),
    };
  }

  edit(
    document: string | Uint8Array,
    changes: Change[],
  ): { error: string; output: Buffer; splices: [number, number, string][] } {
    this.call("editStart", document);
    for (const change of changes) {
      if ("raw" in change) this.call("editSet", `${change.path}\0${change.raw}`);
      else if ("text" in change) this.call("editText", `${change.path}\0${change.text}`);
      else this.call("editRemove", change.path);
    }
    const error = errors[this.call("editApply")]!;
    const output = this.output();
    return { error, output, splices: JSON.parse(this.text("editSplices")) };
  }
}
