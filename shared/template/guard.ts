// Where strangers' words enter a text that others will read as a language: a URL, a JSON document. A guard writes
// them so that they say nothing in that language.

import { Buffer, Span } from "../bytes";
import { Value } from "./value";

export abstract class Guard {
  /** Whether the path leads to a part of the data that is no stranger's; so is what is made of such parts alone. */
  abstract trusts(path: Span): bool;

  /** Whether what the function of this name gives is harmless in the language already. */
  abstract cleans(name: Span): bool;

  /** Appends a value of a stranger to what is rendered so far. Returns why that cannot be, or "". */
  abstract write(out: Buffer, value: Value): string;
}
