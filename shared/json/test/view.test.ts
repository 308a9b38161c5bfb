import { describe, expect, test } from "vitest";
import { Documents } from "./documents.ts";
import { JsonProbe, builds } from "./harness.ts";

describe.each(builds)("views, %s build", async (_name, flags) => {
  const json = await JsonProbe.load(flags);

  function read(document: string | Uint8Array, path: string, reader: string): string {
    json.open(document, path);
    return json.text(reader);
  }

  test("a path leads through objects and arrays; a backslash takes a dot as part of a name", () => {
    const document = '{"choices":[{"delta":{"content":"hi"}}],"a.b":{"c":[10,20]},"0":"zero"}';
    expect(read(document, "choices.0.delta.content", "text")).toBe("hi");
    expect(read(document, "a\\.b.c.1", "raw")).toBe("20");
    expect(read(document, "0", "text")).toBe("zero");
    for (const path of ["choices.1", "choices.x", "choices.-1", "choices.0.delta.content.x", "a.b", "c.0"]) {
      expect(json.open(document, path), path).toBe("Missing");
      expect(json.error(), path).toBe("None");
    }
  });

  test("kinds are told apart and null is not the same as absent", () => {
    const document = '{"o":{},"a":[],"s":"","n":-0,"t":true,"f":false,"z":null}';
    const kinds = ["o", "a", "s", "n", "t", "f", "z", "x"].map((path) => json.open(document, path));
    expect(kinds).toEqual(["Object", "Array", "String", "Number", "Bool", "Bool", "Null", "Missing"]);
    json.open(document, "t");
    expect(json.call("isTrue")).toBe(1);
    json.open(document, "f");
    expect(json.call("isTrue")).toBe(0);
  });

  test("the last of several members with one name is read, also when it is written with escapes", () => {
    expect(read('{"model":"a","model":"b"}', "model", "text")).toBe("b");
    expect(read('{"model":"a","mod\\u0065l":"b"}', "model", "text")).toBe("b");
    expect(read('{"mod\\u0065l":"b","model":"a"}', "model", "text")).toBe("a");
    expect(read('{"\\ud83d\\ude00":1,"ключ":2,"😀":3}', "😀", "raw")).toBe("3");
    expect(read('{"ключ":1,"\\u043a\\u043B\\u044e\\u0447":2}', "ключ", "raw")).toBe("2");
    expect(json.open('{"modelx":1,"mode":2,"MODEL":3}', "model")).toBe("Missing");
  });

  test("a name with half of a surrogate pair, or an escape that does not exist, spoils its object", () => {
    for (const [name, error] of [
      ["\\ud800", "Surrogate"],
      ["\\udc00", "Surrogate"],
      ["\\q", "Escape"],
      ["\\u00", "Escape"],
      ["\\u0041\n", "Control"],
    ]) {
      const document = `{"model":"a","${name}":1}`;
      expect(json.open(document, "model"), name).toBe("Missing");
      expect(json.error(), name).toBe(error);
      expect(json.errorAt(), name).toBeGreaterThan(12);
      json.open(document);
      expect(json.rewrite().error, name).toBe(error);
    }
  });

  test("what is not used is not judged", () => {
    const document = '{"bad":[tru, 1.2.3, "\\q", {"x" 1}],"good":"yes","also":{"\\ud800":1}}';
    expect(json.check(document)).not.toBe("None");
    expect(read(document, "good", "text")).toBe("yes");
  });

  test("a string is checked when it is read: escapes, control characters and UTF-8", () => {
    const cases: [content: Buffer, error: string, at: number][] = [
      [Buffer.from("a\\qb"), "Escape", 7],
      [Buffer.from("a\\u12g4"), "Escape", 7],
      [Buffer.from("a\\u12"), "Escape", 7],
      [Buffer.from("tab\there"), "Control", 9],
      [Buffer.from("nul\0here"), "Control", 9],
      [Buffer.from([0x41, 0xff, 0x42]), "Utf8", 6],
      [Buffer.from([0xc0, 0xa2]), "Utf8", 6],
      [Buffer.from([0xed, 0xa0, 0x80]), "Utf8", 6],
    ];
    for (const [content, error, at] of cases) {
      const document = Buffer.concat([Buffer.from('{"s":"'), content, Buffer.from('"}')]);
      for (const reader of ["bytes", "text", "escaped"]) {
        json.open(document, "s");
        expect(json.text(reader), `${content} ${reader}`).toBe("");
        expect(json.error(), `${content} ${reader}`).toBe(error);
        expect(json.errorAt(), `${content} ${reader}`).toBe(at);
      }
    }
  });

  test("escapes become what they stand for; half of a surrogate pair in a value becomes U+FFFD", () => {
    const document =
      '{"s":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u00e9\\u20ac\\ud83d\\ude00|\\ud800|\\udc00\\ud800x|\\ud800\\u0041|é😀"}';
    const expected = '"\\/\b\f\n\r\t\0é€😀|\ufffd|\ufffd\ufffdx|\ufffdA|é😀';
    expect(read(document, "s", "bytes")).toBe(expected);
    expect(read(document, "s", "text")).toBe(expected);
    expect(read(document, "s", "escaped")).toBe(document.slice(6, -2));
  });

  test("the raw bytes of a value are its own, white space around them excluded", () => {
    const document = ' { "a" : [ 1 , { "b" : "]}\\"" } ] , "n" : -1.5e3\n} ';
    expect(read(document, "a", "raw")).toBe('[ 1 , { "b" : "]}\\"" } ]');
    expect(read(document, "n", "raw")).toBe("-1.5e3");
    expect(read(document, "", "raw")).toBe(document.trim());
    json.open(document, "n");
    expect(json.call("offset")).toBe(document.indexOf("-1.5"));
  });

  test("length counts items and members, and is 0 for other values and for broken ones", () => {
    const lengths: [string, number][] = [
      ["[]", 0],
      ["[1,[2,3]]", 2],
      ["{}", 0],
      ['{"a":1,"a":2}', 2],
      ['"abc"', 0],
      ["[1,2", 0],
      ["{1}", 0],
    ];
    for (const [document, length] of lengths) {
      json.open(document);
      expect(json.call("length"), document).toBe(length);
    }
  });

  test("a broken way to a value is told by code and offset", () => {
    const cases: [document: string, path: string, error: string, at: number][] = [
      ["", "a", "Empty", 0],
      ["  \n", "a", "Empty", 3],
      ["x", "a", "Syntax", 0],
      ['{"a":1', "a", "Truncated", 6],
      ['{"a":1,}', "a", "Syntax", 7],
      ['{"a" 1}', "a", "Syntax", 5],
      ['{"a":1 "b":2}', "a", "Syntax", 7],
      ['{"a":01}', "a", "Number", 5],
      ['{"a":1.}', "a", "Number", 5],
      ['{"a":-}', "a", "Number", 5],
      ['{"a":nul}', "a", "Syntax", 5],
      ['{"a":trueish}', "a", "Syntax", 5],
      ["[1,2", "5", "Truncated", 4],
      ['{"a":"x', "a", "Truncated", 7],
    ];
    for (const [document, path, error, at] of cases) {
      expect(json.open(document, path), document).toBe("Missing");
      expect(json.errorAt(), document).toBe(at);
      expect(json.error(), document).toBe(error);
    }
  });

  test("10,000 levels are refused by code, 128 are read", () => {
    for (const [open, close] of [
      ["[", "]"],
      ['{"a":', "}"],
    ] as const) {
      const nested = (depth: number) => open.repeat(depth) + "1" + close.repeat(depth);
      expect(json.check(nested(128))).toBe("None");
      expect(json.check(nested(129))).toBe("Depth");
      expect(json.errorAt()).toBe(128 * open.length);
      expect(json.check(nested(10_000))).toBe("Depth");
      expect(json.open(`{"deep":${nested(10_000)},"model":"x"}`, "model")).toBe("Missing");
      expect(json.error()).toBe("Depth");
      expect(json.errorAt()).toBe(8 + 128 * open.length);
      expect(json.seek(["model"], [Buffer.from(`{"deep":${nested(10_000)},"model":"x"}`)]).error).toBe(
        "Depth",
      );
      expect(json.edit(`{"deep":${nested(10_000)}}`, [{ path: "model", raw: "1" }]).error).toBe("Depth");
    }
  });

  test("a byte order mark before the document is passed over, half of one is refused", () => {
    const mark = Buffer.from([0xef, 0xbb, 0xbf]);
    expect(read(Buffer.concat([mark, Buffer.from('{"a":1}')]), "a", "raw")).toBe("1");
    expect(json.check(Buffer.concat([mark, Buffer.from("{}")]))).toBe("None");
    expect(json.check(Buffer.concat([mark.subarray(0, 2), Buffer.from("{}")]))).toBe("Syntax");
    expect(json.check(mark)).toBe("Empty");
  });

  test("searching a large object again and again answers as the first time", () => {
    const many = Array.from({ length: 100 }, (_, i) => [`name${i}`, "x".repeat(i)]);
    for (const count of [10, 64, 65, 100]) {
      const members = many.slice(0, count);
      const document = `{"pad":"${"y".repeat(2000)}",${members.map(([name, value]) => `"${name}":"${value}"`).join()},"n\\u0061me1":1,"name1":2}`;
      json.open(document);
      for (const name of ["name1", "name9", "pad", "none", "name1", "name7"]) {
        json.call("getAgain", name);
        const expected = JSON.parse(document)[name];
        expect(json.output().toString(), name).toBe(expected === undefined ? "" : JSON.stringify(expected));
      }
    }
  });

  test("a value that is kept outlives the collection of everything else", () => {
    json.open('{"a":{"b":["kept \\n"]}}', "a");
    for (let i = 0; i < 50; i++) {
      json.check("[" + "x".repeat(5000));
      json.call("collect");
    }
    json.call("getAgain", "b");
    expect(json.output().toString()).toBe('["kept \\n"]');
  });

  test("every error has a text of its own", () => {
    const texts = Array.from({ length: 14 }, (_, code) => json.text("errorText", undefined, code));
    expect(new Set(texts).size).toBe(14);
    expect(texts).not.toContain("unknown error");
  });

  test("a name that is escaped and far longer than the one looked for costs no memory", () => {
    const document = `{"${"\\u0061".repeat(100_000)}":1,"model":"x"}`;
    json.open(document, "model");
    expect(json.text("text")).toBe("x");
    expect(json.open(document.replace(/\\u0061"/, '\\ud800"'), "model")).toBe("Missing");
    expect(json.error()).toBe("Surrogate");
  });

  test("line and column of an offset count from 1, in code points", () => {
    const document = '{\n  "é😀": x\n}';
    const at = (offset: number) => json.text("position", document, offset);
    expect([at(0), at(2), at(Buffer.from(document).indexOf("x")), at(9999), at(-5)]).toEqual([
      "1:1",
      "2:1",
      "2:9",
      "3:2",
      "1:1",
    ]);
  });

  test("a document cut at any byte never traps and never gives a value of a broken object", () => {
    const document = Buffer.from('{"a":[1,{"b":"\\u00e9\\n"}],"model":"x\\"y","n":-1.5e+3,"t":true,"é":{}}');
    for (let size = 0; size < document.length; size++) {
      const cut = document.subarray(0, size);
      expect(json.open(cut, "model"), `${size}`).toBe("Missing");
      expect(json.error(), `${size}`).not.toBe("None");
      expect(json.check(cut), `${size}`).not.toBe("None");
      json.call("survey", cut);
    }
    expect(json.open(document, "model")).toBe("String");
    expect(json.probe.logs).toEqual([]);
  });

  test("every value of a generated document is found by its name with the bytes it has", () => {
    const generator = new Documents(7);
    for (let i = 0; i < 2000; i++) {
      const { bytes, root } = generator.next();
      const last = new Map(root.members.map((member) => [member.name, member.value]));
      for (const [name, place] of last) {
        json.open(bytes);
        expect(
          json.bytes("getAgain", name).equals(bytes.subarray(place.start, place.end)),
          `${name} in ${bytes}`,
        ).toBe(true);
      }
    }
  });
});
