// Log lines in Higress's format: `[plugin] [plugin id] [request id] message`. Ask `log.debugOn` before building
// an expensive message: strings are only worth their cost when somebody reads them.

import { log as hostLog, logLevel } from "../abi/host";
import { LogLevel } from "../abi/codes";
import { Buffer } from "../bytes/buffer";
import { hexDigit } from "../bytes/hex";
import { Span } from "../bytes/span";

/** Secrets are replaced in every line. Beyond this many the one marked first is forgotten. */
const MAX_SECRETS = 4096;
const MIN_SECRET_LENGTH = 6;
const MASK = "***";
/** Bytes of a message; the rest of a longer one is cut off. */
const MAX_MESSAGE = 16 * 1024;

let threshold: LogLevel = LogLevel.Info;
let pluginName = "";
let pluginId = "nil";
let requestId: Span | null = null;
const secrets: Span[] = [];
let nextSecret = 0;
let longestSecret = 0;
const line = new Buffer(256);

/** Called by the SDK at the start of a callback, so that lines name who speaks. */
export function setLogOrigin(plugin: string, id: string, request: Span | null): void {
  pluginName = plugin;
  pluginId = id.length > 0 ? id : "nil";
  requestId = request;
}

export function refreshLogLevel(): void {
  threshold = logLevel();
}

/** A value that must never appear in a log line. Short values are not masked: they would garble the text. */
export function maskInLogs(secret: string): void {
  if (secret.length < MIN_SECRET_LENGTH) return;
  const bytes = Span.text(secret);
  for (let i = 0; i < secrets.length; i++) if (secrets[i].equals(bytes)) return;
  longestSecret = max(longestSecret, bytes.size);
  if (secrets.length < MAX_SECRETS) {
    secrets.push(bytes);
  } else {
    secrets[nextSecret] = bytes;
    nextSecret = (nextSecret + 1) % MAX_SECRETS;
  }
}

function indexOf(text: Span, part: Span, from: i32): i32 {
  const last = text.size - part.size;
  const first = part.at(0);
  for (let at = text.indexOf(first, from); at >= 0 && at <= last; at = text.indexOf(first, at + 1)) {
    if (text.slice(at, at + part.size).equals(part)) return at;
  }
  return -1;
}

function masked(message: Span): Span {
  let text = message;
  for (let i = 0; i < secrets.length; i++) {
    const secret = secrets[i];
    let at = indexOf(text, secret, 0);
    if (at < 0) continue;
    const clean = new Buffer(text.size);
    let from = 0;
    for (; at >= 0; at = indexOf(text, secret, from)) {
      clean.append(text.slice(from, at));
      clean.text(MASK);
      from = at + secret.size;
    }
    clean.append(text.slice(from));
    text = clean.span();
  }
  return text;
}

/** The beginning of `text` up to `end`, or a little less where that is inside a character. */
function upTo(text: Span, end: i32): Span {
  let last = max(end, 0);
  while (last > 0 && (text.at(last) & 0xc0) == 0x80) last--;
  return text.slice(0, last);
}

/** At most `MAX_MESSAGE` bytes, without what may be the first half of a secret. */
function shortened(message: Span): Span {
  if (message.size <= MAX_MESSAGE) return masked(message);
  const text = masked(upTo(message, MAX_MESSAGE));
  return upTo(text, text.size - longestSecret);
}

/** One line stays one line: a value from a request must not be able to write a line of its own. */
function appendOneLine(text: Span): void {
  let from = 0;
  for (let i = 0; i < text.size; i++) {
    const byte = text.at(i);
    if ((byte >= 0x20 && byte != 0x7f) || byte == 0x09) continue;
    line.append(text.slice(from, i));
    from = i + 1;
    line.push(0x5c /* \ */);
    if (byte == 0x0a) {
      line.push(0x6e /* n */);
    } else if (byte == 0x0d) {
      line.push(0x72 /* r */);
    } else {
      line.push(0x78 /* x */);
      line.push(hexDigit(byte >> 4));
      line.push(hexDigit(byte & 15));
    }
  }
  line.append(text.slice(from));
}

function write(level: LogLevel, message: string): void {
  if (level < threshold) return;
  line.clear();
  const request = requestId;
  const id = request === null || request.isEmpty ? "nil" : request.toString();
  appendOneLine(Span.text(`[${pluginName}] [${pluginId}] [${id}] `));
  const text = Span.text(message);
  appendOneLine(shortened(text));
  if (text.size > MAX_MESSAGE) line.text("…");
  hostLog(level, line.span());
}

export namespace log {
  /** False: what `debug` is given will not be written, so need not be built. */
  export function debugOn(): bool {
    return threshold <= LogLevel.Debug;
  }
  export function infoOn(): bool {
    return threshold <= LogLevel.Info;
  }
  export function debug(message: string): void {
    write(LogLevel.Debug, message);
  }
  export function info(message: string): void {
    write(LogLevel.Info, message);
  }
  export function warn(message: string): void {
    write(LogLevel.Warn, message);
  }
  export function error(message: string): void {
    write(LogLevel.Error, message);
  }
}
