// What a client says in a URL or in a JSON body stays one value there: it ends no string, no segment and no parameter.

import { Buffer, percentEncode, Span } from "as-proxy-wasm-sdk/bytes";
import { escapeInto, Json, JsonWriter } from "as-proxy-wasm-sdk/json";
import { Guard, Value } from "as-proxy-wasm-sdk/template";
import { ServerConfig } from "./server-config";
import { authorityStart, pathStart } from "./url";

export class UrlGuard extends Guard {
  constructor(
    private config: ServerConfig,
    /** False: values go into path and query as they are. */
    private encodes: bool,
  ) {
    super();
  }

  trusts(path: Span): bool {
    return this.config.trusts(path);
  }

  cleans(name: Span): bool {
    return name.equalsAscii("urlquery");
  }

  write(out: Buffer, value: Value): string {
    const before = out.span();
    const start = authorityStart(before);
    const isInPath = before.at(0) == 0x2f || (start > 0 && pathStart(before, start) < before.size);
    if (!isInPath) return "scheme and host come from the configuration, not from an argument";
    if (this.encodes) percentEncode(out, value.text);
    else out.append(value.text);
    return "";
  }
}

export class JsonGuard extends Guard {
  /** How much of the output has been looked at, and whether a string is open there. */
  private at: i32 = 0;
  private inString: bool = false;
  private isJson: bool = false;

  constructor(private config: ServerConfig) {
    super();
  }

  trusts(path: Span): bool {
    return this.config.trusts(path);
  }

  cleans(name: Span): bool {
    return name.equalsAscii("toJson") || name.equalsAscii("toRawJson") || name.equalsAscii("js");
  }

  write(out: Buffer, value: Value): string {
    this.look(out.span());
    if (!this.isJson) out.append(value.text);
    else if (this.inString) escapeInto(out, value.text);
    else if (!value.isString || Json.checked(value.text).exists) out.append(value.text);
    else new JsonWriter(out).bytes(value.text);
    if (this.inString) this.at = out.size;
    return "";
  }

  private look(text: Span): void {
    for (let at = 0; !this.isJson; at++) {
      const byte = text.at(at);
      if (byte == 0x7b || byte == 0x5b) this.isJson = true;
      else if (byte < 0 || byte > 0x20) return;
    }
    for (; this.at < text.size; this.at++) {
      const byte = text.at(this.at);
      if (byte == 0x5c && this.inString) this.at++;
      else if (byte == 0x22) this.inString = !this.inString;
    }
  }
}
