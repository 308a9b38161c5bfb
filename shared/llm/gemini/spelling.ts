// Names in Google's requests, which may be written in camel case and in snake case.

import { Buffer, Span } from "../../bytes";
import { Json } from "../../json";

/** `system_instruction` as `systemInstruction`; other names as they are. */
export function camelName(name: Span): Span {
  if (name.indexOf(0x5f) < 0) return name;
  const camel = new Buffer(name.size);
  for (let i = 0; i < name.size; i++) {
    const next = name.at(i + 1);
    const isSeam = i > 0 && name.at(i) == 0x5f && next >= 0x61 && next <= 0x7a;
    if (isSeam) i++;
    camel.push(isSeam ? next - 0x20 : name.at(i));
  }
  return camel.span();
}

/** The member under either name. */
export function member(value: Json, camel: string, snake: string): Json {
  const found = value.get(camel);
  return found.exists ? found : value.get(snake);
}
