// What a conversion has to tell: what it left out and why, and what it decided. Each place is named once.

import type { SpecNode } from "./node.ts";
import type { Source } from "./source.ts";

export type RemarkKind = "left out" | "invalid" | "note";

export interface Remark {
  kind: RemarkKind;
  source: Source;
  /** JSON pointer into the source. */
  pointer: string;
  message: string;
}

export class Report {
  readonly remarks: Remark[] = [];
  readonly #seen = new Set<string>();

  /** Something the description says has no place in a tool. */
  leftOut(node: SpecNode, message: string): void {
    this.add("left out", node, message);
  }

  /** Something the description must not say. */
  invalid(node: SpecNode, message: string): void {
    this.add("invalid", node, message);
  }

  /** Something decided that another reader may want to decide otherwise. */
  note(node: SpecNode, message: string): void {
    this.add("note", node, message);
  }

  add(kind: RemarkKind, { source, pointer }: { source: Source; pointer: string }, message: string): void {
    const key = `${kind}\n${source.name}\n${pointer}\n${message}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.remarks.push({ kind, source, pointer, message });
  }

  count(kind: RemarkKind): number {
    return this.remarks.filter((remark) => remark.kind === kind).length;
  }

  /** `file:line: #/pointer: kind: message`, in the order of the files. */
  lines(): string[] {
    const bySource = Map.groupBy(this.remarks, ({ source }) => source);
    return [...bySource].flatMap(([source, remarks]) => {
      const lines = source.linesOf(remarks.map(({ pointer }) => pointer));
      const placed = remarks.map((remark) => ({ ...remark, line: lines.get(remark.pointer) }));
      placed.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
      return placed.map(
        ({ kind, pointer, message, line }) =>
          `${source.name}${line === undefined ? "" : `:${line}`}: #${pointer}: ${kind}: ${message}`,
      );
    });
  }
}
