// The yardstick of `gateway bench`: a plugin that decides nothing and makes as many host calls, on as many bytes,
// as it is told to. What a real plugin costs beyond it is the price of its decisions.

export * from "as-proxy-wasm-sdk/sdk/exports";
import {
  Body,
  Config,
  ConfigReader,
  Flow,
  Head,
  plugin,
  property,
  setProperty,
  Stream,
} from "as-proxy-wasm-sdk/sdk";

class TouchConfig extends Config {
  reads: i32 = 0;
  writes: i32 = 0;
  removes: i32 = 0;
  properties: i32 = 0;
  settings: i32 = 0;
  /** Bytes of the body's beginning that are replaced; 0 leaves the body alone. */
  edit: i32 = 0;

  static parse(reader: ConfigReader, inherited: TouchConfig | null): TouchConfig {
    const config = new TouchConfig();
    config.reads = <i32>reader.integer("reads");
    config.writes = <i32>reader.integer("writes");
    config.removes = <i32>reader.integer("removes");
    config.properties = <i32>reader.integer("properties");
    config.settings = <i32>reader.integer("settings");
    config.edit = <i32>reader.integer("edit");
    return config;
  }
}

plugin<TouchConfig>("touch", TouchConfig.parse, () => new Touch());

class Touch extends Stream<TouchConfig> {
  onRequestHead(head: Head, end: bool): Flow {
    const config = this.config;
    for (let i = 0; i < config.reads; i++) head.get("content-type");
    for (let i = 0; i < config.writes; i++) head.set("x-touch", "touched by the yardstick");
    for (let i = 0; i < config.removes; i++) head.remove("x-absent");
    for (let i = 0; i < config.properties; i++) property("route_name");
    for (let i = 0; i < config.settings; i++) setProperty("x_touch", "touched");
    return end ? Flow.Next : Flow.Hold;
  }

  onRequestBody(body: Body, end: bool): Flow {
    if (!end) return Flow.Hold;
    let at = 0;
    for (let window = body.window(at); !window.isEmpty; window = body.window(at)) at += window.size;
    if (this.config.edit > 0) {
      const prefix = body.window(0).slice(0, this.config.edit);
      body.replacePrefix(prefix.size, prefix.copy());
    }
    return Flow.Next;
  }
}
