// Conversations at random, in no dialect's words: whatever is said has a mark of its own, by which it is found again.

import fc from "fast-check";

/** `text` of pictures and documents is their base64. */
export interface Part {
  kind: "text" | "image" | "pdf";
  text: string;
}

export interface Call {
  id: string;
  tool: number;
  args: Record<string, unknown>;
  result: { parts: Part[]; isError: boolean };
}

/** What the model says at a time; calls are followed by their results. */
export interface Step {
  thought: string;
  text: string;
  calls: Call[];
}

export interface Round {
  user: Part[];
  steps: Step[];
}

export interface Tool {
  name: string;
  description: string;
  parameters: object | undefined;
}

export interface Conversation {
  system: string[];
  rounds: Round[];
  /** What the user says at the end; nothing where results of tools are the last that was said. */
  last: Part[];
  tools: Tool[];
  choice: "auto" | "none" | "required" | "tool" | undefined;
  single: boolean;
  stop: string[];
  temperature: number | undefined;
  maxTokens: number;
  effort: "low" | "medium" | "high" | undefined;
  stream: boolean;
}

const words = fc.constantFrom(
  "",
  " two words",
  ' "q" \\ \n\t',
  " é 漢 👩‍👩‍👧",
  "  trailing ",
  " \u0000\u2028",
  " <|x|> ${a}",
);
const text = words.map((more) => ({ kind: "text" as const, text: more }));
const blank = fc
  .constantFrom("", " ", "\n")
  .map((nothing) => ({ kind: "text" as const, text: `blank${nothing}` }));
const media = fc.constantFrom("image", "pdf").map((kind) => ({ kind: kind as "image" | "pdf", text: "" }));
const said = fc.array(
  fc.oneof({ weight: 6, arbitrary: text }, { weight: 2, arbitrary: media }, { weight: 1, arbitrary: blank }),
  {
    minLength: 1,
    maxLength: 3,
  },
);

const args = fc.constantFrom<Record<string, unknown>>(
  {},
  { a: 1 },
  { city: 'Köln "x"', n: [1, null, { b: false }] },
  { n: 12345678901234567890n.toString(), nested: { "": "" } },
);
const call = fc.record({
  tool: fc.nat({ max: 9 }),
  args,
  parts: fc.array(
    fc.oneof(
      { weight: 5, arbitrary: text },
      { weight: 1, arbitrary: fc.constant({ kind: "image" as const, text: "" }) },
    ),
    {
      maxLength: 2,
    },
  ),
  isError: fc.boolean(),
});
const step = fc.record({
  thinks: fc.boolean(),
  text: fc.option(words, { nil: undefined }),
  calls: fc.array(call, { maxLength: 3 }),
});

const names = ["get_weather", "search-web", "mcp__server__a_tool", "x".repeat(64), "lookup", "2fa_check"];
const schemas: (object | undefined)[] = [
  undefined,
  { type: "object", properties: {} },
  { type: "object", properties: { city: { type: "string", enum: ["a", "b"] } }, required: ["city"] },
  {
    type: "object",
    properties: {
      n: { type: ["integer", "null"], minimum: 0 },
      o: { anyOf: [{ type: "string" }, { type: "null" }] },
    },
    additionalProperties: false,
    $defs: { d: { type: "string", format: "uri" } },
  },
];
const tool = fc.record({
  name: fc.constantFrom(...names),
  description: words,
  parameters: fc.constantFrom(...schemas),
});

const shape = fc.record({
  system: fc.array(words, { maxLength: 2 }),
  rounds: fc.array(fc.record({ user: said, steps: fc.array(step, { minLength: 1, maxLength: 3 }) }), {
    maxLength: 3,
  }),
  last: said.filter((parts) => parts.some(({ text: words }) => !words.startsWith("blank"))),
  isLast: fc.boolean(),
  tools: fc.uniqueArray(tool, { minLength: 1, maxLength: 4, selector: ({ name }) => name }),
  choice: fc.constantFrom("auto", "none", "required", "tool", undefined),
  single: fc.boolean(),
  stop: fc.array(fc.constantFrom("END", "\n\n", "###", "</a>", "é", "six"), { maxLength: 6 }),
  temperature: fc.constantFrom(0, 0.7, 1, undefined),
  maxTokens: fc.constantFrom(64, 2000, 32000),
  effort: fc.constantFrom("low", "medium", "high", undefined),
  stream: fc.boolean(),
});

export const conversations: fc.Arbitrary<Conversation> = shape.map((drawn) => {
  let marks = 0;
  const mark = (more: string) => `m${++marks}k${more}`;
  const filled = (part: Part): Part => {
    if (part.kind === "text")
      return { kind: "text", text: part.text.startsWith("blank") ? part.text.slice(5) : mark(part.text) };
    const begin = part.kind === "pdf" ? "%PDF-1.4 " : "\x89PNG\r\n\x1a\n  ";
    return { kind: part.kind, text: Buffer.from(begin + mark(""), "latin1").toString("base64") };
  };
  const rounds = drawn.rounds.map(({ user, steps }) => ({
    user: user.map(filled),
    steps: steps.map(({ thinks, text: words, calls }) => ({
      thought: thinks ? mark("") : "",
      text: words === undefined && calls.length > 0 ? "" : mark(words ?? ""),
      calls: calls.map(({ tool: index, args: given, parts, isError }) => ({
        id: `call_${++marks}`,
        tool: index % drawn.tools.length,
        args: { ...given, mark: mark("") },
        result: { parts: parts.map(filled), isError },
      })),
    })),
  }));
  const calls = rounds.at(-1)?.steps.at(-1)?.calls.length ?? 0;
  return {
    ...drawn,
    system: drawn.system.map((words) => mark(words)),
    rounds,
    last: calls > 0 && drawn.isLast ? [] : drawn.last.map(filled),
  };
});
