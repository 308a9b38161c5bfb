// What the probe module does, with JavaScript values at both ends.
import { loadProbe } from "../../../host-test/testing/probe.ts";

export type Dialect = "openai" | "anthropic" | "responses";

/** Options of the writers; the bits are those of the probe. */
export const option = {
  claudeCode: 1,
  topK: 2,
  reasoningContent: 4,
  outputFormat: 8,
  version: 16,
  noUsage: 32,
  mappedModel: 64,
  functions: 128,
  renamedTool: 256,
  seals: 512,
  noCacheControl: 1024,
  customTools: 2048,
} as const;

export const requestError = { none: 0, notJson: 1, notObject: 2, noMessages: 3, unsupported: 4 } as const;

export const edit = {
  developer: 0,
  merge: 1,
  clean: 2,
  includeUsage: 3,
  model: 4,
  promote: 5,
  insertSystem: 6,
} as const;

export const maxEventBytes = 1 << 20;

const numbers: Record<Dialect, number> = { openai: 0, anthropic: 1, responses: 2 };

/** The other one of the two dialects that have a table of rules between them. */
export function other(dialect: Dialect): Dialect {
  return dialect === "openai" ? "anthropic" : "openai";
}

export async function loadConversion() {
  const probe = await loadProbe("shared/llm/test/probe.ts");
  const { exports } = probe;
  const bytesOf = (body: string | Uint8Array) => (typeof body === "string" ? Buffer.from(body) : body);
  const result = () => probe.take(exports.resultStart!(), exports.resultSize!());

  function dropped(): string[] {
    exports.takeNotes!();
    const notes = result().toString();
    return notes === "" ? [] : notes.split("\n");
  }

  /** Puts the body and calls; the module collects its garbage now and then, as a host does. */
  let calls = 0;
  function put(body: string | Uint8Array): number {
    if (++calls % 64 === 0) exports.collect!();
    return probe.put(bytesOf(body));
  }

  return {
    probe,
    request(from: Dialect, to: Dialect, body: string | Uint8Array, flags = 0) {
      exports.setFlags!(flags);
      put(body);
      const error: number = exports.convertRequest!(numbers[from], numbers[to]);
      const text = result().toString();
      return { error, text, dropped: dropped() };
    },
    answer(from: Dialect, to: Dialect, body: string | Uint8Array, flags = 0) {
      exports.setFlags!(flags);
      put(body);
      const isRead = exports.convertAnswer!(numbers[from], numbers[to]) === 1;
      const text = result().toString();
      return { isRead, text, dropped: dropped() };
    },
    /** The whole stream, fed in these chunks. */
    stream(
      from: Dialect,
      to: Dialect,
      chunks: Iterable<string | Uint8Array>,
      flags = 0,
      limit = maxEventBytes,
    ) {
      exports.setFlags!(flags);
      exports.openStream!(numbers[from], numbers[to], limit);
      for (const chunk of chunks) {
        const bytes = bytesOf(chunk);
        exports.feed!(put(bytes), bytes.length);
      }
      exports.finish!();
      const text = result().toString();
      return { text, dropped: dropped() };
    },
    promotedStream(chunks: Iterable<string | Uint8Array>, limit = maxEventBytes): string {
      exports.openPromotion!(limit);
      for (const chunk of chunks) {
        const bytes = bytesOf(chunk);
        exports.feed!(put(bytes), bytes.length);
      }
      exports.finish!();
      return result().toString();
    },
    error(to: Dialect, body: string, status: number) {
      put(body);
      const mapped: number = exports.convertError!(numbers[to], status);
      return { status: mapped, body: JSON.parse(result().toString()) };
    },
    /** The body after an edit; `isChanged` is false when the module handed back the very same bytes. */
    edit(kind: number, body: string | Uint8Array, argument = "") {
      put(argument);
      exports.keep!();
      put(body);
      const isChanged = exports.edit!(kind) === 1;
      return { isChanged, text: result().toString() };
    },
  };
}

export type Conversion = Awaited<ReturnType<typeof loadConversion>>;

export interface StreamEvent {
  name: string;
  data: string;
}

/** The events of a stream that the module wrote: each an optional name and one line of data. */
export function eventsOf(stream: string): StreamEvent[] {
  if (stream === "") return [];
  if (!stream.endsWith("\n\n")) throw new Error(`unfinished event: ${stream.slice(-80)}`);
  return stream
    .slice(0, -2)
    .split("\n\n")
    .map((event) => {
      const found = /^(?:event: (.+)\n)?data: (.*)$/.exec(event);
      if (!found) throw new Error(`malformed event: ${event}`);
      return { name: found[1] ?? "", data: found[2]! };
    });
}

/** The JSON values of a stream's events; `[DONE]` is left out. */
export function valuesOf(stream: string): Record<string, unknown>[] {
  return eventsOf(stream)
    .filter((event) => event.data !== "[DONE]")
    .map((event) => JSON.parse(event.data));
}
