// What templates see as `.config`: the server's own, and what a header of the request says of it. Higress's mcp-session
// writes that header for users with settings of their own; where no such filter is in front, a client may have.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind, JsonWriter } from "as-proxy-wasm-sdk/json";
import { templateJson } from "./plain-json";

export const enum ConfigHeader {
  /** Gives what the configuration leaves empty; its values are a stranger's. */
  Fill,
  /** Takes the place of the whole configuration, and is believed as that is. */
  Replace,
  Ignore,
}

export const CONFIG_HEADER_MODES: string[] = ["fill", "replace", "ignore"];

export class ServerConfig {
  private constructor(
    /** In the form of `templateJson`, or empty. */
    readonly json: Span,
    /** Names of the members that are the operator's words; null: all of them are. */
    private own: string[] | null,
  ) {}

  /** `header` is the JSON that came with the request, or empty. */
  static of(configured: Span, header: Span, mode: ConfigHeader): ServerConfig {
    if (header.isEmpty || mode == ConfigHeader.Ignore) return new ServerConfig(configured, null);
    const given = Json.checked(header);
    if (mode == ConfigHeader.Replace) {
      return new ServerConfig(given.exists ? templateJson(given) : Span.text("{}"), null);
    }
    return ServerConfig.filled(Json.read(configured), given);
  }

  private static filled(configured: Json, given: Json): ServerConfig {
    const own: string[] = [];
    if (configured.length() == 0) {
      return new ServerConfig(given.kind == JsonKind.Object ? templateJson(given) : configured.raw(), own);
    }
    const out = new Buffer(configured.raw().size + 64);
    const json = new JsonWriter(out).object();
    const members = configured.members();
    while (members.next()) {
      const value = members.value;
      const isOpen = value.kind == JsonKind.Null || (value.kind == JsonKind.String && value.bytes().isEmpty);
      const filling = isOpen ? given.get(members.key) : value;
      if (!isOpen) own.push(members.key);
      json.keyBytes(members.keyBytes()).raw(templateJson(filling.exists ? filling : value));
    }
    json.end();
    return new ServerConfig(out.span(), own);
  }

  /** Whether what the path leads to in the data of templates is the operator's. */
  trusts(path: Span): bool {
    const name = "config";
    const next = path.at(name.length);
    if (!path.startsWithAscii(name) || (next >= 0 && next != 0x2e)) return false;
    const own = this.own;
    if (own === null) return true;
    const from = name.length + 1;
    const dot = path.indexOf(0x2e, from);
    return own.includes(path.slice(from, dot < 0 ? path.size : dot).toString());
  }
}
