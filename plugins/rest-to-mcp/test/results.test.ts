// What a client gets of an upstream's answer.

import { expect, test } from "vitest";
import type { TestReply } from "../../../host-test/testing/chain.ts";
import { getting, withTools, type ToolOutcome } from "./tools.ts";

/** What one call gives when the upstream answers so. */
function given(tool: object, reply: TestReply, more: object = {}): ToolOutcome {
  let outcome: ToolOutcome | undefined;
  withTools([{ ...getting("/v1"), ...tool }], (api) => (outcome = api.call("get")), { reply, more });
  return outcome!;
}

const json = (value: unknown, status = 200): TestReply => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify(value),
});

test("the answer's text is the result", () => {
  const { result } = given({}, { body: "hello é" });
  expect(result).toEqual({ content: [{ type: "text", text: "hello é" }], isError: false });
});

test("an empty answer is a success that says so", () => {
  expect(given({}, { status: 204 }).text).toBe("success");
  expect(given({ responseTemplate: { body: "{{.nothing}}" } }, json({})).text).toBe("success");
});

test("templates, and text before and behind", () => {
  const body = "{{range $i, $u := .users}}{{add $i 1}}. {{$u.name}}\n{{end}}";
  expect(given({ responseTemplate: { body } }, json({ users: [{ name: "a" }, { name: "b" }] })).text).toBe(
    "1. a\n2. b\n",
  );
  expect(
    given({ responseTemplate: { prependBody: "# Users\n", appendBody: "\n--" } }, { body: "x" }).text,
  ).toBe("# Users\nx\n--");
});

test("an answer that is no JSON fails a response template", () => {
  const { result, text } = given({ responseTemplate: { body: "{{.a}}" } }, { body: "<html>" });
  expect([result.isError, text]).toEqual([
    true,
    "error executing response template: template: response: data must be a valid JSON object or array",
  ]);
});

test("a status that is not 2xx is the tool's failure, with HTTP 200", () => {
  for (const status of [199 + 101, 404, 500]) {
    const { result, text } = given({}, { status, body: "gone" });
    expect([result.isError, text]).toEqual([true, `call failed, status: ${status}, response: gone`]);
  }
});

test("an error template sees the answer and its headers", () => {
  const errorResponseTemplate = '{{.error.code}} {{gjson "_headers.\\\\:status"}} {{gjson "_headers.x-id"}}';
  const reply = { ...json({ error: { code: 7 } }, 429), headers: { "x-id": "r1" } };
  const { result, text } = given({ errorResponseTemplate }, reply);
  expect([result.isError, text]).toEqual([true, "7 429 r1"]);
  expect(given({ errorResponseTemplate: "{{.none}}" }, json({}, 500)).text).toBe(
    "call failed, status: 500, response: {}",
  );
});

test("§15: an error that is no JSON reaches the error template as _body", () => {
  const errorResponseTemplate = '{{._body}} ({{gjson "_headers.\\\\:status"}})';
  expect(given({ errorResponseTemplate }, { status: 502, body: "bad gateway" }).text).toBe(
    "bad gateway (502)",
  );
});

test("§15: images in any case, without parameters", () => {
  const bytes = Buffer.from([0x89, 0x50, 0, 255]);
  const { result } = given({}, { headers: { "content-type": "Image/PNG; charset=binary" }, body: bytes });
  expect(result.content).toEqual([{ type: "image", data: bytes.toString("base64"), mimeType: "image/png" }]);
});

const weather = {
  type: "object",
  properties: {
    t: { type: "number" },
    days: {
      type: "array",
      items: { type: "object", required: ["d"], properties: { d: { enum: ["mo", "tu"] } } },
    },
  },
  required: ["t"],
};

test("with an output schema the answer is also data", () => {
  const value = { t: 1.5, days: [{ d: "mo" }], more: null };
  const { result } = given(
    { outputSchema: weather, responseTemplate: { body: "{{.t}} degrees" } },
    json(value),
  );
  expect(result).toEqual({
    content: [{ type: "text", text: "1.5 degrees" }],
    isError: false,
    structuredContent: value,
  });
});

test.each([
  ["a wrong type", { t: "1" }, 't: expected number, found "1"'],
  ["a missing member", { days: [] }, "t: expected a value, found nothing"],
  [
    "a wrong value inside",
    { t: 1, days: [{ d: "mo" }, { d: "su" }] },
    'days[1].d: expected one of ["mo","tu"], found "su"',
  ],
  ["a list (§15: data is an object)", [1], "expected object, found [1]"],
  ["null", null, "expected object, found null"],
])("an answer with %s is not what the schema says: an error that the model can read", (_, value, problem) => {
  const { result } = given({ outputSchema: weather }, json(value));
  expect(result.isError).toBe(true);
  expect(result.structuredContent).toBeUndefined();
  expect(result.content.map(({ text }) => text)).toEqual([
    `the tool's answer is not what its output schema says: ${problem}`,
    JSON.stringify(value),
  ]);
});

test("an answer that is no JSON is not what any schema says", () => {
  expect(given({ outputSchema: weather }, { body: "<html>" }).text).toContain(
    "expected JSON, found other text",
  );
  expect(given({ outputSchema: weather }, { status: 204 }).text).toContain("expected JSON, found nothing");
});

test("a tool that asks no upstream answers by its template", () => {
  const tool = {
    requestTemplate: {},
    args: [{ name: "who", default: "you" }],
    responseTemplate: { body: "Hello {{.args.who}}!" },
  };
  const outcome = given(tool, { body: "unused" });
  expect([outcome.sent, outcome.text]).toEqual([undefined, "Hello you!"]);
  const data = {
    ...tool,
    outputSchema: { type: "object" },
    responseTemplate: { body: '{"who":"{{.args.who}}"}' },
  };
  expect(given(data, {}).result.structuredContent).toEqual({ who: "you" });
});

test("§15: headers about the upstream's body stay behind, others reach the client", () => {
  const headers = { "content-type": "text/plain", etag: "x", "set-cookie": "a=b", "content-length": "2" };
  const outcome = given({}, { headers, body: "ok" });
  expect(outcome.header("content-type")).toBe("application/json; charset=utf-8");
  expect(outcome.header("etag")).toBeUndefined();
  expect(outcome.header("set-cookie")).toBe("a=b");
});

test("an answer that is compressed in spite of all is an error that says so", () => {
  const { result, text } = given(
    {},
    { headers: { "content-encoding": "gzip" }, body: Buffer.from([31, 139]) },
  );
  expect([result.isError, text]).toEqual([
    true,
    "the upstream's answer is encoded (gzip) and cannot be read",
  ]);
});

test("an answer of 10 MB is bounded, announced or not", () => {
  const body = "x".repeat(10 << 20);
  expect(given({}, { body }).text).toHaveLength(10 << 20);
  const more = { maxAnswerBytes: 1 << 20 };
  for (const headers of [{}, { "content-length": `${body.length}` }] as Record<string, string>[])
    expect(given({}, { body, headers }, more).error).toEqual({
      code: -32603,
      message: "the upstream's answer is too large",
    });
});

test("an answer is the same at every cut", () => {
  const text = JSON.stringify({ a: "é", b: [1, 2] });
  const body = Buffer.from(text);
  const tool = { responseTemplate: { body: "{{.a}}{{.b}}" } };
  for (let cut = 0; cut <= body.length; cut++)
    expect(given(tool, { chunks: [body.subarray(0, cut), body.subarray(cut)] }).text).toBe(
      "é[1, 2]".replace(" ", ""),
    );
});
