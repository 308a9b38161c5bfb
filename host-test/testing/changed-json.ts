// JSON changed in its structure: values of other types, members gone or there twice, nesting, numbers and texts that
// no parser likes.

import fc from "fast-check";

export interface JsonChange {
  kind: "swap" | "remove" | "repeat" | "duplicate";
  at: number;
  /** JSON text. */
  value: string;
}

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

/** Values that stand where another type, or a saner one, is expected. */
const values = [
  ...[
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1.5",
    "-0",
    "1e400",
    "-1e-400",
    "9".repeat(40),
    "2147483648",
    "1e2",
  ],
  ...[
    '""',
    '"x"',
    '" \\n"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u0000"',
    '"[DONE]"',
    '"data: {}\\n\\n"',
    '"😀"',
  ],
  ...["[]", "{}", "[null]", "[[]]", '[{"type":"text","text":"x"}]', '{"type":"x"}', '{"":0}', '["x",1,null]'],
  ...[nested(60), nested(127), nested(400), '{"a":'.repeat(200) + "1" + "}".repeat(200)],
  ...[
    `"${"x".repeat(3000)}"`,
    '"message"',
    '"error"',
    '"length"',
    '"tool_calls"',
    '{"error":{"message":null}}',
  ],
];

export const jsonChange: fc.Arbitrary<JsonChange> = fc.record({
  kind: fc.constantFrom("swap", "swap", "swap", "remove", "repeat", "duplicate"),
  at: fc.nat(),
  value: fc.constantFrom(...values),
});

interface Place {
  holder: any;
  key: string | number;
}

/** The text after the change; a text that is no JSON stays. */
export function changedJson(text: string, { kind, at, value }: JsonChange): string {
  let root: { value: unknown };
  try {
    root = { value: JSON.parse(text) };
  } catch {
    return text;
  }
  const places: Place[] = [{ holder: root, key: "value" }];
  for (const { holder, key } of places) {
    const inner = holder[key];
    if (typeof inner !== "object" || inner === null) continue;
    const keys = Array.isArray(inner) ? inner.keys() : Object.keys(inner);
    for (const name of keys) places.push({ holder: inner, key: name });
  }
  const { holder, key } = places[at % places.length]!;
  // What JavaScript's values cannot say is put in behind the writer.
  const mark = "\u0001here";
  let written = value;
  if (kind === "duplicate" && typeof holder[key] === "object" && holder[key] !== null) {
    written = JSON.stringify(holder[key]);
    const [name = "a"] = Object.keys(holder[key]);
    const member = Array.isArray(holder[key]) ? value : `${JSON.stringify(name)}:${value}`;
    const comma = written.length > 2 ? "," : "";
    written = `${written.slice(0, -1)}${comma}${member}${written.at(-1)}`;
  }
  if (kind === "remove" && holder !== root) {
    if (Array.isArray(holder)) holder.splice(key as number, 1);
    else delete holder[key];
  } else if (kind === "repeat" && Array.isArray(holder)) {
    holder.splice(key as number, 0, holder[key as number], holder[key as number]);
  } else {
    holder[key] = mark;
  }
  return (JSON.stringify(root.value) ?? value).replace(JSON.stringify(mark), () => written);
}
