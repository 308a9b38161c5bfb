// What is used of tar-stream, which brings no types.

declare module "tar-stream" {
  import type { Readable, Writable } from "node:stream";

  export interface Header {
    name: string;
    type?: string | null;
    size?: number;
    mode?: number;
    mtime?: Date;
    uid?: number;
    gid?: number;
  }

  export interface Pack extends Readable {
    entry(header: Header, content: string | Buffer): void;
    finalize(): void;
  }

  export type Entry = Readable & { header: Header };

  export function pack(): Pack;
  export function extract(): Writable & AsyncIterable<Entry>;
}
