// The keys that every provider entry has, whatever its type (compat ai-proxy §1.3).

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Api, configurableApi } from "../apis";
import { Capabilities } from "../capabilities";
import { ModelMapping } from "../model-mapping";
import { ContextSource } from "./context-source";
import { CustomSetting } from "./custom-setting";
import { Failover, Retry } from "./resilience";

export enum BasePathHandling {
  None,
  RemovePrefix,
  Prepend,
}

const DEFAULT_TIMEOUT_MS = 120000;

export class Settings {
  id: string = "";
  type: string = "";
  tokens: string[] = [];
  /** `protocol: original`: the client speaks the provider's own dialect. */
  isOriginal: bool = false;
  /** Deadline of the plugin's own calls; not of the upstream request. */
  timeoutMs: i32 = DEFAULT_TIMEOUT_MS;
  /** 0: no limit on the time to the first byte of a streamed answer. */
  firstByteTimeoutMs: i32 = 0;
  modelMapping: ModelMapping = new ModelMapping();
  /** APIs that the configuration adds to those of the provider's type. */
  added: Capabilities = new Capabilities();
  context: ContextSource | null = null;
  customSettings: CustomSetting[] = [];
  failover: Failover = new Failover();
  retry: Retry = new Retry();
  promotesThinking: bool = false;
  mergesMessages: bool = false;
  /** UTF-8. */
  cleanupCommands: Span[] = [];
  basePath: string = "";
  basePathHandling: BasePathHandling = BasePathHandling.None;
  providerBasePath: string = "";
  providerDomain: string = "";
  /** Hand the client's own credential on in `x-hi-original-auth`. */
  keepsOriginalAuth: bool = false;

  static read(reader: ConfigReader): Settings {
    const settings = new Settings();
    settings.id = reader.text("id");
    settings.type = reader.text("type");
    settings.tokens = reader.secrets("apiTokens");
    const protocol = reader.text("protocol", "openai");
    settings.isOriginal = protocol == "original";
    if (!settings.isOriginal && protocol != "openai" && protocol.length > 0) {
      reader.fail("invalid protocol in config");
    }
    settings.context = ContextSource.read(reader);
    settings.failover = Failover.read(reader);
    settings.retry = Retry.read(reader);
    settings.timeoutMs = <i32>reader.integerBetween("timeout", DEFAULT_TIMEOUT_MS, 1, i32.MAX_VALUE);
    settings.firstByteTimeoutMs = <i32>reader.integerBetween("firstByteTimeout", 0, 0, i32.MAX_VALUE);
    settings.modelMapping = ModelMapping.read(reader);
    settings.readCapabilities(reader);
    settings.customSettings = CustomSetting.read(reader, settings.isOriginal ? settings.type : "openai");
    settings.readMessageOptions(reader);
    settings.readPaths(reader);
    settings.keepsOriginalAuth = reader.flag("keepOriginalAuth");
    return settings;
  }

  private readCapabilities(reader: ConfigReader): void {
    const entries = reader.entries("capabilities");
    for (let i = 0; i < entries.length; i++) {
      const api = configurableApi(entries[i].name);
      if (api != Api.None) this.added.set(api, entries[i].reader.value.lenientText());
      else entries[i].reader.warn("no such API name, ignored");
    }
  }

  private readMessageOptions(reader: ConfigReader): void {
    const hiclaw = reader.flag("hiclawMode");
    this.promotesThinking = reader.flag("promoteThinkingOnEmpty") || hiclaw;
    this.mergesMessages = reader.flag("mergeConsecutiveMessages") || hiclaw;
    const commands = reader.texts("contextCleanupCommands");
    for (let i = 0; i < commands.length; i++) {
      if (commands[i].length > 0) this.cleanupCommands.push(Span.text(commands[i]));
    }
  }

  private readPaths(reader: ConfigReader): void {
    this.basePath = reader.text("basePath", reader.text("subPath"));
    const handling = reader.text("basePathHandling", "removePrefix");
    if (this.basePath.length > 0) {
      if (handling == "removePrefix") this.basePathHandling = BasePathHandling.RemovePrefix;
      else if (handling == "prepend") this.basePathHandling = BasePathHandling.Prepend;
      else reader.warn("basePathHandling: expected removePrefix or prepend; basePath has no effect");
    }
    const base = reader.text("providerBasePath");
    // What follows begins with the slash.
    this.providerBasePath = base.endsWith("/") ? base.substring(0, base.length - 1) : base;
    this.providerDomain = reader.text("providerDomain");
  }
}
