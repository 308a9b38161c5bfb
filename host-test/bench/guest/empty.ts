// A plugin that does nothing: what a host spends on any module at all.

export * from "as-proxy-wasm-sdk/sdk/exports";
import { Config, ConfigReader, plugin, Stream } from "as-proxy-wasm-sdk/sdk";

class EmptyConfig extends Config {
  static parse(reader: ConfigReader, inherited: EmptyConfig | null): EmptyConfig {
    return new EmptyConfig();
  }
}

class Empty extends Stream<EmptyConfig> {}

plugin<EmptyConfig>("empty", EmptyConfig.parse, () => new Empty());
