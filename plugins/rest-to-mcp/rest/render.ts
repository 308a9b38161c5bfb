// What templates of a call see and know.

import { Head, nowMs, property, random } from "as-proxy-wasm-sdk/sdk";
import { Buffer, percentEncode, Span, trimAscii } from "as-proxy-wasm-sdk/bytes";
import { escapeInto, JsonWriter } from "as-proxy-wasm-sdk/json";
import { Template, TemplateContext } from "as-proxy-wasm-sdk/template";

/** `{"config": …, "args": {…}}`; an empty `config` is null. */
export function templateData(config: Span, args: Span): Span {
  const out = new Buffer(config.size + args.size + 32);
  new JsonWriter(out).object().key("config").raw(config).key("args").raw(args).end();
  return out.span();
}

/** The addresses that templates may ask for. */
export class Caller {
  readonly socketIp: string;
  readonly realIp: string;

  constructor(head: Head) {
    const source = property("source\0address");
    const socketIp = source === null ? "" : withoutPort(source);
    this.socketIp = socketIp;
    const forwarded = head.get("x-forwarded-for");
    const comma = forwarded.indexOf(",");
    const first = (comma < 0 ? forwarded : forwarded.substring(0, comma)).trim();
    this.realIp = first.length > 0 ? withoutPort(first) : socketIp;
  }

  /** Makes a context that knows this caller. */
  introduce(context: TemplateContext): TemplateContext {
    context.nowMs = nowMs();
    context.socketIp = this.socketIp;
    context.realIp = this.realIp;
    return context;
  }

  /** For text that has no grammar of its own. */
  plain(): TemplateContext {
    return this.introduce(new TemplateContext(random()));
  }
}

/**
 * For URLs: what an action prints is percent-encoded, so that arguments stay in the part of the URL where the
 * template puts them. Only `.config` is taken as it is, and what `urlquery` has encoded.
 */
export class UrlContext extends TemplateContext {
  /** An argument stood before the path: it would choose scheme or host. */
  movesHost: bool = false;

  print(out: Buffer, text: Span, action: Span): void {
    if (isOfConfiguration(action)) {
      out.append(text);
      return;
    }
    if (!text.isEmpty && !hasPath(out.span())) this.movesHost = true;
    if (trimAscii(action).endsWithAscii("urlquery") || action.startsWithAscii("urlquery ")) out.append(text);
    else percentEncode(out, text);
  }
}

/** For JSON bodies: a field that stands inside a string's quotes cannot end the string. */
export class JsonBodyContext extends TemplateContext {
  private scanned: i32 = 0;
  private isInString: bool = false;

  print(out: Buffer, text: Span, action: Span): void {
    const before = out.span();
    const first = trimAscii(before).at(0);
    if ((first != 0x7b && first != 0x5b) || !isField(trimAscii(action))) {
      out.append(text);
      return;
    }
    for (; this.scanned < before.size; this.scanned++) {
      const byte = before.at(this.scanned);
      if (byte == 0x22) this.isInString = !this.isInString;
      else if (byte == 0x5c && this.isInString) this.scanned++;
    }
    if (this.isInString) escapeInto(out, text);
    else out.append(text);
  }
}

export class Rendering {
  constructor(
    readonly text: Span,
    /** Why the rendering failed, or "". */
    readonly error: string,
  ) {}
}

export function rendered(template: Template, data: Span, context: TemplateContext): Rendering {
  const out = new Buffer(256);
  const error = template.render(out, data, context);
  return new Rendering(out.span(), error);
}

function isOfConfiguration(action: Span): bool {
  return (
    action.indexOfAscii(".config") >= 0 && action.indexOfAscii("args") < 0 && action.indexOfAscii("$") < 0
  );
}

/** A field or variable alone, without a function that may have escaped it. */
function isField(action: Span): bool {
  const first = action.at(0);
  return (first == 0x2e || first == 0x24) && action.indexOf(0x20) < 0 && action.indexOf(0x7c) < 0;
}

/** Scheme and host are over. */
function hasPath(url: Span): bool {
  const mark = url.indexOfAscii("://");
  return url.indexOf(0x2f, mark < 0 ? 0 : mark + 3) >= 0 || url.indexOf(0x3f) >= 0;
}

function withoutPort(address: string): string {
  if (address.startsWith("[")) {
    const close = address.indexOf("]");
    return close < 0 ? address : address.substring(1, close);
  }
  const colon = address.indexOf(":");
  return colon >= 0 && address.indexOf(":", colon + 1) < 0 ? address.substring(0, colon) : address;
}
