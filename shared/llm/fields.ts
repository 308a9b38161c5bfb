// The members of an object that a reader knows, found in one pass: their order must not matter, and each look-up by
// name is a pass of its own.

import { Span } from "../bytes";
import { Json, JsonKind } from "../json";
import { Dropped } from "./dropped";
import { indexOfName } from "./names";
import { NONE } from "./text";

/** Puts the members with these names into `found`, null for those that are absent; the last duplicate counts. */
export function collect(value: Json, names: StaticArray<string>, found: StaticArray<Json | null>): void {
  for (let i = 0; i < found.length; i++) found[i] = null;
  const members = value.members();
  while (members.next()) {
    const index = indexOfName(names, members.keyBytes());
    if (index >= 0) found[index] = members.value;
  }
}

/** Notes the members of an object that say something and are none of `known`: nothing reads them. */
export function nameOthers(value: Json, known: StaticArray<string>, prefix: string, dropped: Dropped): void {
  const members = value.members();
  while (members.next()) {
    if (indexOfName(known, members.keyBytes()) >= 0) continue;
    const kind = members.value.kind;
    const isEmpty = kind <= JsonKind.Null || (kind >= JsonKind.String && members.value.raw().size == 2);
    if (!isEmpty) dropped.addNamed(prefix, members.keyBytes());
  }
}

/** String content of a member; empty where it is absent or no string. */
export function textIn(value: Json | null): Span {
  return value && value.kind == JsonKind.String ? value.escaped() : NONE;
}

export function integerOf(value: Json | null, fallback: i64): i64 {
  return value ? value.integer(fallback) : fallback;
}
