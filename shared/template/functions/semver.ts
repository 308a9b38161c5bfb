// Versions and what they must satisfy: sprig's semver and semverCompare. https://github.com/Masterminds/semver

import { Span } from "../../bytes";
import { compareText } from "./core";

class Version {
  numbers: StaticArray<i64> = new StaticArray<i64>(3);
  /** How many of the three numbers are given, and no wildcard. */
  given: i32 = 0;
  pre: Span = Span.empty();
  build: Span = Span.empty();

  /** Null where the text is no version. `wild` admits `x`, `X` and `*` for a number and those after it. */
  static read(text: Span, wild: bool): Version | null {
    const version = new Version();
    let at = text.at(0) == 0x76 ? 1 : 0;
    if (at == text.size) return null;
    for (let i = 0; i < 3; i++) {
      const byte = text.at(at);
      if (wild && (byte == 0x2a || (byte | 0x20) == 0x78)) {
        const after = text.at(at + 1);
        if (after >= 0 && after != 0x2e) return null;
        return version;
      }
      const start = at;
      while (<u32>(text.at(at) - 0x30) < 10) {
        version.numbers[i] = version.numbers[i] * 10 + text.at(at++) - 0x30;
        if (at - start > 18) return null;
      }
      if (at == start) return null;
      version.given++;
      if (text.at(at) != 0x2e || i == 2) break;
      at++;
    }
    if (text.at(at) == 0x2d) {
      const plus = text.indexOf(0x2b, at);
      version.pre = text.slice(at + 1, plus < 0 ? text.size : plus);
      at = plus < 0 ? text.size : plus;
      if (!areIdentifiers(version.pre)) return null;
    }
    if (text.at(at) == 0x2b) {
      version.build = text.slice(at + 1);
      at = text.size;
      if (!areIdentifiers(version.build)) return null;
    }
    return at == text.size ? version : null;
  }

  toString(): string {
    const numbers = this.numbers;
    let text = numbers[0].toString() + "." + numbers[1].toString() + "." + numbers[2].toString();
    if (!this.pre.isEmpty) text += "-" + this.pre.toString();
    return this.build.isEmpty ? text : text + "+" + this.build.toString();
  }

  compare(other: Version): i32 {
    for (let i = 0; i < 3; i++) {
      if (this.numbers[i] != other.numbers[i]) return this.numbers[i] < other.numbers[i] ? -1 : 1;
    }
    if (this.pre.isEmpty || other.pre.isEmpty) return <i32>this.pre.isEmpty - <i32>other.pre.isEmpty;
    return comparePre(this.pre, other.pre);
  }

  /** Whether the first `count` numbers are the same. */
  sharesNumbers(other: Version, count: i32): bool {
    for (let i = 0; i < count; i++) if (this.numbers[i] != other.numbers[i]) return false;
    return true;
  }
}

/** Letters, digits and `-` between dots, none of them empty. */
function areIdentifiers(text: Span): bool {
  let size = 0;
  for (let i = 0; i < text.size; i++) {
    const byte = text.at(i);
    if (byte == 0x2e) {
      if (size == 0) return false;
      size = 0;
      continue;
    }
    if (<u32>((byte | 0x20) - 0x61) > 25 && <u32>(byte - 0x30) > 9 && byte != 0x2d) return false;
    size++;
  }
  return size > 0;
}

/** Numbers by value and below words, words by their bytes, the shorter row first. */
function comparePre(a: Span, b: Span): i32 {
  while (!a.isEmpty && !b.isEmpty) {
    const endA = a.indexOf(0x2e);
    const endB = b.indexOf(0x2e);
    const partA = endA < 0 ? a : a.slice(0, endA);
    const partB = endB < 0 ? b : b.slice(0, endB);
    const numericA = isNumeric(partA);
    const numericB = isNumeric(partB);
    let order = compareText(partA, partB);
    if (numericA != numericB) order = numericA ? -1 : 1;
    else if (numericA && partA.size != partB.size) order = partA.size - partB.size;
    if (order != 0) return order;
    a = endA < 0 ? Span.empty() : a.slice(endA + 1);
    b = endB < 0 ? Span.empty() : b.slice(endB + 1);
  }
  return a.size - b.size;
}

function isNumeric(text: Span): bool {
  for (let i = 0; i < text.size; i++) if (<u32>(text.at(i) - 0x30) > 9) return false;
  return true;
}

/** The version in full, or "" where the text is none. */
export function normalVersion(text: Span): string {
  const version = Version.read(text, false);
  return version === null ? "" : version.toString();
}

/** Whether the version satisfies the constraint: 1 or 0, -1 for a bad constraint, -2 for a bad version. */
export function satisfies(constraint: Span, text: Span): i32 {
  const version = Version.read(text, false);
  let found = 0;
  for (let start = 0; start <= constraint.size;) {
    let end = constraint.indexOfAscii("||", start);
    if (end < 0) end = constraint.size;
    const all = satisfiesAll(constraint.slice(start, end), version);
    if (all < 0) return -1;
    found |= all;
    start = end + 2;
  }
  return version === null ? -2 : found;
}

/** Constraints between commas or spaces; `a - b` is a range. */
function satisfiesAll(text: Span, version: Version | null): i32 {
  let isSatisfied = 1;
  let count = 0;
  let at = 0;
  while (at < text.size) {
    if (text.at(at) == 0x20 || text.at(at) == 0x2c) {
      at++;
      continue;
    }
    const operatorStart = at;
    while (at < text.size && "=!<>~^".indexOf(String.fromCharCode(text.at(at))) >= 0) at++;
    let operator = text.slice(operatorStart, at).toString();
    while (text.at(at) == 0x20) at++;
    let end = at;
    while (end < text.size && text.at(end) != 0x20 && text.at(end) != 0x2c) end++;
    const wanted = Version.read(text.slice(at, end), true);
    at = end;
    if (wanted === null) return -1;
    if (text.slice(at).startsWithAscii(" - ")) {
      at += 3;
      end = at;
      while (end < text.size && text.at(end) != 0x20 && text.at(end) != 0x2c) end++;
      const last = Version.read(text.slice(at, end), true);
      at = end;
      if (last === null || operator.length > 0) return -1;
      if (version !== null && !holds("<=", last, version)) isSatisfied = 0;
      operator = ">=";
    }
    if (!"= != > < >= => <= =< ~ ~> ^ ".includes(operator + " ")) return -1;
    count++;
    if (version !== null && !holds(operator, wanted, version)) isSatisfied = 0;
  }
  return count == 0 ? -1 : isSatisfied;
}

function holds(operator: string, wanted: Version, version: Version): bool {
  // A version before a release is meant only by a constraint that names one.
  if (!version.pre.isEmpty && wanted.pre.isEmpty) return false;
  const order = version.compare(wanted);
  const isSame = version.sharesNumbers(wanted, wanted.given);
  const isPart = wanted.given < 3;
  if (operator == ">") return isPart ? order > 0 && !isSame : order > 0;
  if (operator == "<") return order < 0;
  if (operator == ">=" || operator == "=>") return order >= 0;
  if (operator == "<=" || operator == "=<") return order <= 0 || (isPart && isSame);
  if (operator == "!=") return isPart ? !isSame : order != 0;
  if (operator == "^") {
    let count = 1;
    while (count < wanted.given && wanted.numbers[count - 1] == 0) count++;
    return order >= 0 && version.sharesNumbers(wanted, min(count, wanted.given));
  }
  if (operator == "~" || operator == "~>")
    return order >= 0 && version.sharesNumbers(wanted, min(wanted.given, 2));
  return isPart ? isSame : order == 0;
}
