// What is wrong with a set of resource files. Everything is collected; nothing throws at the first find.

import type { Position } from "../model.ts";

export interface Problem {
  severity: "error" | "warning";
  /** The gateway cannot start with it. Errors without this are what `lint` refuses and `run` only reports. */
  fatal: boolean;
  position: Position;
  message: string;
  expected?: string;
  found?: string;
}

/** What was expected and what was there instead. */
export interface Difference {
  expected?: string;
  found?: string;
}

export class Problems {
  readonly list: Problem[] = [];

  get hasFatal(): boolean {
    return this.list.some((problem) => problem.fatal);
  }

  get hasErrors(): boolean {
    return this.list.some((problem) => problem.severity === "error");
  }

  /** The resource cannot be used. */
  fatal(position: Position, message: string, difference: Difference = {}): void {
    this.list.push({ severity: "error", fatal: true, position, message, ...difference });
  }

  /** A mistake that the gateway can start with. */
  error(position: Position, message: string, difference: Difference = {}): void {
    this.list.push({ severity: "error", fatal: false, position, message, ...difference });
  }

  /** Worth a look, may be meant. */
  warning(position: Position, message: string, difference: Difference = {}): void {
    this.list.push({ severity: "warning", fatal: false, position, message, ...difference });
  }

  /** By file and line, as a reader goes through them. */
  sorted(): Problem[] {
    return this.list.toSorted(
      (a, b) => a.position.file.localeCompare(b.position.file) || a.position.line - b.position.line,
    );
  }
}

/** `file:line: path: message: expected …, found …`, the form editors and terminals make a link of. */
export function formatProblem({ severity, position, message, expected, found }: Problem): string {
  const place = `${position.file}:${position.line}: ${severity}: `;
  const path = position.path === "" ? "" : `${position.path}: `;
  const difference = [expected && `expected ${expected}`, found && `found ${found}`]
    .filter(Boolean)
    .join(", ");
  return place + path + message + (difference ? `: ${difference}` : "");
}

/** The known word nearest to a mistyped one, if any is near enough to be meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of known) {
    const distance = editDistance(fold(word), fold(candidate));
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** ` (did you mean "x"?)`, or nothing. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === undefined ? "" : ` (did you mean "${near}"?)`;
}

/** Configuration keys mix `fooBar` and `foo_bar`: the difference is a slip like any other. */
function fold(word: string): string {
  return word.toLowerCase().replaceAll(/[_-]/g, "");
}

/** Optimal string alignment: insertions, deletions, substitutions, and neighbours that changed places. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, last[j]! + 1, row[j - 1]! + 1));
      const areSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (areSwapped) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]!;
}
