import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { SseProbe } from "./streams.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");

let probe: SseProbe;
beforeAll(async () => {
  probe = await SseProbe.load();
});

describe("writing an event", () => {
  test.each([
    ["", "a", "data: a\n\n"],
    ["ping", "a", "event: ping\ndata: a\n\n"],
    ["", "", "data: \n\n"],
    ["", "a\nb", "data: a\ndata: b\n\n"],
    ["", "a\r\nb\rc\n", "data: a\ndata: b\ndata: c\ndata: \n\n"],
    ["", " a", "data:  a\n\n"],
    ["a\ndata: evil", "b", "event: a\ndata: b\n\n"],
    ["a\rb", "c", "event: a\ndata: c\n\n"],
    ["\n", "a", "data: a\n\n"],
  ])("named %j with data %j", (name, data, written) => {
    expect(probe.write(latin1(name), latin1(data), false).toString("latin1")).toBe(written);
    expect(probe.write(latin1(name), latin1(data), true).toString("latin1")).toBe(written);
  });

  test("what is written is read as the same event", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", " ", ":", "\n", "\r", "é", "0123456789abcdef"),
      maxLength: 12,
    });
    fc.assert(
      fc.property(text, text, fc.boolean(), (name, data, nameIsString) => {
        const written = probe.write(Buffer.from(name), Buffer.from(data), nameIsString);
        const { events } = probe.read([written]);
        const utf8 = (text: string) => Buffer.from(text).toString("latin1");
        const expected = {
          event: utf8(name.split(/[\r\n]/)[0]!),
          data: utf8(data.replaceAll(/\r\n?/g, "\n")),
          id: "",
        };
        expect(events).toEqual([expected]);
      }),
      { numRuns: 5_000 },
    );
  });

  test("a comment is no event and cannot become one", () => {
    for (const text of ["ping", "", "a\n\ndata: evil", "a\r\rdata: evil"]) {
      probe.put(latin1(text));
      probe.exports.comment!(text.length);
      const written = probe.result();
      expect(written.toString()).toBe(`:${text.split(/[\r\n]/)[0]}\n\n`);
      expect(probe.read([written]).events).toEqual([]);
    }
  });
});
