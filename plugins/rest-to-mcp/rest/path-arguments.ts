// `{name}` in a URL: the argument of that name, as one segment or part of one.

import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json } from "as-proxy-wasm-sdk/json";
import { Position } from "./argument";
import { ArgumentValues } from "./argument-values";
import { plainText } from "./plain-json";
import { authorityStart, pathStart } from "./url";

/** Appends the URL with its arguments. Returns why that cannot be, or "". What a value holds is not searched again. */
export function pathWithArguments(out: Buffer, url: Span, values: ArgumentValues, encodes: bool): string {
  const start = authorityStart(url);
  const path = start > 0 ? pathStart(url, start) : 0;
  for (let at = 0; at < url.size;) {
    const open = url.indexOf(0x7b, at);
    const close = open < 0 ? -1 : url.indexOf(0x7d, open);
    if (close < 0) {
      out.append(url.slice(at));
      break;
    }
    const index = pathArgument(values, url.slice(open + 1, close));
    const copied = index < 0 ? open + 1 : open;
    out.append(url.slice(at, copied));
    at = index < 0 ? copied : close + 1;
    if (index < 0) continue;
    if (open < path || (start == 0 && url.at(0) != 0x2f && open == 0))
      return "scheme and host come from the configuration, not from an argument";
    const argument = values.args[index];
    const value = Json.read(values.values[index]);
    if (encodes && plainText(value).isEmpty)
      return `argument ${argument.name} must not be empty: it is part of the path`;
    argument.notation.appendToPath(out, argument.sentAs, value, encodes);
  }
  return "";
}

/** Index of the argument that goes into the path under this name, or -1. */
function pathArgument(values: ArgumentValues, name: Span): i32 {
  const text = name.toString();
  for (let i = 0; i < values.args.length; i++) {
    const isHere = values.args[i].position == Position.Path && !values.values[i].isEmpty;
    if (isHere && values.args[i].name == text) return i;
  }
  return -1;
}
