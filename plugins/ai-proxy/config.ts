// The plugin's configuration: which provider entry is active for a request (compat ai-proxy §1.1).

import { Config, ConfigReader, ConfigReport, every, log } from "as-proxy-wasm-sdk/sdk";
import { JsonNames } from "as-proxy-wasm-sdk/json";
import { Api, maySayStream } from "./apis";
import { ContextSource } from "./config/context-source";
import { Fallback } from "./config/fallback";
import { Settings } from "./config/settings";
import { HealthChecks } from "./failover/health-check";
import { SharedTokens } from "./failover/shared-tokens";
import { OfferedModels } from "./offered-models";
import { Provider, Unsupported } from "./providers/provider";
import { newProvider } from "./providers/table";
import { Request } from "./request";
import { TokenPool } from "./tokens";

/** A provider entry in use: what every entry has, and what its type makes of it. */
export class Upstream {
  /** The tokens to choose from. */
  tokens: TokenPool;
  /** Items of `fallbacks`, unread. */
  fallbacks: ConfigReader[] = [];
  /** Top-level members of a JSON body that are asked for. */
  bodyMembers: JsonNames;

  constructor(
    public settings: Settings,
    public provider: Provider,
  ) {
    this.tokens = new TokenPool(settings.tokens);
    const members: string[] = ["model", "stream", "stream_options"];
    const custom = settings.customSettings;
    for (let i = 0; i < custom.length; i++) {
      if (!custom[i].path.includes(".") && !members.includes(custom[i].path)) members.push(custom[i].path);
    }
    const watched = provider.watched;
    for (let i = 0; i < watched.length; i++) if (!members.includes(watched[i])) members.push(watched[i]);
    this.bodyMembers = new JsonNames(members);
  }

  static entryOf(id: string, entries: ConfigReader[]): ConfigReader | null {
    for (let i = 0; i < entries.length; i++) if (entries[i].text("id") == id) return entries[i];
    return null;
  }

  /** Reads a provider entry; null, with an error in its report, when it cannot be used. */
  static read(entry: ConfigReader): Upstream | null {
    const settings = Settings.read(entry);
    const type = settings.type;
    if (type.length == 0) {
      entry.fail("missing type in provider config");
      return null;
    }
    const provider = newProvider(type);
    if (provider === null) {
      entry.fail(`unknown provider type: ${type}`);
      return null;
    }
    provider.configure(entry, settings);
    const upstream = new Upstream(settings, provider);
    upstream.fallbacks = entry.list("fallbacks");
    entry.warnUnread();
    const added = settings.added;
    for (let i = 0; i < added.size; i++) {
      // Built-in paths win: a configuration may add APIs, not move them.
      if (!provider.capabilities.has(added.apiAt(i))) {
        provider.capabilities.set(added.apiAt(i), added.pathAt(i));
      }
    }
    return upstream;
  }

  /** True when a client of this API is served as a client of chat: the provider has no such API of its own. */
  convertsClient(api: Api): bool {
    if (this.settings.isOriginal || !this.provider.editsBody || this.provider.supports(api)) return false;
    return (
      api == Api.AnthropicMessages ||
      api == Api.Responses ||
      api == Api.GeminiGenerateContent ||
      api == Api.GeminiStreamGenerateContent
    );
  }

  /** True when the body of a request to this API is edited or translated. */
  editsBody(api: Api): bool {
    return !this.settings.isOriginal && this.provider.edits(api);
  }

  /** True when a body sent to this API is answered with an error. */
  refuses(api: Api): bool {
    // A path that names no API is none of ours to refuse.
    if (api == Api.None) return false;
    return this.provider.unsupported == Unsupported.Refuse && !this.provider.supports(api);
  }

  /** True when the body of a request to this API has to be looked at. */
  readsBody(api: Api): bool {
    if (api == Api.None) return false;
    if (this.refuses(api) || this.settings.customSettings.length > 0) return true;
    const asksForStream = this.settings.firstByteTimeoutMs > 0 || this.settings.retry.isEnabled;
    if (asksForStream && maySayStream(api)) return true;
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

  /** True when a successful answer of this type goes to the client as a stream. */
  isStreamed(request: Request, contentType: string): bool {
    const provider = this.provider;
    return (
      (request.translates && request.isStream && provider.answersWhole) || provider.isStream(contentType)
    );
  }

  /** True when a successful answer is not handed on as it comes. */
  editsAnswer(request: Request, isStream: bool): bool {
    if (request.staysAsItIs) return false;
    if (this.translatesAnswer(request)) return true;
    if (this.settings.isOriginal || request.api != Api.ChatCompletions) return false;
    if (this.provider.keepsAnswer(request)) return false;
    if (this.provider.hasOwnAnswers(request)) return true;
    if (isStream && request.asksUsage) return true;
    return (
      this.settings.promotesThinking || (isStream ? this.provider.mendsStream : this.provider.mendsAnswer)
    );
  }
}

export class ProxyConfig extends Config {
  /** Null: the plugin leaves the request alone. */
  upstream: Upstream | null = null;
  /** Who is asked when the provider has failed, in this order. */
  fallbacks: Fallback[] = [];
  /** Models that the entries name. */
  models: OfferedModels = new OfferedModels();
  private entries: ConfigReader[] = [];
  private checked: Upstream | null = null;

  /** A rule starts with the global list of entries, but with none of them active. */
  static parse(reader: ConfigReader, inherited: ProxyConfig | null): ProxyConfig {
    const config = new ProxyConfig();
    if (inherited !== null) {
      config.entries = inherited.entries;
      config.models = inherited.models;
    }
    if (reader.has("providers")) config.list(reader.list("providers"));
    const activeId = reader.text("activeProviderId");
    if (reader.isObjectAt("provider")) {
      config.list([reader.child("provider")]);
      config.activate(config.entries[0], reader);
      return config;
    }
    if (activeId.length == 0) return config;
    const active = Upstream.entryOf(activeId, config.entries);
    if (active !== null) {
      config.activate(active, reader);
      return config;
    }
    reader.warn(`activeProviderId: no provider has the id ${activeId}; requests pass untouched`);
    return config;
  }

  /** Rules share what is read here: there may be as many of them as there are entries. */
  private list(entries: ConfigReader[]): void {
    this.entries = entries;
    this.models = OfferedModels.read(entries);
  }

  private activate(listed: ConfigReader, into: ConfigReader): void {
    // An inherited entry belongs to the global configuration: its errors are to show where it is activated.
    const entry = new ConfigReader(listed.value, listed.path, into.report);
    const upstream = Upstream.read(entry);
    this.upstream = upstream;
    if (upstream === null) return;
    const listedFallbacks = upstream.fallbacks;
    for (let i = 0; i < listedFallbacks.length; i++) {
      const fallback = Fallback.read(listedFallbacks[i], this.entries);
      if (fallback !== null) this.fallbacks.push(fallback);
    }
    if (upstream.settings.failover.isEnabled) this.checked = readChecked(listed);
  }

  /** Shared knowledge of tokens starts anew with every configuration, as in Go. */
  start(): bool {
    const upstream = this.upstream;
    if (upstream === null) return true;
    const settings = upstream.settings;
    const failover = settings.failover;
    const shared = new SharedTokens(settings.type, settings.id);
    if (!shared.reset(failover.isEnabled ? settings.tokens : [])) {
      log.error("failed to init apiTokens: the host takes no shared data");
      return false;
    }
    if (!failover.isEnabled) return true;
    upstream.tokens.watch(shared, failover);
    const checked = this.checked;
    if (checked !== null) every(new HealthChecks(shared, failover, checked, upstream.tokens));
    return true;
  }
}

/** The provider as health checks ask it: in OpenAI's words, without a context file. */
function readChecked(listed: ConfigReader): Upstream | null {
  const checked = Upstream.read(new ConfigReader(listed.value, listed.path, new ConfigReport()));
  if (checked === null) return null;
  checked.settings.isOriginal = false;
  checked.settings.context = null;
  return checked;
}
