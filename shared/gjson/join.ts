// `@join`: the objects of an array as one.

import { Buffer, Span } from "../bytes";
import { Json } from "../json";
import { comma, nameAt, open, valueAt } from "./modifiers";

/** Names keep their first place and get their last value; with `preserve` all members stay. */
export function join(out: Buffer, json: Span, preserve: bool): void {
  const places = new Map<string, i32>();
  const names: Span[] = [];
  const values: Span[] = [];
  const items = open(json);
  while (items.nextItem()) {
    const item = valueAt(json, items);
    if (item.isEmpty) break;
    if (item.at(0) != 0x7b) continue;
    const members = open(item);
    while (members.nextMember()) {
      const value = valueAt(item, members);
      if (value.isEmpty) break;
      const name = nameAt(item, members);
      const key = preserve ? "" : Json.read(name).text();
      if (!preserve && places.has(key)) {
        values[places.get(key)] = value;
        continue;
      }
      if (!preserve) places.set(key, names.length);
      names.push(name);
      values.push(value);
    }
  }
  out.push(0x7b);
  for (let i = 0; i < names.length; i++) {
    comma(out);
    out.append(names[i]);
    out.push(0x3a);
    out.append(values[i]);
  }
  out.push(0x7d);
}
