// Which tools a caller may see and call: those that the configuration allows, and of these the ones that the
// authentication in front allows.

import { Span, trimAscii } from "as-proxy-wasm-sdk/bytes";

/** Written by what authenticates the caller; a comma list. */
export const ALLOWED_HEADER: string = "x-envoy-allow-mcp-tools";

export class AllowedTools {
  private constructor(
    /** Null: no limit. */
    private configured: Set<string> | null,
    private granted: Set<string> | null,
  ) {}

  /** `header` is null or empty where the caller has no limits of its own. */
  static of(configured: Set<string> | null, header: Span | null): AllowedTools {
    if (header === null || header.isEmpty) return new AllowedTools(configured, null);
    const granted = new Set<string>();
    for (let from = 0; from <= header.size;) {
      const comma = header.indexOf(0x2c, from);
      const to = comma < 0 ? header.size : comma;
      const name = trimAscii(header.slice(from, to));
      if (!name.isEmpty) granted.add(name.toString());
      from = to + 1;
    }
    return new AllowedTools(configured, granted);
  }

  /** Nothing is filtered. */
  get isUnlimited(): bool {
    return this.configured === null && this.granted === null;
  }

  has(name: string): bool {
    const configured = this.configured;
    const granted = this.granted;
    if (configured !== null && !configured.has(name)) return false;
    return granted === null || granted.has(name);
  }
}
