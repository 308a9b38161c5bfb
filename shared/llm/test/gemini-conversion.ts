// What the probe of the Gemini dialect does, with JavaScript values at both ends.
import { loadProbe } from "../../../host-test/testing/probe.ts";

export type Dialect = "openai" | "anthropic" | "gemini";

/** Options of the writers; the bits are those of the probe. */
export const option = { snakeCase: 1, asList: 2, configured: 4 } as const;

export const maxEventBytes = 1 << 20;

const numbers: Record<Dialect, number> = { openai: 0, anthropic: 1, gemini: 2 };

export async function loadConversion() {
  const probe = await loadProbe("shared/llm/test/probe/gemini.ts");
  const { exports } = probe;
  const result = () => probe.take(exports.resultStart!(), exports.resultSize!()).toString();
  let calls = 0;

  /** Puts the body; the module collects its garbage now and then, as a host does. */
  function put(body: string | Uint8Array): number {
    if (++calls % 64 === 0) exports.collect!();
    return probe.put(typeof body === "string" ? Buffer.from(body) : body);
  }

  function dropped(): string[] {
    exports.takeNotes!();
    const notes = result();
    return notes === "" ? [] : notes.split("\n");
  }

  return {
    request(from: Dialect, to: Dialect, body: string | Uint8Array, model = "", flags = 0) {
      exports.setFlags!(flags);
      put(model);
      exports.keepModel!();
      put(body);
      const error: number = exports.convertRequest!(numbers[from], numbers[to]);
      const text = result();
      return { error, text, dropped: dropped() };
    },
    answer(from: Dialect, to: Dialect, body: string | Uint8Array) {
      put(body);
      const isRead = exports.convertAnswer!(numbers[from], numbers[to]) === 1;
      const text = result();
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
        const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
        exports.feed!(put(bytes), bytes.length);
      }
      exports.finish!();
      const text = result();
      return { text, dropped: dropped() };
    },
    error(kind: number, message: string) {
      put(message);
      exports.writeError!(kind);
      return JSON.parse(result());
    },
  };
}
