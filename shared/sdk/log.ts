// Log lines in Higress's format: `[plugin] [plugin id] [request id] message`. Ask `log.debugOn` before building
// an expensive message: strings are only worth their cost when somebody reads them.

import { log as hostLog, logLevel } from "../abi/host";
import { LogLevel } from "../abi/codes";

/** Secrets are replaced in every line. Beyond this many the one marked first is forgotten. */
const MAX_SECRETS = 4096;
const MIN_SECRET_LENGTH = 6;
const MASK = "***";

let threshold: LogLevel = LogLevel.Info;
let pluginName = "";
let pluginId = "nil";
let requestId = "nil";
const secrets: string[] = [];
let nextSecret = 0;

/** Called by the SDK at the start of a callback, so that lines name who speaks. */
export function setLogOrigin(plugin: string, id: string, request: string): void {
  pluginName = plugin;
  pluginId = id.length > 0 ? id : "nil";
  requestId = request.length > 0 ? request : "nil";
}

export function refreshLogLevel(): void {
  threshold = logLevel();
}

/** A value that must never appear in a log line. Short values are not masked: they would garble the text. */
export function maskInLogs(secret: string): void {
  if (secret.length < MIN_SECRET_LENGTH || secrets.includes(secret)) return;
  if (secrets.length < MAX_SECRETS) {
    secrets.push(secret);
  } else {
    secrets[nextSecret] = secret;
    nextSecret = (nextSecret + 1) % MAX_SECRETS;
  }
}

function masked(message: string): string {
  let text = message;
  for (let i = 0; i < secrets.length; i++) {
    const secret = secrets[i];
    for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + MASK.length)) {
      text = text.substring(0, at) + MASK + text.substring(at + secret.length);
    }
  }
  return text;
}

/** One line stays one line: a value from a request must not be able to write a line of its own. */
function oneLine(text: string): string {
  let clean = "";
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if ((unit >= 0x20 && unit != 0x7f) || unit == 0x09) continue;
    const escape = unit == 0x0a ? "\\n" : unit == 0x0d ? "\\r" : "\\x" + hexDigit(unit >> 4) + hexDigit(unit & 15);
    clean += text.substring(from, i) + escape;
    from = i + 1;
  }
  return from == 0 ? text : clean + text.substring(from);
}

function hexDigit(value: i32): string {
  return String.fromCharCode(value < 10 ? 0x30 + value : 0x57 + value);
}

function write(level: LogLevel, message: string): void {
  if (level < threshold) return;
  hostLog(level, oneLine(`[${pluginName}] [${pluginId}] [${requestId}] ${masked(message)}`));
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
