// Where Bedrock is told that a prompt may be cached up to here:
// https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { lowerAscii, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonWriter } from "as-proxy-wasm-sdk/json";

/** What the configuration says of cache points. */
export class CacheSettings {
  inSystem: bool = true;
  inLastUserMessage: bool = false;
  inLastMessage: bool = false;
  private retention: string = "";

  static read(reader: ConfigReader): CacheSettings {
    const settings = new CacheSettings();
    settings.retention = reader.text("promptCacheRetention");
    if (!reader.has("bedrockPromptCachePointPositions")) return settings;
    settings.inSystem = false;
    const entries = reader.entries("bedrockPromptCachePointPositions");
    for (let i = 0; i < entries.length; i++) {
      const isOn = entries[i].reader.value.lenientBool();
      const name = plain(entries[i].name);
      if (name == "systemprompt") settings.inSystem = isOn;
      else if (name == "lastusermessage") settings.inLastUserMessage = isOn;
      else if (name == "lastmessage") settings.inLastMessage = isOn;
      else entries[i].reader.warn("no such position, ignored");
    }
    return settings;
  }

  /** Time to live for a request that asks for `wanted`; `none` for no cache points. */
  ttlOf(wanted: string): CacheTtl {
    const retention = plain(wanted.length > 0 ? wanted : this.retention);
    if (retention == "24h") return CacheTtl.Hour;
    return retention == "inmemory" ? CacheTtl.Standard : CacheTtl.None;
  }
}

export enum CacheTtl {
  /** No cache point. */
  None,
  /** The provider's own, five minutes. */
  Standard,
  Hour,
}

/** The time to live that a block's `cache_control` asks for. */
export function ttlOfControl(cacheControl: Span): CacheTtl {
  if (cacheControl.isEmpty) return CacheTtl.None;
  return Json.read(cacheControl).get("ttl").text() == "1h" ? CacheTtl.Hour : CacheTtl.Standard;
}

/** Writes a cache point as an element of the list that is open. */
export function writeCachePoint(json: JsonWriter, ttl: CacheTtl): void {
  if (ttl == CacheTtl.None) return;
  json.object().key("cachePoint").object().key("type").text("default");
  if (ttl == CacheTtl.Hour) json.key("ttl").text("1h");
  json.end().end();
}

/** Without case, `_`, `-` and spaces, in which the names may differ. */
function plain(name: string): string {
  return lowerAscii(Span.text(name)).toString().replaceAll("_", "").replaceAll("-", "").replaceAll(" ", "");
}
