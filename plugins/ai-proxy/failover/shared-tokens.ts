// Which tokens of a provider are in use, known to all VMs of the process. Keys and formats are the Go plugin's, as
// both may run side by side (compat ai-proxy §12.3).

import { Change, log, Store, Update } from "as-proxy-wasm-sdk/sdk";
import { Buffer, Span } from "as-proxy-wasm-sdk/bytes";
import { Json, JsonWriter } from "as-proxy-wasm-sdk/json";

const AVAILABLE: string = "apiTokens";
const UNAVAILABLE: string = "unavailableApiTokens";
const FAILURES: string = "apiTokenRequestFailureCount";
const SUCCESSES: string = "apiTokenRequestSuccessCount";
const PLACE: string = "requestHostAndPath";
export const LEASE: string = "vmLease";

/** Puts a token into a list, or takes it out. Nothing to do: nothing is written. */
class ListChange extends Change {
  constructor(
    private token: string,
    private isIn: bool,
  ) {
    super();
  }

  apply(current: Span): Span | null {
    const tokens = readList(current);
    const index = tokens.indexOf(this.token);
    if (index >= 0 == this.isIn) return null;
    if (this.isIn) tokens.push(this.token);
    else tokens.splice(index, 1);
    return writeList(tokens);
  }
}

/** Adds one to a token's count, or deletes it. */
class CountChange extends Change {
  /** The count as it was written. */
  count: i64 = 0;

  constructor(
    private token: string,
    private increments: bool,
  ) {
    super();
  }

  apply(current: Span): Span | null {
    const out = new Buffer(current.size + 64);
    const json = new JsonWriter(out).object();
    let found = false;
    this.count = 1;
    const counts = Json.read(current).members();
    while (counts.next()) {
      if (counts.key != this.token) {
        json.key(counts.key).integer(counts.value.lenientInteger());
        continue;
      }
      found = true;
      this.count = counts.value.lenientInteger() + 1;
    }
    if (!this.increments && !found) return null;
    if (this.increments) json.key(this.token).integer(this.count);
    json.end();
    return out.span();
  }
}

export class SharedTokens {
  readonly store: Store;

  /** Entries of the same type and id share their tokens. */
  constructor(type: string, id: string) {
    this.store = new Store(`${type}-${id}-`);
  }

  /** Forgets all that was known; `tokens` are in use. False when the host does not take it. */
  reset(tokens: string[]): bool {
    const store = this.store;
    const nothing = Span.empty();
    return (
      store.put(LEASE, nothing) &&
      store.put(AVAILABLE, nothing) &&
      store.put(UNAVAILABLE, nothing) &&
      store.put(SUCCESSES, nothing) &&
      store.put(FAILURES, nothing) &&
      (tokens.length == 0 || store.put(AVAILABLE, writeList(tokens)))
    );
  }

  get available(): string[] {
    return this.list(AVAILABLE);
  }

  get unavailable(): string[] {
    return this.list(UNAVAILABLE);
  }

  /** A request with this token failed. True when that was one too many: the token is out of use now. */
  failed(token: string, threshold: i32): bool {
    if (!this.available.includes(token)) return false;
    const count = new CountChange(token, true);
    this.update(FAILURES, count);
    if (count.count < threshold) return false;
    // Who takes it out of one list, and nobody else, puts it into the other.
    if (!this.update(AVAILABLE, new ListChange(token, false))) return false;
    this.update(UNAVAILABLE, new ListChange(token, true));
    this.update(FAILURES, new CountChange(token, false));
    return true;
  }

  /** A request with this token succeeded: only failures in a row count. */
  succeeded(token: string): void {
    this.update(FAILURES, new CountChange(token, false));
  }

  /** A health check with this token succeeded. True when the token is in use again. */
  recovered(token: string, threshold: i32): bool {
    const count = new CountChange(token, true);
    this.update(SUCCESSES, count);
    if (count.count < threshold) return false;
    if (!this.update(UNAVAILABLE, new ListChange(token, false))) return false;
    this.update(AVAILABLE, new ListChange(token, true));
    this.update(SUCCESSES, new CountChange(token, false));
    return true;
  }

  /** Where a health check has to go. */
  get place(): Json {
    const entry = this.store.get(PLACE);
    return Json.checked(entry === null ? Span.empty() : entry.value);
  }

  keepPlace(host: string, path: string, cluster: string): void {
    const out = new Buffer(256);
    const json = new JsonWriter(out).object();
    json.key("host").text(host).key("path").text(path).key("cluster").text(cluster).end();
    this.store.put(PLACE, out.span());
  }

  private list(key: string): string[] {
    const entry = this.store.get(key);
    return readList(entry === null ? Span.empty() : entry.value);
  }

  private update(key: string, change: Change): bool {
    const update = this.store.update(key, change);
    if (update >= Update.Contended) log.warn(`shared data ${key} could not be written`);
    return update == Update.Written;
  }
}

function readList(json: Span): string[] {
  const tokens: string[] = [];
  const items = Json.read(json).items();
  while (items.next()) tokens.push(items.value.text());
  return tokens;
}

function writeList(tokens: string[]): Span {
  const out = new Buffer(256);
  const json = new JsonWriter(out).array();
  for (let i = 0; i < tokens.length; i++) json.text(tokens[i]);
  json.end();
  return out.span();
}
