// What a provider can do: for each API the path under which it offers it.

import { Api } from "./apis";

export class Capabilities {
  private apis: i32[] = [];
  private paths: string[] = [];

  /** Adds the API, or replaces its path. */
  set(api: Api, path: string): void {
    const index = this.apis.indexOf(<i32>api);
    if (index >= 0) {
      this.paths[index] = path;
    } else {
      this.apis.push(<i32>api);
      this.paths.push(path);
    }
  }

  clear(): void {
    this.apis = [];
    this.paths = [];
  }

  has(api: Api): bool {
    return this.apis.includes(<i32>api);
  }

  /** The upstream path with its placeholders; "" when the API is not offered. */
  path(api: Api): string {
    const index = this.apis.indexOf(<i32>api);
    return index >= 0 ? this.paths[index] : "";
  }

  get size(): i32 {
    return this.apis.length;
  }

  apiAt(index: i32): Api {
    return index < this.apis.length ? <Api>this.apis[index] : Api.None;
  }

  pathAt(index: i32): string {
    return index < this.paths.length ? this.paths[index] : "";
  }
}
