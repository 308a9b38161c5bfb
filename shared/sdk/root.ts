// A plugin configuration in this VM, which is a root context of the host, and which one is being served.

import { Span } from "../bytes/span";
import { setLogOrigin } from "./log";
import { AnyPlugin } from "./plugin";
import { RuleSet } from "./rules";
import { Ticker } from "./tick";

export class Root {
  plugin: AnyPlugin | null = null;
  /** `_plugin_id_` of the configuration. */
  pluginId: string = "";
  rules: RuleSet | null = null;
  ticker: Ticker = new Ticker();

  /** From now on log lines and call-outs are this configuration's; `requestId` is empty outside a request. */
  serve(requestId: Span | null): void {
    const plugin = this.plugin;
    setLogOrigin(plugin === null ? "" : plugin.name, this.pluginId, requestId);
    current = this;
  }
}

let current: Root | null = null;

export function currentRoot(): Root | null {
  return current;
}
