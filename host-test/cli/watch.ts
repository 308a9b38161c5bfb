// Notices changed files: resources, modules, and the sources of our own plugins.

import { existsSync, watch, type FSWatcher } from "node:fs";
import { basename, dirname, resolve } from "node:path";

/** Editors write a file in several steps. */
const settleMs = 150;

export class FileWatch {
  #onChange: () => void;
  #watchers = new Map<string, FSWatcher>();
  #files = new Map<string, Set<string>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** `files` by name, so that one replaced by a rename stays watched; `folders` with everything below them. */
  update(files: string[], folders: string[], shallow: string[]): void {
    this.#files = new Map();
    for (const file of files.map((path) => resolve(path))) {
      const names = this.#files.get(dirname(file)) ?? new Set();
      this.#files.set(dirname(file), names.add(basename(file)));
    }
    for (const folder of this.#files.keys()) {
      this.#watch(folder, false, (name) => this.#files.get(folder)?.has(name) ?? false);
    }
    for (const folder of shallow)
      this.#watch(`${resolve(folder)}/`, false, (name) => /\.(ya?ml|json)$/.test(name));
    for (const folder of folders) this.#watch(resolve(folder), true, (name) => /\.(ts|json)$/.test(name));
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
  }

  #watch(folder: string, recursive: boolean, isWanted: (name: string) => boolean): void {
    if (this.#watchers.has(folder) || !existsSync(folder)) return;
    const watcher = watch(folder, { recursive }, (_event, name) => {
      if (name === null || !isWanted(name)) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(this.#onChange, settleMs);
    });
    watcher.on("error", () => this.#watchers.delete(folder));
    this.#watchers.set(folder, watcher);
  }
}
