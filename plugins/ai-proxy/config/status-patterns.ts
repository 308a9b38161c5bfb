// Regular expressions searched in the text of a status: unanchored, as the Go plugin has them, so `4.*` is also found
// in 504.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Regex } from "as-proxy-wasm-sdk/regex";

export class StatusPatterns {
  private patterns: Regex[] = [];

  /** The list at `key`; 4.* and 5.* where it is absent or empty. */
  static read(reader: ConfigReader, key: string): StatusPatterns {
    const statuses = new StatusPatterns();
    const texts = reader.texts(key);
    if (texts.length == 0) texts.push("[45]");
    for (let i = 0; i < texts.length; i++) statuses.add(texts[i], reader, key);
    return statuses;
  }

  /** A bad pattern is an error of the configuration. */
  add(pattern: string, reader: ConfigReader, key: string): void {
    const regex = new Regex(pattern);
    if (regex.error.length > 0) reader.fail(`${key}: bad regular expression: ${regex.error}`);
    else this.patterns.push(regex);
  }

  has(status: i32): bool {
    const text = Span.text(status.toString());
    for (let i = 0; i < this.patterns.length; i++) if (this.patterns[i].matches(text)) return true;
    return false;
  }
}
