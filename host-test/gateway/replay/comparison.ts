// What is different between two messages, in the terms of whoever wrote them: a status, a header, a member of JSON,
// an event of a stream.

import type { Headers } from "../../host/types.ts";
import type { Body, Message } from "../traces/trace.ts";
import { bytesOf } from "./recording.ts";
import { jsonChanges, sameText, type Change } from "./json-changes.ts";

export interface ComparisonOptions {
  /** Headers and JSON members, by name, that do not count. */
  ignored: ReadonlySet<string>;
}

/** Differ from one exchange to the next whatever the chain does, or follow from the body. */
const volatileHeaders = new Set([
  ...["date", "x-request-id", "x-forwarded-for", "x-envoy-external-address", "x-envoy-upstream-service-time"],
  ...["traceparent", "connection", "keep-alive", "transfer-encoding", "content-length"],
]);

/** Empty: the same. Undefined: there was, or is, no such message. */
export function changesOf(
  before: Message | undefined,
  after: Message | undefined,
  { ignored }: ComparisonOptions,
): Change[] {
  if (before === undefined || after === undefined) {
    if (before === after) return [];
    return [{ path: "", before: before ? "sent" : "none", after: after ? "sent" : "none" }];
  }
  return [...headerChanges(before.headers, after.headers, ignored), ...bodyChanges(before, after, ignored)];
}

function headerChanges(before: Headers, after: Headers, ignored: ReadonlySet<string>): Change[] {
  const names = new Set([...before, ...after].map(([name]) => name));
  return [...names].flatMap((name): Change[] => {
    if (volatileHeaders.has(name) || ignored.has(name)) return [];
    const [old, now] = [valuesOf(before, name), valuesOf(after, name)];
    if (old !== undefined && now !== undefined && sameText(old, now)) return [];
    return [{ path: name === ":status" ? "status" : `header ${name}`, before: old, after: now }];
  });
}

function valuesOf(headers: Headers, name: string): string | undefined {
  const values = headers.filter(([key]) => key === name).map(([, value]) => value);
  return values.length > 0 ? values.join(", ") : undefined;
}

function bodyChanges(before: Message, after: Message, ignored: ReadonlySet<string>): Change[] {
  const [old, now] = [bytesOf(before.body), bytesOf(after.body)];
  if (old.equals(now)) return [];
  const isCut = Boolean(before.body.truncated || after.body.truncated);
  const [oldText, nowText] = [old.toString("utf8"), now.toString("utf8")];
  if (!isCut) {
    const [oldJson, nowJson] = [parsed(oldText), parsed(nowText)];
    if (oldJson !== undefined && nowJson !== undefined) return jsonChanges("body", oldJson, nowJson, ignored);
  }
  if (isEventStream(before) && isEventStream(after)) return eventChanges(oldText, nowText, isCut, ignored);
  return firstDifference(before.body, after.body, isCut);
}

/** As values, of text that is JSON. */
function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function isEventStream({ headers }: Message): boolean {
  return headers.some(([name, value]) => name === "content-type" && value.startsWith("text/event-stream"));
}

/** Event by event, however the chunks were cut. */
function eventChanges(before: string, after: string, isCut: boolean, ignored: ReadonlySet<string>): Change[] {
  const [old, now] = [eventsOf(before, isCut), eventsOf(after, isCut)];
  const changes: Change[] = [];
  const common = Math.min(old.length, now.length);
  for (let i = 0; i < common; i++) {
    const path = `event ${i}`;
    const [oldJson, nowJson] = [parsed(dataOf(old[i]!)), parsed(dataOf(now[i]!))];
    if (nameOf(old[i]!) !== nameOf(now[i]!))
      changes.push({ path: `${path} name`, before: nameOf(old[i]!), after: nameOf(now[i]!) });
    if (oldJson !== undefined && nowJson !== undefined)
      changes.push(...jsonChanges(path, oldJson, nowJson, ignored));
    else if (!sameText(dataOf(old[i]!), dataOf(now[i]!)))
      changes.push({ path, before: dataOf(old[i]!), after: dataOf(now[i]!) });
  }
  if (!isCut && old.length !== now.length)
    changes.push({ path: "events", before: String(old.length), after: String(now.length) });
  return changes;
}

function eventsOf(text: string, isCut: boolean): string[] {
  const events = text.split(/\r\n\r\n|\n\n|\r\r/);
  if (isCut) events.pop();
  // Comments keep a connection open and tell nothing.
  return events.filter((event) => /^(data|event):?/m.test(event));
}

function nameOf(event: string): string {
  return /^event: ?(.*)$/m.exec(event)?.[1] ?? "message";
}

function dataOf(event: string): string {
  return [...event.matchAll(/^data: ?(.*)$/gm)].map(([, data]) => data).join("\n");
}

const excerptBytes = 40;

function firstDifference(before: Body, after: Body, isCut: boolean): Change[] {
  const [old, now] = [bytesOf(before), bytesOf(after)];
  const common = Math.min(old.length, now.length);
  let at = 0;
  while (at < common && old[at] === now[at]) at++;
  if (isCut && at === common)
    return before.bytes === after.bytes
      ? []
      : [{ path: "body bytes", before: String(before.bytes), after: String(after.bytes) }];
  const excerpt = (bytes: Buffer): string => bytes.subarray(at, at + excerptBytes).toString("utf8");
  return [{ path: `body from byte ${at}`, before: excerpt(old), after: excerpt(now) }];
}
