// Members of a configuration object as Go's decoder takes them: names in any case, and a value of another type is an
// error. `null` counts as nothing.

import { ConfigReader } from "as-proxy-wasm-sdk/sdk";
import { Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonKind } from "as-proxy-wasm-sdk/json";

const ABSENT = Json.read(Span.empty());

export class StrictReader {
  constructor(
    private reader: ConfigReader,
    /** What the reading is called in errors, such as `failed to parse tool config`. */
    private purpose: string,
  ) {}

  /** False, with an error, where the value is no object. */
  get isObject(): bool {
    const isObject = this.reader.value.kind == JsonKind.Object;
    if (!isObject && this.reader.value.kind > JsonKind.Null) this.fail(`expected an object`);
    return isObject;
  }

  has(key: string): bool {
    return this.at(key).kind > JsonKind.Null;
  }

  text(key: string): string {
    const value = this.at(key);
    if (value.kind == JsonKind.String) return this.reader.text(this.nameOf(key));
    this.expected(key, value, "a string");
    return "";
  }

  /** As `text`, and the value is never shown in a log line. */
  secret(key: string): string {
    const value = this.at(key);
    if (value.kind == JsonKind.String) return this.reader.secret(this.nameOf(key));
    this.expected(key, value, "a string");
    return "";
  }

  flag(key: string, fallback: bool = false): bool {
    const value = this.at(key);
    if (value.kind == JsonKind.Bool) return value.isTrue;
    this.expected(key, value, "true or false");
    return fallback;
  }

  /** Reading from an absent object gives nothing. */
  child(key: string): StrictReader {
    const value = this.at(key);
    if (value.kind != JsonKind.Object) this.expected(key, value, "an object");
    const name = this.nameOf(key);
    return new StrictReader(this.reader.child(name.length > 0 ? name : key), this.purpose);
  }

  list(key: string): StrictReader[] {
    const readers: StrictReader[] = [];
    const value = this.at(key);
    if (value.kind != JsonKind.Array) {
      this.expected(key, value, "a list");
      return readers;
    }
    const items = this.reader.list(this.nameOf(key));
    for (let i = 0; i < items.length; i++) readers.push(new StrictReader(items[i], this.purpose));
    return readers;
  }

  /** JSON of any value, or empty. */
  any(key: string): Span {
    return this.has(key) ? this.reader.raw(this.nameOf(key)) : Span.empty();
  }

  /** JSON of an object, or empty. */
  object(key: string): Span {
    const value = this.at(key);
    if (value.kind == JsonKind.Object) return this.reader.raw(this.nameOf(key));
    this.expected(key, value, "an object");
    return Span.empty();
  }

  /** JSON of a list, or empty. */
  array(key: string): Span {
    const value = this.at(key);
    if (value.kind == JsonKind.Array) return this.reader.raw(this.nameOf(key));
    this.expected(key, value, "a list");
    return Span.empty();
  }

  /** An error about this object. */
  fail(message: string): void {
    this.reader.fail(`${this.purpose}: ${message}`);
  }

  /** An error in the words given alone. */
  failPlain(message: string): void {
    this.reader.fail(message);
  }

  warn(message: string): void {
    this.reader.warn(message);
  }

  warnUnread(): void {
    this.reader.warnUnread();
  }

  private expected(key: string, value: Json, what: string): void {
    if (value.kind <= JsonKind.Null) return;
    const kinds = ["nothing", "null", "true or false", "a number", "a string", "a list", "an object"];
    const found = <i32>value.kind < kinds.length ? kinds[<i32>value.kind] : "something else";
    this.reader.child(this.nameOf(key)).fail(`${this.purpose}: expected ${what}, found ${found}`);
  }

  private at(key: string): Json {
    const name = this.nameOf(key);
    // Most keys are absent in most objects: nothing is made for those.
    return name.length > 0 ? this.reader.member(name) : ABSENT;
  }

  /** The name as it is written here: in this very case, or else in another; "" for none. */
  private nameOf(key: string): string {
    const names = this.reader.names;
    if (names.includes(key)) return key;
    for (let i = names.length - 1; i >= 0; i--) if (isSameIgnoringCase(names[i], key)) return names[i];
    return "";
  }
}

/** Of ASCII letters. */
function isSameIgnoringCase(a: string, b: string): bool {
  if (a.length != b.length) return false;
  for (let i = 0; i < a.length; i++) {
    const one = a.charCodeAt(i);
    const other = b.charCodeAt(i);
    if (one != other && ((one | 0x20) != (other | 0x20) || <u32>((one | 0x20) - 0x61) > 25)) return false;
  }
  return true;
}
