// Which model a provider is asked for when the client names another: exact name, then the longest prefix
// (`gpt-4*`), then patterns (`~regex`) in the order of the configuration, then `*`.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Regex } from "as-proxy-wasm-sdk/regex";

class Prefix {
  constructor(
    public prefix: string,
    public model: string,
  ) {}
}

class Pattern {
  constructor(
    public regex: Regex,
    /** With `$1`, `${name}` for groups. */
    public model: string,
  ) {}
}

export class ModelMapping {
  private exact: Map<string, string> = new Map<string, string>();
  /** Longest first. */
  private prefixes: Prefix[] = [];
  private patterns: Pattern[] = [];
  private any: string = "";
  private size: i32 = 0;

  /** Reads the map `modelMapping` of a provider entry. */
  static read(reader: ConfigReader): ModelMapping {
    const mapping = new ModelMapping();
    const entries = reader.entries("modelMapping");
    mapping.size = entries.length;
    for (let i = 0; i < entries.length; i++) {
      const key = entries[i].name;
      const model = entries[i].reader.value.lenientText();
      if (key.startsWith("~")) {
        const regex = new Regex(key.substring(1));
        if (regex.error.length > 0) entries[i].reader.fail(`bad regular expression: ${regex.error}`);
        mapping.patterns.push(new Pattern(regex, model));
      } else if (key == "*") {
        mapping.any = model;
      } else if (key.endsWith("*")) {
        mapping.addPrefix(new Prefix(key.substring(0, key.length - 1), model));
      } else {
        mapping.exact.set(key, model);
      }
    }
    return mapping;
  }

  get isEmpty(): bool {
    return this.size == 0;
  }

  /** The model to ask for; `model` itself where no rule applies or the rule says "". */
  map(model: string): string {
    if (this.size == 0) return model;
    const mapped = this.find(model);
    return mapped.length > 0 ? mapped : model;
  }

  private find(model: string): string {
    if (this.exact.has(model)) return this.exact.get(model);
    for (let i = 0; i < this.prefixes.length; i++) {
      if (model.startsWith(this.prefixes[i].prefix)) return this.prefixes[i].model;
    }
    if (this.patterns.length > 0) {
      const name = Span.text(model);
      for (let i = 0; i < this.patterns.length; i++) {
        const pattern = this.patterns[i];
        if (pattern.regex.matches(name)) return pattern.regex.replaceAll(name, pattern.model).toString();
      }
    }
    return this.any;
  }

  private addPrefix(added: Prefix): void {
    const prefixes = this.prefixes;
    prefixes.push(added);
    for (let i = prefixes.length - 1; i > 0; i--) {
      if (prefixes[i - 1].prefix.length >= added.prefix.length) break;
      prefixes[i] = prefixes[i - 1];
      prefixes[i - 1] = added;
    }
  }
}
