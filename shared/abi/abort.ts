// What `abort` of the standard library becomes: one log line, then a trap. AssemblyScript has no catch, so
// reaching this is a defect of ours; the line says where.

import { proxy_log } from "./env";
import { LogLevel } from "./codes";
import { utf8, writtenSize } from "./text";

export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  const reason = message ? message : "";
  const where = file ? file : "";
  const text = utf8(`abort: ${reason} at ${where}:${line}:${column}`);
  proxy_log(LogLevel.Critical, text, writtenSize());
  unreachable();
}
