// What Anthropic's API would refuse is made what it takes, and nothing is lost on the way.
import { describe, expect, test } from "vitest";
import { checkAnthropicRequest } from "./anthropic-rules.ts";
import { loadConversion, option } from "./conversion.ts";

const conversion = await loadConversion();

function toAnthropic(messages: object[], more: object = {}, flags = 0) {
  const { text, dropped } = conversion.request(
    "openai",
    "anthropic",
    JSON.stringify({ model: "m", messages, ...more }),
    flags,
  );
  const body = JSON.parse(text);
  checkAnthropicRequest(body);
  return { body, dropped };
}

const user = { role: "user", content: "x" };
const call = (id: string | undefined, name = "t", args = "{}") => ({
  id,
  type: "function",
  function: { name, arguments: args },
});
const calls = (...ids: (string | undefined)[]) => ({
  role: "assistant",
  content: null,
  tool_calls: ids.map((id) => call(id)),
});
const result = (tool_call_id: string | undefined, content = "r") => ({ role: "tool", tool_call_id, content });
const tool = (name: string, parameters: object | null = { type: "object" }) => ({
  type: "function",
  function: { name, parameters },
});

/** The messages, a plain text as one block. */
const turns = (body: any) =>
  body.messages.map(({ role, content }: any) => [
    role,
    typeof content === "string" ? [{ type: "text", text: content }] : content,
  ]);
const text = (value: string) => ({ type: "text", text: value });
const use = (id: string, name = "t", input = {}) => ({ type: "tool_use", id, name, input });
const answer = (tool_use_id: string, content: unknown = "r") => ({
  type: "tool_result",
  tool_use_id,
  content,
});

describe("messages", () => {
  test.each([
    [
      "the assistant begins",
      [{ role: "assistant", content: "Hi" }, user],
      [
        ["user", [text(".")]],
        ["assistant", [text("Hi")]],
        ["user", [text("x")]],
      ],
    ],
    ["the system says all", [{ role: "system", content: "Say hi" }], [["user", [text("Say hi")]]]],
    ["nothing is said", [{ role: "user", content: "" }], [["user", [text(".")]]]],
    [
      "a blank text",
      [
        {
          role: "user",
          content: [
            { type: "text", text: " \n" },
            { type: "text", text: "x" },
          ],
        },
      ],
      [["user", [text("x")]]],
    ],
    [
      "an empty answer",
      [user, { role: "assistant", content: "" }, user],
      [
        ["user", [text("x")]],
        ["user", [text("x")]],
      ],
    ],
    [
      "two of one role",
      [user, user, { role: "assistant", content: "a" }, { role: "assistant", content: "b" }],
      [
        ["user", [text("x")]],
        ["user", [text("x")]],
        ["assistant", [text("a")]],
        ["assistant", [text("b")]],
      ],
    ],
    [
      "white space at the end",
      [user, { role: "assistant", content: "So \\n\n\t " }],
      [
        ["user", [text("x")]],
        ["assistant", [text("So \\n")]],
      ],
    ],
    [
      "nothing but white space at the end",
      [user, { role: "assistant", content: " \n" }],
      [["user", [text("x")]]],
    ],
  ])("%s", (_, messages, expected) => {
    expect(turns(toAnthropic(messages).body)).toEqual(expected);
  });

  test("sound alone is noted as dropped, and the message stays", () => {
    const audio = { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } };
    const { body, dropped } = toAnthropic([{ role: "user", content: [audio] }]);
    expect(turns(body)).toEqual([["user", [text(".")]]]);
    expect(dropped).toEqual(["messages.content.input_audio"]);
  });

  test("blank system messages are none", () => {
    expect(toAnthropic([{ role: "system", content: " " }, user]).body.system).toBeUndefined();
  });
});

describe("calls and results", () => {
  test.each([
    [
      "a call without result gets one",
      [user, calls("a", "b"), result("b"), user],
      [
        ["user", [text("x")]],
        ["assistant", [use("a"), use("b")]],
        ["user", [answer("b"), { ...answer("a", "The tool gave no result."), is_error: true }]],
        ["user", [text("x")]],
      ],
    ],
    [
      "a call at the end too",
      [user, calls("a")],
      [
        ["user", [text("x")]],
        ["assistant", [use("a")]],
        ["user", [{ ...answer("a", "The tool gave no result."), is_error: true }]],
      ],
    ],
    [
      "results come before what the user says",
      [user, calls("a"), { role: "user", content: "wait" }, result("a"), user],
      [
        ["user", [text("x")]],
        ["assistant", [use("a")]],
        ["user", [answer("a"), text("wait")]],
        ["user", [text("x")]],
      ],
    ],
    [
      "a result without call is what the user says",
      [user, result("z", "found")],
      [["user", [text("x"), text("found")]]],
    ],
    [
      "a second result of one call too",
      [user, calls("a"), result("a"), result("a", "again")],
      [
        ["user", [text("x")]],
        ["assistant", [use("a")]],
        ["user", [answer("a"), text("again")]],
      ],
    ],
    [
      "ids that come again are made new ones",
      [user, calls("a"), result("a", "1"), calls("a"), result("a", "2")],
      [
        ["user", [text("x")]],
        ["assistant", [use("a")]],
        ["user", [answer("a", "1")]],
        ["assistant", [use("a_1")]],
        ["user", [answer("a_1", "2")]],
      ],
    ],
    [
      "ids that are the same once they are plain too",
      [user, calls("a.b", "a:b"), result("a.b", "1"), result("a:b", "2")],
      [
        ["user", [text("x")]],
        ["assistant", [use("a_b"), use("a_b_1")]],
        ["user", [answer("a_b", "1"), answer("a_b_1", "2")]],
      ],
    ],
    [
      "calls without id are told apart by their order",
      [user, calls(undefined, ""), result(undefined, "1"), result("", "2")],
      [
        ["user", [text("x")]],
        ["assistant", [use("call_0"), use("call_1")]],
        ["user", [answer("call_0", "1"), answer("call_1", "2")]],
      ],
    ],
    [
      "the old function_call is a call",
      [
        user,
        { role: "assistant", content: null, function_call: { name: "t", arguments: '{"a":1}' } },
        { role: "function", name: "t", content: "r" },
      ],
      [
        ["user", [text("x")]],
        ["assistant", [use("call_0", "t", { a: 1 } as object)]],
        ["user", [answer("call_0")]],
      ],
    ],
    [
      "a call of a tool that takes text",
      [
        user,
        {
          role: "assistant",
          tool_calls: [{ id: "c", type: "custom", custom: { name: "t", input: 'say "hi"' } }],
        },
        result("c"),
      ],
      [
        ["user", [text("x")]],
        ["assistant", [use("c", "t", { input: 'say "hi"' } as object)]],
        ["user", [answer("c")]],
      ],
    ],
  ])("%s", (_, messages, expected) => {
    expect(turns(toAnthropic(messages).body)).toEqual(expected);
  });

  test("ten thousand calls with one id, answered in the other order, do not take long", () => {
    const ids = Array.from({ length: 10_000 }, (_, i) => `i${i}`);
    const same = Array.from({ length: 10_000 }, () => "same");
    toAnthropic([user, calls(...ids), ...ids.map((id) => result(id)).reverse()]);
    toAnthropic([user, calls(...same), ...same.map((id) => result(id))]);
  });
});

describe("tools", () => {
  test("a schema that does not say so is one of an object", () => {
    const { body } = toAnthropic([user], {
      tools: [tool("a", {}), tool("b", { properties: { x: {} } }), tool("c", null)],
    });
    expect(body.tools.map((each: any) => each.input_schema)).toEqual([
      { type: "object" },
      { type: "object", properties: { x: {} } },
      { type: "object" },
    ]);
  });

  test("names that Anthropic refuses are plain, in tools, choice and calls, and stay apart; of one name the first tool counts", () => {
    const long = "n".repeat(200);
    const { body, dropped } = toAnthropic(
      [user, { role: "assistant", tool_calls: [call("a", "get.it")] }, result("a")],
      {
        tools: [tool("get.it"), tool("get:it"), tool("get.it"), tool(`${long}1`), tool(`${long}2`)],
        tool_choice: { type: "function", function: { name: "get.it" } },
      },
    );
    const cut = expect.stringMatching(/^n{119}_[0-9a-f]{8}$/);
    const names = body.tools.map((each: any) => each.name);
    expect(names).toEqual(["get_it", expect.stringMatching(/^get_it_[0-9a-f]{8}$/), cut, cut]);
    expect(names[2]).not.toBe(names[3]);
    expect(body.tool_choice.name).toBe("get_it");
    expect(body.messages[1].content[0].name).toBe("get_it");
    expect(dropped).toEqual(["tools.name"]);
  });

  test("a choice of a tool that is not there is noted as dropped", () => {
    const { body, dropped } = toAnthropic([user], {
      tools: [tool("a")],
      tool_choice: { type: "function", function: { name: "b" } },
    });
    expect(body.tool_choice).toBeUndefined();
    expect(dropped).toEqual(["tool_choice"]);
  });

  test("of the tools those that are allowed are sent, wherever the choice stands", () => {
    const allowed = {
      mode: "auto",
      tools: [
        { type: "function", function: { name: "b" } },
        { type: "function", name: "c" },
      ],
    };
    const tool_choice = { type: "allowed_tools", allowed_tools: allowed };
    const tools = ["a", "b", "c"].map((name) => tool(name));
    for (const more of [
      { tools, tool_choice },
      { tool_choice, tools },
    ]) {
      const { body, dropped } = toAnthropic([user], more);
      expect(body.tools.map((each: any) => each.name)).toEqual(["b", "c"]);
      expect(body.tool_choice).toEqual({ type: "auto" });
      expect(dropped).toEqual([]);
    }
  });

  test("the old functions are tools", () => {
    const { body } = toAnthropic([user], { functions: [tool("a").function], function_call: { name: "a" } });
    expect(body.tools).toEqual([{ name: "a", input_schema: { type: "object" } }]);
    expect(body.tool_choice).toEqual({ type: "tool", name: "a" });
    expect(
      toAnthropic([user], { functions: [tool("a").function], function_call: "none" }).body.tool_choice,
    ).toEqual({ type: "none" });
  });
});

describe("settings", () => {
  test.each([
    [2, 1, ["temperature"]],
    [1, 1, []],
    [0, 0, []],
    [0.5, 0.5, []],
  ])("temperature %d is %d", (temperature, expected, dropped) => {
    const converted = toAnthropic([user], { temperature });
    expect(converted.body.temperature).toBe(expected);
    expect(converted.dropped).toEqual(dropped);
  });

  test.each([
    ["claude-sonnet-4-5", undefined, ["top_p"]],
    ["claude-opus-4-1-20250805", undefined, ["top_p"]],
    ["claude-sonnet-4-20250514", 0.5, []],
    ["my-model", 0.5, []],
  ])("%s beside a temperature has the top_p %s", (model, expected, names) => {
    const { body, dropped } = toAnthropic([user], { model, temperature: 0.25, top_p: 0.5 });
    expect([body.temperature, body.top_p, dropped]).toEqual([0.25, expected, names]);
    expect(toAnthropic([user], { model, top_p: 0.5 }).body.top_p).toBe(0.5);
  });

  test("a temperature that is too large for a number is 1", () => {
    const body = '{"messages":[{"role":"user","content":"Hi"}],"temperature":1e400}';
    const { text, dropped } = conversion.request("openai", "anthropic", body);
    expect(JSON.parse(text).temperature).toBe(1);
    expect(dropped).toEqual(["temperature"]);
  });

  test.each([
    ["", undefined, []],
    ["END", ["END"], []],
    [["", "END"], ["END"], []],
    [["\n", "END"], ["END"], ["stop"]],
    [[" "], undefined, ["stop"]],
    [["a", "b", "c", "d", "e"], ["a", "b", "c", "d", "e"], []],
  ])("stop %j is %j", (stop, expected, dropped) => {
    const converted = toAnthropic([user], { stop });
    expect(converted.body.stop_sequences).toEqual(expected);
    expect(converted.dropped).toEqual(dropped);
  });

  test.each([
    [{ user: "u1" }, "u1", []],
    [{ user: "u1", safety_identifier: "s1" }, "s1", ["user"]],
    [{ user: "ann@example.com" }, undefined, ["user"]],
    [{ user: "u".repeat(300) }, undefined, ["user"]],
    [{ user: 7 }, undefined, ["user"]],
  ])("%j is the user %s", (given, id, dropped) => {
    const converted = toAnthropic([user], given);
    expect(converted.body.metadata?.user_id).toBe(id);
    expect(converted.dropped).toEqual(dropped);
  });

  const schema = { type: "object", properties: {}, additionalProperties: false };
  const asked = { type: "json_schema", json_schema: { name: "n", schema } };
  test.each([
    ["claude-sonnet-4-5", asked, { format: { type: "json_schema", schema } }, []],
    ["claude-opus-5", asked, { format: { type: "json_schema", schema } }, []],
    ["claude-3-7-sonnet-20250219", asked, undefined, ["response_format"]],
    ["claude-sonnet-4-20250514", asked, undefined, ["response_format"]],
    ["claude-sonnet-4-5", { type: "json_object" }, undefined, ["response_format"]],
    ["claude-sonnet-4-5", { type: "text" }, undefined, []],
    ["claude-sonnet-4-5", null, undefined, []],
  ])("%s is asked for %j as %j", (model, response_format, expected, dropped) => {
    const converted = toAnthropic([user], { model, response_format }, option.outputFormat);
    expect(converted.body.output_config).toEqual(expected);
    expect(converted.dropped).toEqual(dropped);
  });

  test.each([
    ["claude-opus-4-7", "high", { type: "adaptive" }, { effort: "high" }],
    ["claude-opus-4-7", "minimal", { type: "adaptive" }, { effort: "low" }],
    ["eu.anthropic.claude-fable-5-v1:0", "max", { type: "adaptive" }, { effort: "max" }],
    ["claude-opus-4-7", "none", undefined, undefined],
    ["claude-opus-4-6", "high", { type: "enabled", budget_tokens: 16384 }, undefined],
    ["claude-opus-4@20250514", "low", { type: "enabled", budget_tokens: 1024 }, undefined],
  ])("%s with effort %s thinks as %j", (model, reasoning_effort, thinking, output_config) => {
    const { body } = toAnthropic([user], { model, reasoning_effort });
    expect(body.thinking).toEqual(thinking);
    expect(body.output_config).toEqual(output_config);
  });

  test("an answer that is begun excludes thinking", () => {
    const { body, dropped } = toAnthropic([user, { role: "assistant", content: "So" }], {
      reasoning_effort: "low",
    });
    expect(body.thinking).toBeUndefined();
    expect(dropped).toEqual(["reasoning_effort"]);
  });
});

describe("pictures and documents", () => {
  const image = (url: string) => ({ type: "image_url", image_url: { url } });
  const file = (file_data: string, filename = "f") => ({ type: "file", file: { file_data, filename } });
  const base64 = (media_type: string, data: string) => ({ type: "base64", media_type, data });
  test.each([
    [
      "a picture by another name",
      image("data:image/jpg;base64,/9j/4AAQ"),
      { type: "image", source: base64("image/jpeg", "/9j/4AAQ") },
    ],
    [
      "a picture with a character set, its scheme in capitals",
      image("DATA:image/jpg;charset=utf-8;base64,/9j/4AAQ"),
      { type: "image", source: base64("image/jpeg", "/9j/4AAQ") },
    ],
    [
      "a picture of another kind than it says",
      image("data:image/png;base64,UklGRgAA"),
      { type: "image", source: base64("image/webp", "UklGRgAA") },
    ],
    [
      "a picture as a file",
      file("data:image/gif;base64,R0lGODlh"),
      { type: "image", source: base64("image/gif", "R0lGODlh") },
    ],
    [
      "a PDF",
      file("data:application/pdf;base64,JVBERi0="),
      { type: "document", source: base64("application/pdf", "JVBERi0="), title: "f" },
    ],
    [
      "a PDF that is no data URL",
      file("JVBERi0="),
      { type: "document", source: base64("application/pdf", "JVBERi0="), title: "f" },
    ],
    [
      "a text as a file",
      file(`data:text/markdown;base64,${Buffer.from('# "é"\n').toString("base64")}`),
      { type: "document", source: { type: "text", media_type: "text/plain", data: '# "é"\n' }, title: "f" },
    ],
  ])("%s", (_, part, expected) => {
    const { body, dropped } = toAnthropic([{ role: "user", content: [part] }]);
    expect(body.messages[0].content).toEqual([expected]);
    expect(dropped).toEqual([]);
  });

  test.each([
    [image("data:image/bmp;base64,Qk0="), "messages.content.image/bmp"],
    [file("data:application/zip;base64,UEsDBA=="), "messages.content.application/zip"],
    [file("data:text/plain;base64,%%%%"), "messages.content.text/plain"],
  ])("%j is noted as dropped", (part, name) => {
    const { body, dropped } = toAnthropic([{ role: "user", content: [{ type: "text", text: "x" }, part] }]);
    expect(body.messages[0].content).toEqual([text("x")]);
    expect(dropped).toEqual([name]);
  });
});

describe("sealed reasoning comes back", () => {
  const details = (...reasoning_details: object[]) => [
    user,
    {
      role: "assistant",
      content: "a",
      reasoning_content: "Hm, so.",
      reasoning_details,
      tool_calls: [call("c")],
    },
    result("c"),
  ];
  const first = (messages: object[]) => toAnthropic(messages).body.messages[1].content;
  const thinking = (value: string, signature: string) => ({ type: "thinking", thinking: value, signature });

  test("as blocks, in their order, before the text", () => {
    expect(
      first(
        details(
          { type: "reasoning.text", text: "Hm", signature: "s1", format: "anthropic-claude-v1", index: 0 },
          { type: "reasoning.encrypted", data: "d" },
          { type: "reasoning.text", text: "so", signature: "s2" },
        ),
      ),
    ).toEqual([
      thinking("Hm", "s1"),
      { type: "redacted_thinking", data: "d" },
      thinking("so", "s2"),
      text("a"),
      use("c"),
    ]);
  });

  test("put together from the pieces of a stream", () => {
    expect(
      first(
        details(
          { type: "reasoning.text", text: "Hm" },
          { type: "reasoning.text", text: ", so." },
          { type: "reasoning.text", signature: "s" },
        ),
      ).slice(0, 1),
    ).toEqual([thinking("Hm, so.", "s")]);
  });

  test("with the text beside it, where it has none", () => {
    expect(first(details({ type: "reasoning.text", text: null, signature: "s" }))[0]).toEqual(
      thinking("Hm, so.", "s"),
    );
  });

  test("and keeps thinking on; without a seal it is dropped and thinking is off", () => {
    const sealed = details({ type: "reasoning.text", text: "Hm", signature: "s" });
    expect(toAnthropic(sealed, { reasoning_effort: "low" }).body.thinking).toBeDefined();
    const open = toAnthropic(details({ type: "reasoning.summary", summary: "Hm" }), {
      reasoning_effort: "low",
    });
    expect(open.body.thinking).toBeUndefined();
    expect(open.dropped).toEqual(["reasoning_effort", "messages.reasoning_content"]);
  });
});

test("a schema is closed, and without the words that Anthropic refuses", () => {
  const schema = {
    $schema: "x",
    type: "object",
    properties: {
      type: { type: "string", minLength: 1, format: "email", description: "d" },
      other: { type: "string", format: "color" },
      list: { type: "array", minItems: 1, maxItems: 3, items: { type: "object", properties: {} } },
      any: { oneOf: [{ $ref: "#/$defs/a" }, { enum: [1, "b"] }, true] },
      map: { type: "object", additionalProperties: { type: "string" } },
    },
    required: ["type"],
    $defs: { a: { properties: { items: { const: null, minItems: 4 } }, additionalProperties: false } },
  };
  const closed = { additionalProperties: false };
  const { body, dropped } = toAnthropic(
    [user],
    { response_format: { type: "json_schema", json_schema: { name: "n", schema } } },
    option.outputFormat,
  );
  expect(body.output_config.format.schema).toEqual({
    type: "object",
    properties: {
      type: { type: "string", format: "email", description: "d" },
      other: { type: "string" },
      list: { type: "array", minItems: 1, items: { type: "object", properties: {}, ...closed } },
      any: { anyOf: [{ $ref: "#/$defs/a" }, { enum: [1, "b"] }, true] },
      map: { type: "object", ...closed },
    },
    required: ["type"],
    $defs: { a: { properties: { items: { const: null } }, ...closed } },
    ...closed,
  });
  expect(dropped).toEqual(
    ["$schema", "minLength", "format", "maxItems", "additionalProperties", "minItems"].map(
      (name) => `response_format.${name}`,
    ),
  );
});

test("a call inside a result that belongs to no call is left out", () => {
  const content = [answer("a", [text("r"), use("b")])];
  const { text: sent, dropped } = conversion.request(
    "anthropic",
    "anthropic",
    JSON.stringify({ model: "m", max_tokens: 9, messages: [{ role: "user", content }] }),
  );
  checkAnthropicRequest(JSON.parse(sent));
  expect(turns(JSON.parse(sent))).toEqual([["user", [text("r")]]]);
  expect(dropped).toContain("messages.user.content");
});
