// Which model a provider is asked for when the client names another: exact name, then the longest prefix
// (`gpt-4*`), then patterns (`~regex`) in the order of the configuration, then `*`.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";

class Prefix {
  constructor(
    public prefix: string,
    public model: string,
  ) {}
}

export class ModelMapping {
  private exact: Map<string, string> = new Map<string, string>();
  /** Longest first. */
  private prefixes: Prefix[] = [];
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
        entries[i].reader.fail("regular expressions in modelMapping are not available yet");
      } else if (key == "*") {
        mapping.any = model;
      } else if (key.endsWith("*")) {
        mapping.prefixes.push(new Prefix(key.substring(0, key.length - 1), model));
      } else {
        mapping.exact.set(key, model);
      }
    }
    mapping.prefixes.sort((a, b) => b.prefix.length - a.prefix.length);
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
    return this.any;
  }
}
