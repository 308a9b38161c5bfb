// Log lines in Higress's format: `[plugin] [plugin id] [request id] message`. Ask `on(level)` before building
// an expensive message: strings are only worth their cost when somebody reads them.

import { log as hostLog, logLevel } from "../abi/host";
import { LogLevel } from "../abi/codes";

/** Secrets are replaced in every line; more than this many distinct ones are not remembered. */
const MAX_SECRETS = 4096;
const MIN_SECRET_LENGTH = 6;

let threshold: LogLevel = LogLevel.Info;
let pluginName = "";
let pluginId = "nil";
let requestId = "nil";
let secrets: string[] = [];

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
  if (secret.length < MIN_SECRET_LENGTH || secrets.length >= MAX_SECRETS) return;
  if (!secrets.includes(secret)) secrets.push(secret);
}

function write(level: LogLevel, message: string): void {
  if (level < threshold) return;
  let text = message;
  for (let i = 0; i < secrets.length; i++) {
    if (text.includes(secrets[i])) text = text.replaceAll(secrets[i], "***");
  }
  hostLog(level, `[${pluginName}] [${pluginId}] [${requestId}] ${text}`);
}

export namespace log {
  export function debugOn(): bool {
    return threshold <= LogLevel.Debug;
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
