// The plugin's configuration: which provider entry is active for a request (compat ai-proxy §1.1).

import { Config, ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Api, maySayStream } from "./apis";
import { ContextSource } from "./config/context-source";
import { Settings } from "./config/settings";
import { Provider, Unsupported } from "./providers/provider";
import { isKnownType, newProvider } from "./providers/table";
import { Request } from "./request";

/** A provider entry in use: what every entry has, and what its type makes of it. */
export class Upstream {
  constructor(
    public settings: Settings,
    public provider: Provider,
  ) {}

  /** True when a client of this API is served as a client of chat: the provider has no such API of its own. */
  convertsClient(api: Api): bool {
    if (this.settings.isOriginal || !this.provider.editsBody || this.provider.supports(api)) return false;
    return api == Api.AnthropicMessages;
  }

  /** True when the body of a request to this API is edited or translated. */
  editsBody(api: Api): bool {
    return !this.settings.isOriginal && this.provider.edits(api);
  }

  /** True when a body sent to this API is answered with an error. */
  refuses(api: Api): bool {
    return this.provider.unsupported == Unsupported.Refuse && !this.provider.supports(api);
  }

  /** True when the body of a request to this API has to be looked at. */
  readsBody(api: Api): bool {
    if (api == Api.None) return false;
    if (this.refuses(api) || this.settings.customSettings.length > 0) return true;
    if (this.settings.firstByteTimeoutMs > 0 && maySayStream(api)) return true;
    return this.editsBody(api);
  }

  /** The text to put before the conversation, or null. */
  contextOf(request: Request): ContextSource | null {
    const isChat = request.api == Api.ChatCompletions;
    return isChat && this.editsBody(request.api) ? this.settings.context : null;
  }

  /** True when answers and errors are put into other words. */
  translatesAnswer(request: Request): bool {
    return request.isConverted || (request.translates && !this.provider.keepsAnswer(request));
  }

  /** True when a successful answer is not handed on as it comes. */
  editsAnswer(request: Request, isStream: bool): bool {
    if (this.translatesAnswer(request)) return true;
    if (this.settings.isOriginal || request.api != Api.ChatCompletions) return false;
    if (this.provider.keepsAnswer(request)) return false;
    if (this.provider.hasOwnAnswers(request)) return true;
    return (
      this.settings.promotesThinking || (isStream ? this.provider.mendsStream : this.provider.mendsAnswer)
    );
  }
}

export class ProxyConfig extends Config {
  /** Null: the plugin leaves the request alone. */
  upstream: Upstream | null = null;
  private entries: ConfigReader[] = [];

  /** A rule starts with the global list of entries, but with none of them active. */
  static parse(reader: ConfigReader, inherited: ProxyConfig | null): ProxyConfig {
    const config = new ProxyConfig();
    if (inherited !== null) config.entries = inherited.entries;
    if (reader.has("providers")) config.entries = reader.list("providers");
    const activeId = reader.text("activeProviderId");
    if (reader.isObjectAt("provider")) {
      config.entries = [reader.child("provider")];
      config.activate(config.entries[0], reader);
      return config;
    }
    if (activeId.length == 0) return config;
    for (let i = 0; i < config.entries.length; i++) {
      if (config.entries[i].text("id") == activeId) {
        config.activate(config.entries[i], reader);
        return config;
      }
    }
    reader.warn(`activeProviderId: no provider has the id ${activeId}; requests pass untouched`);
    return config;
  }

  private activate(listed: ConfigReader, into: ConfigReader): void {
    // An inherited entry belongs to the global configuration: its errors are to show where it is activated.
    const entry = new ConfigReader(listed.value, listed.path, into.report);
    const settings = Settings.read(entry);
    const type = settings.type;
    if (type.length == 0) {
      entry.fail("missing type in provider config");
      return;
    }
    const provider = newProvider(type);
    if (provider === null) {
      entry.fail(
        isKnownType(type)
          ? `provider type ${type} is known but not available in this version`
          : `unknown provider type: ${type}`,
      );
      return;
    }
    provider.configure(entry, settings);
    entry.warnUnread();
    const added = settings.added;
    for (let i = 0; i < added.size; i++) {
      // Built-in paths win: a configuration may add APIs, not move them.
      if (!provider.capabilities.has(added.apiAt(i))) {
        provider.capabilities.set(added.apiAt(i), added.pathAt(i));
      }
    }
    this.upstream = new Upstream(settings, provider);
  }
}
