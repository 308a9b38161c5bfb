// What `gateway replay` prints.

import type { Change } from "../gateway/replay/json-changes.ts";
import type { Recording } from "../gateway/replay/recording.ts";

export interface ExchangeReport {
  /** `METHOD PATH`. */
  exchange: string;
  changes: Change[];
  /** Headers and `?parameters` that the recording masks and that were not sent. */
  omitted: string[];
}

export function exchangeReport({ name, omitted }: Recording, changes: Change[]): ExchangeReport {
  return { exchange: name, changes, omitted };
}

/** One paragraph an exchange, one line a change. */
export function textReport(reports: ExchangeReport[]): string {
  const lines: string[] = [];
  for (const { exchange, changes, omitted } of reports) {
    lines.push(`${exchange}: ${changes.length === 0 ? "same" : "changed"}`);
    if (omitted.length > 0)
      lines.push(`  not sent, because the recording masks it: ${omitted.join(", ")} (give it with --header)`);
    for (const { path, before, after } of changes)
      lines.push(`  ${path}: ${shown(before)} → ${shown(after)}`);
  }
  const changed = reports.filter(({ changes }) => changes.length > 0).length;
  if (reports.length > 1) lines.push(`${changed} of ${reports.length} exchanges changed`);
  return `${lines.join("\n")}\n`;
}

const longest = 200;

/** On one line, and nothing that a terminal would obey. */
function shown(value: string | undefined): string {
  if (value === undefined) return "(absent)";
  const plain = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"');
  const safe = plain.replace(
    /[\u007f-\u009f]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return safe.length > longest ? `${safe.slice(0, longest)}…` : safe;
}
