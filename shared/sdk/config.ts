// Reading a plugin's configuration. Values are coerced as leniently as the Go plugins do (a port may be a
// string, a lone object stands for a list of one), and every complaint names the field by path, what was
// expected and what was found.

import { Json, JsonKind } from "../json";
import { equalsAsciiIgnoreCase } from "../bytes/ascii";
import { IntegerError, readInteger } from "../bytes/integer";
import { Span } from "../bytes/span";
import { ConfigReport } from "./config-report";
import { maskInLogs } from "./log";

export { ConfigReport };

/** Until the configurations that belong together are known. */
const NO_CONFIGS: Config[] = [];

/** Base of every plugin's configuration class. */
export abstract class Config {
  /** The global configuration and those of all rules, this one among them. Set before `start`. */
  siblings: Config[] = NO_CONFIGS;

  /** Called once when the configuration is taken into use; false rejects it (log the reason). */
  start(): bool {
    return true;
  }
}

const FOUND_LIMIT = 40;

/** What is at `value`, short enough for a message; never the whole value. */
function describe(value: Json): string {
  if (!value.exists) return "nothing";
  if (value.kind == JsonKind.Object) return "an object";
  if (value.kind == JsonKind.Array) return "a list";
  const raw = value.raw();
  const text = raw.slice(0, FOUND_LIMIT).toString();
  return raw.size > FOUND_LIMIT ? text + "…" : text;
}

const ABSENT = Json.read(Span.empty());

export class ConfigReader {
  private read: string[] = [];
  /** The members of the value, read once: a configuration may have ten thousand objects, and nothing is collected meanwhile. */
  private memberNames: string[] | null = null;
  private memberValues: Json[] = [];
  private secretKeys: string[] = [];

  constructor(
    public value: Json,
    /** Where this value stands, e.g. `providers[0].failover`; "" at the top. */
    public path: string,
    public report: ConfigReport,
  ) {}

  /** True when the key exists, even with `null`. */
  has(key: string): bool {
    return this.member(key).exists;
  }

  isObjectAt(key: string): bool {
    return this.member(key).kind == JsonKind.Object;
  }

  /** The member as a reader of its own; reading from an absent one gives defaults. */
  child(key: string): ConfigReader {
    return new ConfigReader(this.member(key), this.pathOf(key), this.report);
  }

  /** Strings as they are, numbers and booleans as their text, objects and lists as raw JSON; else `fallback`. */
  text(key: string, fallback: string = ""): string {
    const value = this.member(key);
    return value.exists && value.kind != JsonKind.Null ? value.lenientText() : fallback;
  }

  requiredText(key: string): string {
    const text = this.text(key);
    if (text.length == 0) this.expected(key, "a non-empty string");
    return text;
  }

  /** As `text`, and the value is never shown in a log line. */
  secret(key: string): string {
    this.secretKeys.push(key);
    const text = this.text(key);
    maskInLogs(text);
    return text;
  }

  /**
   * Numbers truncated, numeric strings parsed, true 1. Zero means `fallback`, as in the Go plugins, and so does
   * what is no number; of that a warning tells.
   */
  integer(key: string, fallback: i64 = 0): i64 {
    const value = this.member(key);
    const isNumeric =
      value.kind != JsonKind.String || readInteger(value.bytes()).error != IntegerError.Malformed;
    this.warnUnless(key, isNumeric, "an integer");
    const number = value.lenientInteger();
    return number == 0 ? fallback : number;
  }

  /** As `integer`; a result outside the bounds is an error. */
  integerBetween(key: string, fallback: i64, least: i64, most: i64): i64 {
    const number = this.integer(key, fallback);
    if (number < least || number > most) this.expected(key, `an integer from ${least} to ${most}`);
    return number;
  }

  /** As `integer` with a fraction, but an explicit zero stands. */
  number(key: string, fallback: f64 = 0): f64 {
    const value = this.member(key);
    if (value.kind <= JsonKind.Null) return fallback;
    const number = value.lenientNumber();
    // Of texts that read as zero, only one that starts like a number can mean it.
    const first = value.kind == JsonKind.String ? value.bytes().at(0) : 0x30;
    const isNumeric = number != 0 || first == 0x2d || (first >= 0x30 && first <= 0x39);
    if (!this.warnUnless(key, isNumeric, "a number")) return fallback;
    return number;
  }

  /** `true`, non-zero numbers and the strings 1, t, true in any case are true; `fallback` when absent. */
  flag(key: string, fallback: bool = false): bool {
    const value = this.member(key);
    if (!value.exists) return fallback;
    const flag = value.lenientBool();
    let isFlag = flag || value.kind != JsonKind.String;
    if (!isFlag) {
      const text = value.bytes();
      isFlag =
        text.isEmpty ||
        text.equalsAscii("0") ||
        equalsAsciiIgnoreCase(text, "f") ||
        equalsAsciiIgnoreCase(text, "false");
    }
    this.warnUnless(key, isFlag, "true or false");
    return flag;
  }

  /** The items of a list; a lone value counts as a list of one, absent or `null` as an empty one. */
  list(key: string): ConfigReader[] {
    const readers: ConfigReader[] = [];
    const value = this.member(key);
    const path = this.pathOf(key);
    if (value.kind == JsonKind.Array) {
      const items = value.items();
      while (items.next()) {
        readers.push(new ConfigReader(items.value, `${path}[${readers.length}]`, this.report));
      }
    } else if (value.exists && value.kind != JsonKind.Null) {
      readers.push(new ConfigReader(value, path, this.report));
    }
    return readers;
  }

  texts(key: string): string[] {
    const texts: string[] = [];
    const readers = this.list(key);
    for (let i = 0; i < readers.length; i++) texts.push(readers[i].value.lenientText());
    return texts;
  }

  secrets(key: string): string[] {
    this.secretKeys.push(key);
    const texts = this.texts(key);
    for (let i = 0; i < texts.length; i++) maskInLogs(texts[i]);
    return texts;
  }

  /** The members of an object; anything else counts as an empty one. */
  entries(key: string): ConfigEntry[] {
    const entries: ConfigEntry[] = [];
    const value = this.member(key);
    if (value.kind != JsonKind.Object) return entries;
    const path = this.pathOf(key);
    const members = value.members();
    while (members.next()) {
      const name = members.key;
      entries.push(new ConfigEntry(name, new ConfigReader(members.value, `${path}.${name}`, this.report)));
    }
    return entries;
  }

  /** The value's JSON, copied so that it may outlive the configuration text. */
  raw(key: string): Span {
    return this.member(key).raw().copy();
  }

  /** Records that `key` is not what it must be. */
  expected(key: string, what: string): void {
    this.report.errors.push(`${this.pathOf(key)}: expected ${what}, found ${this.found(key)}`);
  }

  /** Records an error about this object in the plugin's own words. */
  fail(message: string): void {
    this.report.errors.push(this.path.length > 0 ? `${this.path}: ${message}` : message);
  }

  /** Records a warning about this object: the configuration is taken, but not all of it works. */
  warn(message: string): void {
    this.report.warnings.push(this.path.length > 0 ? `${this.path}: ${message}` : message);
  }

  /** Warns of members that nobody has asked for: a misspelt key must not be silent. */
  warnUnread(): void {
    const names = this.names;
    for (let i = 0; i < names.length; i++) {
      const name = names[i];
      if (name.startsWith("_match_") || name == "_rules_" || name == "_plugin_id_") continue;
      if (!this.read.includes(name)) {
        this.report.warnings.push(`${this.pathOf(name)}: unknown key, ignored`);
      }
    }
  }

  /** Warns when the value at `key` is neither absent nor `fits`; answers whether it can be used. */
  private warnUnless(key: string, fits: bool, what: string): bool {
    const kind = this.member(key).kind;
    if (kind <= JsonKind.Null || (fits && kind < JsonKind.Array)) return true;
    this.report.warnings.push(`${this.pathOf(key)}: expected ${what}, found ${this.found(key)}: ignored`);
    return false;
  }

  private found(key: string): string {
    const value = this.member(key);
    if (value.kind == JsonKind.String && this.secretKeys.includes(key)) return "a secret that is not shown";
    return describe(value);
  }

  /** The names of the value's members, in their order; none for what is no object. */
  get names(): string[] {
    const known = this.memberNames;
    if (known !== null) return known;
    const names: string[] = [];
    this.memberNames = names;
    if (this.value.kind != JsonKind.Object) return names;
    const members = this.value.members();
    while (members.next()) {
      names.push(members.key);
      this.memberValues.push(members.value);
    }
    return names;
  }

  /** The member's value, missing where there is none; of two of one name the last. */
  member(key: string): Json {
    if (!this.read.includes(key)) this.read.push(key);
    const at = this.names.lastIndexOf(key);
    return at < 0 ? ABSENT : this.memberValues[at];
  }

  private pathOf(key: string): string {
    return this.path.length > 0 ? `${this.path}.${key}` : key;
  }
}

export class ConfigEntry {
  constructor(
    public name: string,
    public reader: ConfigReader,
  ) {}
}
