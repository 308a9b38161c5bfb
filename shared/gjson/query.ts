// The condition of `#(path operator value)`, tried on each item of an array.

import { Span } from "../bytes";
import { Json, JsonKind } from "../json";
import { Budget } from "./budget";
import { floatOf } from "./float";
import { globMatches } from "./glob";
import { trim } from "./parser";
import { GjsonPath } from "./path";

export const enum Operator {
  Exists,
  Equal,
  NotEqual,
  Less,
  LessOrEqual,
  Greater,
  GreaterOrEqual,
  Like,
  NotLike,
}

export class Query {
  /** `#(…)#`: every item, not the first alone. */
  isAll: bool = false;
  /** No path: the item itself is compared. */
  isEmpty: bool = false;
  path: GjsonPath = new GjsonPath();

  private operator: Operator = Operator.Exists;
  private value: Span = Span.empty();
  private number: f64 = 0;
  /** What follows a tilde, the text `true` and so on; or nothing. */
  private truth: Span = Span.empty();
  private isTruth: bool = false;
  private isWord: bool = false;

  /** Takes an operator and what stands behind it; false where there is no such operator. */
  compare(text: Span): bool {
    const first = text.at(0);
    const second = text.at(1);
    let size = 2;
    if (first == 0x21 && second == 0x3d) this.operator = Operator.NotEqual;
    else if (first == 0x21 && second == 0x25) this.operator = Operator.NotLike;
    else if (first == 0x3c && second == 0x3d) this.operator = Operator.LessOrEqual;
    else if (first == 0x3e && second == 0x3d) this.operator = Operator.GreaterOrEqual;
    else if (first == 0x3d && second == 0x3d) this.operator = Operator.Equal;
    else {
      size = 1;
      if (first == 0x3d) this.operator = Operator.Equal;
      else if (first == 0x3c) this.operator = Operator.Less;
      else if (first == 0x3e) this.operator = Operator.Greater;
      else if (first == 0x25) this.operator = Operator.Like;
      else return false;
    }
    let value = trim(text.slice(size));
    if (value.size > 1 && value.at(0) == 0x22 && value.at(value.size - 1) == 0x22) {
      const quoted = Json.read(value);
      const plain = quoted.bytes();
      value = quoted.error == 0 ? plain : value.slice(1, value.size - 1);
    }
    this.isTruth = value.at(0) == 0x7e;
    const word = value.slice(1);
    this.truth = word;
    this.isWord = word.equalsAscii("true") || word.equalsAscii("false");
    if (word.equalsAscii("null") || word.equalsAscii("*")) this.isWord = true;
    this.value = value;
    this.number = floatOf(value, 0);
    return true;
  }

  matches(item: Span, budget: Budget): bool {
    const first = item.at(0);
    let found = item;
    if (first == 0x7b || first == 0x5b) found = this.path.select(item, budget);
    else if (!this.isEmpty) return false;
    const value = Json.read(found);
    if (this.isTruth) return this.isWord && this.comparesBool(this.isSo(value), Span.text("true"));
    if (!value.exists || this.operator == Operator.Exists) return value.exists;
    budget.spend(<i64>found.size);
    if (value.kind == JsonKind.String) return this.comparesText(value.bytes(), budget);
    if (value.kind == JsonKind.Number) {
      const number = value.number(0);
      return this.holds(<i32>(number > this.number) - <i32>(number < this.number));
    }
    return value.kind == JsonKind.Bool && this.comparesBool(value.isTrue, this.value);
  }

  /** What `~true` and its like say of the value. */
  private isSo(value: Json): bool {
    const word = this.truth;
    if (word.equalsAscii("*")) return value.exists;
    if (word.equalsAscii("null")) return value.kind <= JsonKind.Null;
    const isTrue = value.lenientBool();
    if (!word.equalsAscii("false")) return isTrue;
    if (value.kind == JsonKind.String) return isFalseWord(value.bytes());
    return !isTrue && value.kind < JsonKind.Array;
  }

  private comparesText(text: Span, budget: Budget): bool {
    if (this.operator == Operator.Like) return globMatches(text, this.value, budget);
    if (this.operator == Operator.NotLike) return !globMatches(text, this.value, budget);
    const other = this.value;
    const order = memory.compare(text.start, other.start, <usize>min(text.size, other.size));
    return this.holds(order != 0 ? order : text.size - other.size);
  }

  private comparesBool(value: bool, other: Span): bool {
    const isTrue = other.equalsAscii("true");
    const isFalse = other.equalsAscii("false");
    switch (this.operator) {
      case Operator.Equal:
        return value ? isTrue : isFalse;
      case Operator.NotEqual:
        return value ? !isTrue : !isFalse;
      case Operator.Greater:
        return value && isFalse;
      case Operator.Less:
        return !value && isTrue;
      case Operator.GreaterOrEqual:
        return value;
      case Operator.LessOrEqual:
        return !value;
    }
    return false;
  }

  private holds(order: i32): bool {
    switch (this.operator) {
      case Operator.Equal:
        return order == 0;
      case Operator.NotEqual:
        return order != 0;
      case Operator.Less:
        return order < 0;
      case Operator.LessOrEqual:
        return order <= 0;
      case Operator.Greater:
        return order > 0;
      case Operator.GreaterOrEqual:
        return order >= 0;
    }
    return false;
  }
}

/** What Go's `strconv.ParseBool` reads as false, in any case. */
function isFalseWord(text: Span): bool {
  if (text.size == 1) return text.at(0) == 0x30 || (text.at(0) | 0x20) == 0x66;
  return text.size == 5 && text.toString().toLowerCase() == "false";
}
