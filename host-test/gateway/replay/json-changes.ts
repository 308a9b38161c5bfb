// What is different between two JSON values, by path.

export interface Change {
  /** `body choices[0].message.content`, `header x-model`, `status`; empty: the message as a whole. */
  path: string;
  /** JSON of a value, or text; absent: there was none. */
  before?: string | undefined;
  after?: string | undefined;
}

/** Times that an answer tells of itself. */
const timeMembers = new Set(["created", "created_at", "completed_at", "createTime"]);

/** Members named in `ignored`, times and made-up ids do not count. */
export function jsonChanges(
  path: string,
  before: { value: unknown },
  after: { value: unknown },
  ignored: ReadonlySet<string>,
): Change[] {
  const changes: Change[] = [];
  const open = [{ path, key: "", before: before.value, after: after.value }];
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const { path: at, key, before: old, after: now } = next;
    if (ignored.has(key) || isSame(key, old, now)) continue;
    if (!isContainer(old) || !isContainer(now) || Array.isArray(old) !== Array.isArray(now)) {
      changes.push({ path: at, before: shown(old), after: shown(now) });
      continue;
    }
    const isList = Array.isArray(old);
    const keys = new Set([...Object.keys(old), ...Object.keys(now)]);
    const inside = [...keys].map((name) => ({
      path: isList ? `${at}[${name}]` : `${at}${at.includes(" ") || at.includes(".") ? "." : " "}${name}`,
      key: isList ? key : name,
      before: own(old, name),
      after: own(now, name),
    }));
    // Depth first: changes come in the order of the text.
    open.unshift(...inside);
  }
  return changes;
}

type Container = Record<string, unknown>;

function isContainer(value: unknown): value is Container {
  return typeof value === "object" && value !== null;
}

function own(container: Container, key: string): unknown {
  return Object.hasOwn(container, key) ? container[key] : undefined;
}

function isSame(key: string, before: unknown, after: unknown): boolean {
  if (Object.is(before, after)) return true;
  if (typeof before !== typeof after) return false;
  if (timeMembers.has(key) && !isContainer(before) && before !== undefined) return true;
  if (typeof before !== "string" || typeof after !== "string") return false;
  return sameText(before, after) || (/(^|_)id$|Id$/.test(key) && areMadeUp(before, after));
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Both are random behind the same first word, as `chatcmpl-…` and `msg_…`. */
function areMadeUp(before: string, after: string): boolean {
  if (uuid.test(before)) return uuid.test(after);
  const word = /^[A-Za-z]+[-_]/;
  const tail = /[-_][A-Za-z0-9_-]{8,}$/;
  return word.exec(before)?.[0] === word.exec(after)?.[0] && tail.test(before) && tail.test(after);
}

/** `***` in a recording stands for any text: what was there is a secret. */
export function sameText(before: string, after: string): boolean {
  if (before === after) return true;
  const [first = "", ...rest] = before.split("***");
  if (rest.length === 0 || !after.startsWith(first)) return false;
  let from = first.length;
  const last = rest.pop() ?? "";
  for (const part of rest) {
    const at = after.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return after.length - last.length >= from && after.endsWith(last);
}

function shown(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}
