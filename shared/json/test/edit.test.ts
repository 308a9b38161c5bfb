import { describe, expect, test } from "vitest";
import { Documents, type Place } from "./documents.ts";
import { type Change, JsonProbe, builds } from "./harness.ts";

describe.each(builds)("edit, %s build", async (_name, flags) => {
  const json = await JsonProbe.load(flags);

  function edited(document: string, ...changes: Change[]): string {
    const { error, output } = json.edit(document, changes);
    return error === "None" ? output.toString() : error;
  }

  test("a value is replaced where it stands and nothing else changes", () => {
    const document = ' { "model" : "a" ,\n\t"n":[ 1,2 , 3 ], "o":{"x": {"y":0}} } ';
    expect(edited(document, { path: "model", text: 'b"\n' })).toBe(document.replace('"a"', '"b\\"\\n"'));
    expect(edited(document, { path: "n.1", raw: "[20]" })).toBe(document.replace("2", "[20]"));
    expect(edited(document, { path: "o.x.y", raw: "null" })).toBe(document.replace("0", "null"));
    expect(edited(document)).toBe(document);
  });

  test("a new member comes first in its object, so that only the head of a body is rewritten", () => {
    expect(edited('{"a":1}', { path: "b", raw: "2" }, { path: "c", raw: "3" })).toBe('{"b":2,"c":3,"a":1}');
    expect(edited("{}", { path: "b", raw: "2" })).toBe('{"b":2}');
    expect(edited("{ }", { path: 'q"', raw: "2" })).toBe('{"q\\"":2 }');
    expect(json.edit('{"a":1}', [{ path: "b", raw: "2" }]).splices).toEqual([[1, 1, '"b":2,']]);
  });

  test("missing parents are made as sjson makes them", () => {
    expect(edited("{}", { path: "a.b.c", raw: "1" })).toBe('{"a":{"b":{"c":1}}}');
    expect(edited("{}", { path: "a.0.b", raw: "1" })).toBe('{"a":[{"b":1}]}');
    expect(edited("{}", { path: "a.2", raw: "1" })).toBe('{"a":[null,null,1]}');
    expect(edited("{}", { path: "a.-1", raw: "1" })).toBe('{"a":[1]}');
    expect(edited('{"a":5}', { path: "a.b", raw: "1" })).toBe('{"a":{"b":1}}');
    expect(edited('{"a":null}', { path: "a.b", raw: "1" }, { path: "a.c", raw: "2" })).toBe(
      '{"a":{"b":1,"c":2}}',
    );
    expect(edited('{"a":{}}', { path: "a.b\\.c", raw: "1" })).toBe('{"a":{"b.c":1}}');
  });

  test("items are appended, and null fills the way to a later index", () => {
    expect(edited('{"a":[1]}', { path: "a.-1", raw: "2" }, { path: "a.-1", raw: "3" })).toBe('{"a":[1,2,3]}');
    expect(edited('{"a":[ ]}', { path: "a.-1", raw: "2" })).toBe('{"a":[2 ]}');
    expect(edited("[1]", { path: "3", raw: "4" })).toBe("[1,null,null,4]");
    expect(edited('{"a":[1]}', { path: "a.-1.role", text: "user" })).toBe('{"a":[1,{"role":"user"}]}');
  });

  test("removal takes one comma along", () => {
    const document = '{ "a":1 , "b":2 , "c":3 }';
    expect(edited(document, { path: "a", remove: true })).toBe('{ "b":2 , "c":3 }');
    expect(edited(document, { path: "b", remove: true })).toBe('{ "a":1 , "c":3 }');
    expect(edited(document, { path: "c", remove: true })).toBe('{ "a":1 , "b":2 }');
    expect(edited(document, { path: "b", remove: true }, { path: "c", remove: true })).toBe('{ "a":1 }');
    expect(edited(document, ...["a", "b", "c"].map((path): Change => ({ path, remove: true })))).toBe("{  }");
    expect(edited(document, ...["a", "c"].map((path): Change => ({ path, remove: true })))).toBe('{ "b":2 }');
    expect(
      edited("[1,2,3]", { path: "1", remove: true }, { path: "2", remove: true }, { path: "-1", raw: "9" }),
    ).toBe("[1,9]");
    expect(edited("[1]", { path: "0", remove: true }, { path: "-1", raw: "9" })).toBe("[9]");
    expect(edited(document, { path: "x", remove: true }, { path: "a.b", remove: true })).toBe(document);
  });

  test("of several members with an edited name one remains, however they are written", () => {
    const document = '{"model":"a","x":1,"mod\\u0065l":"b","model":"c","y":2}';
    expect(edited(document, { path: "model", text: "d" })).toBe('{"x":1,"model":"d","y":2}');
    expect(edited(document, { path: "model", remove: true })).toBe('{"x":1,"y":2}');
    expect(edited('{"a":{"x":1},"a":{"y":2}}', { path: "a.z", raw: "3" })).toBe('{"a":{"z":3,"y":2}}');
    expect(edited('{"x":{"x":1},"a":1,"a":2}', { path: "x.a", raw: "3" })).toBe(
      '{"x":{"a":3,"x":1},"a":1,"a":2}',
    );
  });

  test("a later edit builds on an earlier one", () => {
    expect(edited('{"a":1}', { path: "a", raw: "2" }, { path: "a", raw: "3" })).toBe('{"a":3}');
    expect(edited('{"a":1}', { path: "a", raw: '{"b":2}' }, { path: "a.c", raw: "3" })).toBe(
      '{"a":{"c":3,"b":2}}',
    );
    expect(edited('{"a":1}', { path: "a", raw: "[1]" }, { path: "a.-1", raw: "3" })).toBe('{"a":[1,3]}');
    expect(edited('{"a":{"b":1}}', { path: "a", remove: true }, { path: "a.c", raw: "3" })).toBe(
      '{"a":{"c":3}}',
    );
    expect(edited('{"a":{"b":1}}', { path: "a.c", raw: "3" }, { path: "a", remove: true })).toBe("{}");
    expect(edited('{"a":1}', { path: "a", raw: "2" }, { path: "a.b", remove: true })).toBe('{"a":2}');
    expect(
      edited(
        "{}",
        { path: "a", raw: '{"b":{"c":1}}' },
        { path: "a.b.c", remove: true },
        { path: "a.b.d", raw: "1" },
      ),
    ).toBe('{"a":{"b":{"d":1}}}');
  });

  test("what cannot be edited is told by code, and nothing is given back", () => {
    const cases: [document: string, path: string, error: string][] = [
      ["", "a", "Empty"],
      ["5", "a", "NotObject"],
      ['"x"', "a", "NotObject"],
      ["null", "a", "NotObject"],
      ['{"a":1', "a", "Truncated"],
      ['{"a":1,}', "b", "Syntax"],
      ['{"a":[1,2}', "a.0", "Truncated"],
      ['{"a":[1 2]}', "a.0", "Syntax"],
      ['{"\\ud800":1}', "a", "Surrogate"],
      ["[1]", "a", "Path"],
      ['{"a":[1]}', "a.b", "Path"],
      ["{}", "-1", "Path"],
      ["[]", "1024", "Path"],
      ["{}", "a.".repeat(32) + "a", "Path"],
    ];
    for (const [document, path, error] of cases) {
      const result = json.edit(document, [{ path, raw: "1" }]);
      expect([result.error, result.output.length, result.splices], `${document} ${path}`).toEqual([
        error,
        0,
        [],
      ]);
    }
  });

  test("invalid bytes outside the edit pass through unchanged", () => {
    const document = Buffer.concat([
      Buffer.from('{"a":"'),
      Buffer.from([0xff, 0xc0, 0x00]),
      Buffer.from('","model":"x"} junk'),
    ]);
    const { output } = json.edit(document, [{ path: "model", text: "longer" }]);
    expect(output.equals(Buffer.from(document.toString("latin1").replace('"x"', '"longer"'), "latin1"))).toBe(
      true,
    );
  });

  test("setting any one value of a generated document changes its bytes and no others", () => {
    const generator = new Documents(21);
    let edits = 0;
    for (let i = 0; i < 4000; i++) {
      const { bytes, root } = generator.next();
      for (const { path, place } of places(root)) {
        const { error, output } = json.edit(bytes, [{ path, raw: '{"new":[1]}' }]);
        const expected = Buffer.concat([
          bytes.subarray(0, place.start),
          Buffer.from('{"new":[1]}'),
          bytes.subarray(place.end),
        ]);
        if (error !== "None" || !output.equals(expected))
          expect(output.toString(), `${path} ${bytes}`).toBe(expected.toString());
        edits++;
      }
    }
    expect(edits).toBeGreaterThan(5000);
  });

  test("random edits of generated documents read as the same edits of Node's objects", () => {
    const generator = new Documents(22);
    const segments = ["a", "model", "messages", "new", "ключ", "0", "1", "-1"];
    let compared = 0;
    for (let i = 0; i < 20_000; i++) {
      const { bytes } = generator.next();
      const path = Array.from({ length: 1 + generator.below(3) }, () => generator.pick(segments));
      const change: Change =
        generator.below(3) === 0
          ? { path: path.join("."), remove: true }
          : { path: path.join("."), raw: "[42]" };
      const document = JSON.parse(bytes.toString());
      const expected = "remove" in change ? remove(document, path) : set(document, path, [42]);
      const { error, output, splices } = json.edit(bytes, [change]);
      if (expected === undefined) {
        expect(error, `${path} ${bytes}`).toBe("Path");
        continue;
      }
      compared++;
      expect(error, `${path} ${bytes}`).toBe("None");
      expect(JSON.parse(output.toString()), `${path} ${bytes}`).toEqual(expected);
      // The splices alone make the same document: they are in order and do not overlap.
      let from = 0;
      const parts = splices.flatMap(([start, end, replacement]) => {
        expect(start).toBeGreaterThanOrEqual(from);
        const part = [bytes.subarray(from, start), Buffer.from(replacement)];
        from = end;
        return part;
      });
      expect(Buffer.concat([...parts, bytes.subarray(from)]).equals(output)).toBe(true);
    }
    expect(compared).toBeGreaterThan(10_000);
  });
});

/** The values that a path leads to without passing a name that occurs twice. */
function places(root: Place, prefix = ""): { path: string; place: Place }[] {
  const escape = (name: string) => name.replace(/[\\.]/g, "\\$&");
  const once = root.members.filter(
    ({ name }) => root.members.filter((other) => other.name === name).length === 1,
  );
  const children = [
    ...once.map(({ name, value }) => ({ path: prefix + escape(name), place: value })),
    ...root.items.map((place, i) => ({ path: `${prefix}${i}`, place })),
  ];
  return children.flatMap((child) => [child, ...places(child.place, `${child.path}.`)]);
}

/** What sjson's Set does; undefined where it cannot. */
function set(value: any, [segment, ...rest]: string[], leaf: unknown): any {
  if (segment === undefined) return leaf;
  const isIndex = /^(0|1|-1)$/.test(segment);
  const container = typeof value === "object" && value !== null ? value : isIndex ? [] : {};
  if (Array.isArray(container)) {
    if (!isIndex) return undefined;
    const index = segment === "-1" ? container.length : Number(segment);
    while (container.length < index) container.push(null);
    const item = set(container[index], rest, leaf);
    if (item === undefined) return undefined;
    container[index] = item;
    return container;
  }
  if (segment === "-1") return undefined;
  const member = set(container[segment], rest, leaf);
  if (member === undefined) return undefined;
  container[segment] = member;
  return container;
}

function remove(value: any, [segment, ...rest]: string[]): any {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment!)) return value;
  if (rest.length > 0) value[segment!] = remove(value[segment!], rest);
  else if (Array.isArray(value)) value.splice(Number(segment), 1);
  else delete value[segment!];
  return value;
}
