import { describe, expect, test } from "vitest";
import { Documents, randomFrom } from "./documents.ts";
import { JsonProbe, builds } from "./harness.ts";

describe.each(builds)("writer and escapes, %s build", async (_name, flags) => {
  const json = await JsonProbe.load(flags);

  /** Calls the writer's methods: `[name, input?, ...arguments]`. */
  function write(
    calls: [name: string, input?: string | Uint8Array, ...args: (number | bigint)[]][],
    html = 0,
  ): string {
    json.call("writeStart", undefined, html);
    for (const [name, input, ...args] of calls) json.call(`write${name}`, input, ...args);
    return json.text("writeFinish");
  }

  test("commas, names and every kind of value are written", () => {
    const document = write([
      ["Object"],
      ["Key", "text"],
      ["Text", "é\n"],
      ["Key", "bytes"],
      ["Bytes", "😀"],
      ["Key", "escaped"],
      ["Escaped", 'a\\"b'],
      ["Key", "raw"],
      ["Raw", '{"x":1}'],
      ["Key", "none"],
      ["Raw", ""],
      ["Key", "list"],
      ["Array"],
      ["Integer", undefined, 1n],
      ["Integer", undefined, -(2n ** 63n)],
      ["Number", undefined, 0.1],
      ["Number", undefined, 5],
      ["Number", undefined, NaN],
      ["Number", undefined, Infinity],
      ["Bool", undefined, 1],
      ["Array"],
      ["End"],
      ["Object"],
      ["End"],
      ["End"],
      ["Key", 'q"'],
      ["Bool", undefined, 0],
      ["End"],
    ]);
    expect(document).toBe(
      '{"text":"é\\n","bytes":"😀","escaped":"a\\"b","raw":{"x":1},"none":null,' +
        '"list":[1,-9223372036854775808,0.1,5,null,null,true,[],{}],"q\\"":false}',
    );
  });

  test("a double is written so that it is read back the same", () => {
    const random = randomFrom(31);
    for (const value of [
      0,
      -0.5,
      1e21,
      1e-7,
      5e-324,
      1.7976931348623157e308,
      123456789012345680000,
      ...Array.from({ length: 2000 }, () => random() * 10 ** Math.floor(random() * 40 - 20)),
    ]) {
      expect(Number(write([["Number", undefined, value]]))).toBe(value);
    }
  });

  test("a container beyond 128 levels is written as null and told by code; the rest is well-formed", () => {
    json.call("writeStart", undefined, 0);
    for (let i = 0; i < 200; i++) json.call("writeArray");
    json.call("writeText", "lost");
    for (let i = 0; i < 200; i++) json.call("writeEnd");
    json.call("writeEnd");
    expect(json.call("writeFinish")).toBe(4);
    expect(json.output().toString()).toBe(`${"[".repeat(128)}null${"]".repeat(128)}`);
  });

  test("text is escaped as JSON.stringify escapes it", () => {
    const all =
      Array.from({ length: 0x250 }, (_, unit) => String.fromCharCode(unit)).join("") + "\u2028\u2029\ufffd😀";
    expect(`"${json.text("escape", all, 0)}"`).toBe(JSON.stringify(all));
    expect(write([["Text", all]])).toBe(JSON.stringify(all));
    // Every special byte at every place of a vector.
    for (let size = 0; size < 40; size++) {
      for (const special of ['"', "\\", "\n", "\u0001", "é"]) {
        const text = "x".repeat(size) + special + "y".repeat(17);
        expect(`"${json.text("escape", text, 0)}"`).toBe(JSON.stringify(text));
      }
    }
  });

  test("text is escaped for HTML as Go's encoding/json escapes it", () => {
    expect(json.text("escape", "<a href='x'>&amp;\u2028\u2029\u2027\u202a\"\\\n</a>", 1)).toBe(
      "\\u003ca href='x'\\u003e\\u0026amp;\\u2028\\u2029\u2027\u202a\\\"\\\\\\n\\u003c/a\\u003e",
    );
    expect(write([["Object"], ["Key", "<"], ["Text", ">"], ["End"]], 1)).toBe('{"\\u003c":"\\u003e"}');
    expect(json.text("escape", "<>&\u2028", 0)).toBe("<>&\u2028");
  });

  test("invalid UTF-8 becomes U+FFFD as TextDecoder does it", () => {
    for (const bytes of [
      [0x41, 0xff, 0x42],
      [0xc0, 0xa2],
      [0xed, 0xa0, 0x80],
      [0xe2, 0x80],
      [0xf0, 0x9f, 0x98],
      [0x22, 0x80],
    ]) {
      const text = new TextDecoder().decode(new Uint8Array(bytes));
      for (const html of [0, 1])
        expect(`"${json.text("escape", new Uint8Array(bytes), html)}"`).toBe(JSON.stringify(text));
    }
  });

  test("unescaping gives back what was escaped, and text that is JSON again", () => {
    const generator = new Documents(41);
    for (let i = 0; i < 3000; i++) {
      const { bytes } = generator.next(true);
      const escaped = json.bytes("escape", bytes, i & 1);
      expect(json.call("unescape", escaped)).toBe(0);
      expect(json.output().equals(bytes)).toBe(true);
    }
    expect(json.call("unescape", '{\\"city\\":\\"K\\u00f6ln\\"}')).toBe(0);
    expect(json.output().toString()).toBe('{"city":"Köln"}');
  });

  test("content of generated strings is unescaped as Node unescapes it", () => {
    const generator = new Documents(42);
    for (let i = 0; i < 5000; i++) {
      const content = generator.content();
      expect(json.call("unescape", content)).toBe(0);
      expect(json.output().toString()).toBe((JSON.parse(`"${content}"`) as string).toWellFormed());
    }
  });

  test("content that is none is refused by code and appends nothing", () => {
    const cases: [content: string | Uint8Array, error: number][] = [
      ['a"b', 5],
      ["a\nb", 5],
      ["a\\", 6],
      ["\\x", 6],
      ["\\u12", 6],
      ["\\u12g4", 6],
      ["\\ud83d\\u", 6],
      [new Uint8Array([0xff]), 7],
    ];
    for (const [content, error] of cases) {
      expect(json.call("unescape", content), String(content)).toBe(error);
      expect(json.output()).toHaveLength(0);
    }
  });
});
