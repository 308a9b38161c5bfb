import { describe, expect, test } from "vitest";
import { Documents } from "./documents.ts";
import { JsonProbe, type SeekResult, builds } from "./harness.ts";

const body = Buffer.from(
  '\ufeff {"messages":[{"role":"user","content":"\\"}{][ \\\\"},{"x":[[],{}]}], "mod\\u0065l" : "first",\r\n' +
    '"stream":true,"é":"ü","n":-1.5e3,"model":"gpt-\\"4\\"" , "z":null,"tools":[],"o":{"model":"inner"}} trailing',
);
const names = ["model", "stream", "n", "é", "o", "absent"];

describe.each(builds)("seek, %s build", async (_name, flags) => {
  const json = await JsonProbe.load(flags);

  function whole(document: Buffer | string, wanted = names): SeekResult {
    return json.seek(wanted, [Buffer.from(document as string)]);
  }

  function value(document: Buffer, result: SeekResult, i: number): string {
    return document.subarray(result.members[i]!.start, result.members[i]!.end).toString();
  }

  test("members are found with the offsets and kind of the last value of that name", () => {
    const result = whole(body);
    expect([result.state, result.error, result.errorAt]).toEqual(["done", "None", -1]);
    expect(names.map((_, i) => value(body, result, i))).toEqual([
      '"gpt-\\"4\\""',
      "true",
      "-1.5e3",
      '"ü"',
      '{"model":"inner"}',
      "",
    ]);
    expect(result.members.map((member) => member.count)).toEqual([2, 1, 1, 1, 1, 0]);
    expect(result.members.map((member) => member.kind)).toEqual([
      "String",
      "Bool",
      "Number",
      "String",
      "Object",
      "Missing",
    ]);
    expect(result.members[5]).toEqual({ count: 0, start: -1, end: -1, kind: "Missing" });
  });

  test("every way of cutting a body in two, and single bytes, give the same result", () => {
    const expected = whole(body);
    for (let cut = 0; cut <= body.length; cut++) {
      expect(json.seek(names, [body.subarray(0, cut), body.subarray(cut)]), `cut at ${cut}`).toEqual(
        expected,
      );
    }
    expect(
      json.seek(
        names,
        [...body].map((byte) => Buffer.from([byte])),
      ),
    ).toEqual(expected);
  });

  test("every way of cutting a broken body gives the same error at the same offset", () => {
    const broken: [document: string, error: string, at: number][] = [
      ["", "Empty", 0],
      [" \ufeff{}", "NotObject", 1],
      ["[1]", "NotObject", 0],
      ['"text"', "NotObject", 0],
      ['{"a" 1}', "Syntax", 5],
      ['{"a":,}', "Syntax", 5],
      ['{"a":1,}', "Syntax", 7],
      ['{,"a":1}', "Syntax", 1],
      ['{"a":1 2}', "Syntax", 7],
      ['{"a":{"b":[1,2]}', "Truncated", 16],
      ['{"a":"x\\"}', "Truncated", 10],
      ['{"\\ud800":1}', "Surrogate", 9],
      ['{"\\x":1}', "Escape", 5],
      ['{"a":1', "Truncated", 6],
      [`{"a":${"[".repeat(129)}`, "Depth", 133],
    ];
    for (const [document, error, at] of broken) {
      const bytes = Buffer.from(document);
      for (let cut = 0; cut <= bytes.length; cut++) {
        const result = json.seek(names, [bytes.subarray(0, cut), bytes.subarray(cut)]);
        expect([result.state, result.error, result.errorAt], `${document} cut at ${cut}`).toEqual([
          "failed",
          error,
          at,
        ]);
      }
    }
  });

  test("a member is told as soon as its value has ended, before the rest has come", () => {
    const end = body.indexOf('"first"') + '"first"'.length;
    expect(json.seek(names, [body.subarray(0, end - 1)], false).members[0]!.count).toBe(0);
    const early = json.seek(names, [body.subarray(0, end)], false);
    expect([early.state, value(body, early, 0)]).toEqual(["searching", '"first"']);
  });

  test("a name with every character escaped is found, a longer one is passed over however long it is", () => {
    const escaped = [..."model"].map((letter) => `\\u00${letter.charCodeAt(0).toString(16)}`).join("");
    const long = "model".repeat(50_000);
    const document = Buffer.from(`{"${long}":1,"${escaped}":2,"${"\\u0061".repeat(20_000)}":3}`);
    json.call("seekStart", "model");
    json.call("collect");
    const before = json.probe.memory.buffer.byteLength;
    for (let at = 0; at < document.length; at += 1000) {
      const piece = document.subarray(at, at + 1000);
      json.call("seekFeed", undefined, json.probe.put(piece), piece.length);
      json.call("collect");
    }
    const start = json.call("seekFrom", undefined, 0);
    expect([
      json.call("seekState"),
      json.call("seekCount", undefined, 0),
      document.indexOf(":2") + 1,
    ]).toEqual([1, 1, start]);
    // The names are 370 kB; the first page is 64 KiB and may have to double once.
    expect(json.probe.memory.buffer.byteLength).toBeLessThanOrEqual(Math.max(before, 1 << 17));
  });

  test("generated objects, cut at random, give the places the generator knows", () => {
    const generator = new Documents(3);
    const wanted = ["model", "a", "", "ключ", 'quo"te', "😀", "back\\slash"];
    for (let i = 0; i < 5000; i++) {
      const { bytes, root } = generator.next();
      const result = json.seek(wanted, generator.cut(bytes));
      const expected = wanted.map((name) => {
        const values = root.members.filter((member) => member.name === name).map((member) => member.value);
        return [values.length, values.at(-1)?.start ?? -1, values.at(-1)?.end ?? -1];
      });
      const found = result.members.map(({ count, start, end }) => [count, start, end]);
      expect(found, bytes.toString()).toEqual(expected);
      expect(result.state).toBe("done");
    }
  });

  test("the view and the seek agree on every generated document, damaged ones included", () => {
    const generator = new Documents(5);
    for (let i = 0; i < 5000; i++) {
      const bytes = generator.damage(generator.next().bytes);
      const result = json.seek(["model"], generator.cut(bytes));
      json.open(bytes);
      json.call("getAgain", "model");
      const raw = json.output();
      if (result.state === "done" && raw.length > 0) {
        expect(value(bytes, result, 0), JSON.stringify(bytes.toString())).toBe(raw.toString());
      }
      // What the view reads, the seek finds: it judges less.
      if (raw.length > 0) expect(result.state, JSON.stringify(bytes.toString())).toBe("done");
    }
  });
});
