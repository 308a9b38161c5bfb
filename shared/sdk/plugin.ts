// Registration: which plugins this module holds and how they make configurations and streams.

import { install } from "../abi/handler";
import { Config, ConfigReader } from "./config";
import { Dispatcher } from "./dispatch";
import { property } from "./property";
import { ConfigParser, RuleMemory } from "./rules";
import { AnyStream, Stream } from "./stream";

/** A plugin without its configuration class. */
export abstract class AnyPlugin implements ConfigParser {
  /** Set: a rule that does not parse keeps its last good configuration (`LastGoodRules`; mcp-server only in Higress). */
  ruleMemory: RuleMemory | null = null;
  constructor(public name: string) {}
  abstract parseConfig(reader: ConfigReader, inherited: Config | null): Config | null;
  abstract newStream(): AnyStream;
}

class PluginOf<C extends Config> extends AnyPlugin {
  constructor(
    name: string,
    private parser: (reader: ConfigReader, inherited: C | null) => C,
    private factory: () => Stream<C>,
  ) {
    super(name);
  }

  parseConfig(reader: ConfigReader, inherited: Config | null): Config | null {
    const parse = this.parser;
    const own = inherited !== null && inherited instanceof C ? (inherited as C) : null;
    return parse(reader, own);
  }

  newStream(): AnyStream {
    const create = this.factory;
    return create();
  }
}

const plugins: AnyPlugin[] = [];

/**
 * Registers a plugin. `parse` reads a configuration (the global one, or a rule's with the global one as
 * `inherited`) and records errors in the reader's report; `stream` makes the object of one exchange.
 * A module with several plugins picks by `pluginName` (root id).
 */
export function plugin<C extends Config>(
  name: string,
  parse: (reader: ConfigReader, inherited: C | null) => C,
  stream: () => Stream<C>,
): AnyPlugin {
  const registered = new PluginOf<C>(name, parse, stream);
  plugins.push(registered);
  if (plugins.length == 1) install(new Dispatcher());
  return registered;
}

/** The plugin of the current root context: the only one, or the one that the root id names; else null. */
export function pluginOfRoot(): AnyPlugin | null {
  if (plugins.length == 1) return plugins[0];
  const rootId = property("plugin_root_id");
  if (rootId === null) return null;
  for (let i = 0; i < plugins.length; i++) if (plugins[i].name == rootId) return plugins[i];
  return null;
}
