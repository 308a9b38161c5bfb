// Turns the host calls a plugin was seen to make into the configuration of the yardstick `touch`.

import type { Contender } from "./exchanges.ts";
import { hostCalls } from "./exchanges.ts";

/** Calls that both make whatever they decide; the SDK makes them for every stream. */
const base: Contender["configuration"] = { reads: 0 };

export function touchConfiguration(
  plugin: Contender,
  touch: Uint8Array,
  body: Uint8Array,
  edit: number,
): object {
  const wanted = hostCalls(plugin, body);
  const given = hostCalls({ name: "touch", module: touch, configuration: base }, body);
  const more = (...names: string[]) =>
    Math.max(
      0,
      names.reduce((sum, name) => sum + (wanted.get(name) ?? 0) - (given.get(name) ?? 0), 0),
    );
  return {
    reads: more("proxy_get_header_map_value"),
    writes: more(
      "proxy_replace_header_map_value",
      "proxy_add_header_map_value",
      "proxy_set_header_map_pairs",
    ),
    removes: more("proxy_remove_header_map_value"),
    properties: more("proxy_get_property"),
    settings: more("proxy_set_property"),
    edit,
  };
}
