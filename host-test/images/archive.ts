// The tar.gz layer that holds a module: the same bytes for the same files, whenever and wherever it is written.

import { basename } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gunzipSync, gzipSync } from "node:zlib";
import { extract, pack } from "tar-stream";

/** Higress's fetcher takes no larger module, compressed or not. */
export const maximumBytes = 256 * 1024 * 1024;

/** The file that Higress's fetcher looks for. */
export const moduleFile = "plugin.wasm";

export interface ArchiveFile {
  name: string;
  content: Uint8Array;
}

/** A tar archive of plain files, in the order given; readable by all, dated 1970. */
export async function tar(files: ArchiveFile[]): Promise<Buffer> {
  const archive = pack();
  for (const { name, content } of files) {
    archive.entry({ name, mode: 0o644, mtime: new Date(0), uid: 0, gid: 0 }, Buffer.from(content));
  }
  archive.finalize();
  return buffer(archive);
}

export function gzip(bytes: Uint8Array): Buffer {
  const compressed = gzipSync(bytes, { level: 9 });
  // The header names the system it was made on.
  compressed[9] = 255;
  return compressed;
}

/** The module in a tar.gz layer. Rejects when there is none, or when it is no gzip, no tar, or too large. */
export async function moduleInArchive(layer: Uint8Array): Promise<Buffer> {
  const reader = extract();
  // Errors come out of the loop below.
  Readable.from([gunzipSync(layer, { maxOutputLength: maximumBytes })]).pipe(reader);
  for await (const entry of reader) {
    if (entry.header.type === "file" && basename(entry.header.name) === moduleFile) return buffer(entry);
    entry.resume();
  }
  throw new Error(`the archive holds no file ${moduleFile}`);
}
