// The functions a template may call, in groups; a function's row is its group and its place in it.

import { Execution } from "../execution";
import { Value } from "../value";
import { callCore, CoreFunction, coreFunctions } from "./core";
import { callData, dataFunctions } from "./data";
import { callEncoding, encodingFunctions } from "./encoding";
import { callNumber, numberFunctions } from "./number";
import { callText, textFunctions } from "./text";
import { callTime, timeFunctions } from "./time";

const GROUP = 128;

const groups: string[] = [
  coreFunctions,
  textFunctions,
  numberFunctions,
  dataFunctions,
  encodingFunctions,
  timeFunctions,
];

/** Rows by name, the least and the greatest number of arguments by row. */
class Table {
  rows: Map<string, i32> = new Map<string, i32>();
  least: Map<i32, i32> = new Map<i32, i32>();
  most: Map<i32, i32> = new Map<i32, i32>();
  private static made: Table | null = null;

  /** Made when first needed. */
  static get(): Table {
    let table = Table.made;
    if (table === null) Table.made = table = new Table();
    return table;
  }

  constructor() {
    for (let group = 0; group < groups.length; group++) {
      const words = groups[group].split(" ");
      for (let i = 0; i < words.length; i++) {
        // `name` takes one argument, `name:2` two, `name:1+` one or more, `name:1-2` one or two; `a/b` has two names.
        const parts = words[i].split(":");
        const row = group * GROUP + i;
        const names = parts[0].split("/");
        const count = parts.length > 1 ? parts[1] : "1";
        const least = count.charCodeAt(0) - 0x30;
        for (let k = 0; k < names.length; k++) this.rows.set(names[k], row);
        this.least.set(row, least);
        this.most.set(
          row,
          count.endsWith("+") ? i32.MAX_VALUE : count.length == 3 ? count.charCodeAt(2) - 0x30 : least,
        );
      }
    }
  }
}

/** The row of the function, or -1. */
export function functionNamed(name: string): i32 {
  const rows = Table.get().rows;
  return rows.has(name) ? rows.get(name) : -1;
}

function leastOf(row: i32): i32 {
  const least = Table.get().least;
  return least.has(row) ? least.get(row) : 0;
}

/** What is wrong with the number of arguments, in Go's words, or "". */
export function checkArguments(row: i32, count: i32): string {
  const table = Table.get();
  const least = leastOf(row);
  const most = table.most.has(row) ? table.most.get(row) : 0;
  if (count >= least && count <= most) return "";
  const keys = table.rows.keys();
  let name = "";
  for (let i = 0; i < keys.length; i++) if (functionNamed(keys[i]) == row) name = keys[i];
  const want = (most > 9 ? "at least " : "") + least.toString();
  return "wrong number of args for " + name + ": want " + want + " got " + count.toString();
}

/** True for `gjson`, whose path begins at the dot. */
export function readsDot(row: i32): bool {
  return row == CoreFunction.Gjson;
}

/** -1 for `or`, which stops at the first true value, 1 for `and`, 0 for the rest. */
export function isLogical(row: i32): i32 {
  return row == CoreFunction.Or ? -1 : <i32>(row == CoreFunction.And);
}

/** Built-in functions take a piped value only where an argument is wanting, the others unless it is missing. */
export function takesPiped(row: i32, count: i32, isMissing: bool): bool {
  if (row < GROUP) return count < max(leastOf(row), 1) || (row >= CoreFunction.Printf && count == 1);
  return !isMissing || count < leastOf(row);
}

export function callFunction(row: i32, values: Value[], dot: Value, execution: Execution): Value {
  const place = row % GROUP;
  switch (row / GROUP) {
    case 0:
      return callCore(place, values, dot, execution);
    case 1:
      return callText(place, values, execution);
    case 2:
      return callNumber(place, values, execution);
    case 3:
      return callData(place, values, execution);
    case 4:
      return callEncoding(place, values, execution);
  }
  return callTime(place, values, execution);
}
