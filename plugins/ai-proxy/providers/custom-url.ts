// A provider's address given as one URL: `openaiCustomUrl`, `vllmCustomUrl`. It names either one endpoint, to
// which every request goes, or a place under which all APIs are found.

import { Capabilities } from "../capabilities";
import { joinPaths, withoutQuery } from "../path";

export class CustomUrl {
  host: string;
  /** With leading slash. */
  path: string;

  constructor(url: string) {
    let rest = url;
    if (rest.startsWith("http://")) rest = rest.substring(7);
    else if (rest.startsWith("https://")) rest = rest.substring(8);
    const slash = rest.indexOf("/");
    this.host = slash < 0 ? rest : rest.substring(0, slash);
    this.path = slash < 0 ? "/" : rest.substring(slash);
  }

  /** True when the path ends like one of `endpoints`. */
  isEndpoint(endpoints: StaticArray<string>): bool {
    const path = withoutQuery(this.path);
    for (let i = 0; i < endpoints.length; i++) if (path.endsWith(endpoints[i])) return true;
    return false;
  }

  /** The capabilities with every path moved under the URL's: its own `/v1` takes the place of theirs. */
  under(capabilities: Capabilities): Capabilities {
    const moved = new Capabilities();
    for (let i = 0; i < capabilities.size; i++) {
      const path = capabilities.pathAt(i);
      moved.set(
        capabilities.apiAt(i),
        joinPaths(this.path, path.startsWith("/v1") ? path.substring(3) : path),
      );
    }
    return moved;
  }
}
