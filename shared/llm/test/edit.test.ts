// Changes to OpenAI bodies in place.
import { describe, expect, test } from "vitest";
import { edit, loadConversion } from "./conversion.ts";

const conversion = await loadConversion();

const spaced = (body: object) => JSON.stringify(body, null, 1);

describe.each([
  ["developer to system", edit.developer],
  ["merge", edit.merge],
  ["context cleanup", edit.clean],
  ["include_usage", edit.includeUsage],
  ["promote thinking", edit.promote],
  ["insert a system message", edit.insertSystem],
])("%s", (_name, kind) => {
  test.each([
    [""],
    ["{"],
    ["null"],
    ["[1]"],
    ["{}"],
    ['{"messages":3}'],
    ['{"messages":{"role":"developer"}}'],
    ['{"messages":[{"role":"developer","content":"a"},{"role":"developer"'],
    ['{"choices":{}}'],
    ['{"stream":"true"}'],
  ])("%j stays as it is", (body) => {
    expect(conversion.edit(kind, body, "clear")).toEqual({ isChanged: false, text: body });
  });
});

describe("developer to system", () => {
  test("only the role's value changes", () => {
    const body =
      '{ "stream": true,"messages" : [ {"content":"developer", "role" : "developer" }, {"role":"user"},{"role":"dev\\u0065loper"} ], "x":1e2 }';
    expect(conversion.edit(edit.developer, body)).toEqual({
      isChanged: true,
      text: body.replace('"role" : "developer"', '"role" : "system"'),
    });
  });

  test("a body without the role stays the same bytes", () => {
    const body = spaced({ messages: [{ role: "system", content: "developer" }] });
    expect(conversion.edit(edit.developer, body)).toEqual({ isChanged: false, text: body });
  });

  test("many messages are edited in one pass", () => {
    const messages = Array.from({ length: 20_000 }, () => ({ role: "developer", content: "x" }));
    const { text } = conversion.edit(edit.developer, JSON.stringify({ messages }));
    expect(text).not.toContain("developer");
    expect(JSON.parse(text).messages).toHaveLength(20_000);
  });
});

describe("merge", () => {
  const merged = (messages: object[]) => {
    const result = conversion.edit(edit.merge, JSON.stringify({ model: "m", messages, x: 1 }));
    return { isChanged: result.isChanged, messages: JSON.parse(result.text).messages };
  };
  const user = (content: unknown, more = {}) => ({ role: "user", content, ...more });
  const text = (value: string) => ({ type: "text", text: value });

  test("strings are joined with an empty line", () => {
    expect(merged([user("a"), user("b"), user("c")]).messages).toEqual([user("a\n\nb\n\nc")]);
  });

  test("lists are concatenated, and strings beside them become parts", () => {
    expect(merged([user([text("a")]), user([text("b"), { type: "image_url" }])]).messages).toEqual([
      user([text("a"), text("b"), { type: "image_url" }]),
    ]);
    expect(merged([user("a"), user("b"), user([text("c")]), user("d")]).messages).toEqual([
      user([text("a\n\nb"), text("c"), text("d")]),
    ]);
    expect(merged([user([]), user("b")]).messages).toEqual([user([text("b")])]);
  });

  test("only adjacent messages of user or assistant merge", () => {
    const messages = [
      { role: "system", content: "s" },
      { role: "system", content: "t" },
      user("a"),
      { role: "assistant", content: "b" },
      { role: "assistant", content: "c", refusal: null, annotations: [] },
      user("d"),
      { role: "tool", content: "e" },
      { role: "tool", content: "f" },
    ];
    expect(merged(messages).messages).toEqual([
      ...messages.slice(0, 3),
      { role: "assistant", content: "b\n\nc" },
      ...messages.slice(5),
    ]);
  });

  test("messages with tool calls, or anything else that cannot be joined, are left alone", () => {
    const calls = { role: "assistant", content: null, tool_calls: [{ id: "a" }] };
    for (const second of [calls, { role: "assistant", content: "x", reasoning_content: "r" }]) {
      const messages = [
        { role: "assistant", content: "a" },
        second,
        calls,
        { role: "assistant", content: "b" },
      ];
      expect(merged(messages)).toEqual({ isChanged: false, messages });
    }
  });

  test("messages without content merge with those that have some", () => {
    expect(merged([{ role: "user" }, user("b")]).messages).toEqual([{ content: "b", role: "user" }]);
    expect(merged([user(null), user("b")]).messages).toEqual([user("b")]);
    expect(merged([user("a"), user(null), { role: "user" }]).messages).toEqual([user("a")]);
  });

  test("bytes outside the merged messages stay", () => {
    const body =
      '{ "stream": true, "messages": [ {"role":"user", "content":"\\u0061" , "name":"n"} ,\n {"role":"user","content":"b"} , {"role":"assistant"} ] , "a" : 1.0 }';
    expect(conversion.edit(edit.merge, body).text).toBe(
      '{ "stream": true, "messages": [ {"role":"user", "content":"\\u0061\\n\\nb" , "name":"n"} , {"role":"assistant"} ] , "a" : 1.0 }',
    );
  });
});

describe("context cleanup", () => {
  const clean = (messages: object[], command = "/clear") => {
    const result = conversion.edit(edit.clean, JSON.stringify({ messages, model: "m" }), command);
    return JSON.parse(result.text).messages;
  };
  const system = { role: "system", content: "s" };
  const a = { role: "user", content: "a" };
  const command = { role: "user", content: "/clear" };
  const b = { role: "assistant", content: "b" };

  test("the last command and what is before it go, system messages stay", () => {
    expect(clean([system, a, command, b, system, command, a, b])).toEqual([system, system, a, b]);
    expect(clean([a, command])).toEqual([]);
  });

  test("without a command the bytes stay", () => {
    const body = spaced({
      messages: [system, a, { role: "assistant", content: "/clear" }, { role: "user", content: "/clear " }],
    });
    expect(conversion.edit(edit.clean, body, "/clear")).toEqual({ isChanged: false, text: body });
    expect(
      conversion.edit(edit.clean, JSON.stringify({ messages: [{ role: "user", content: "" }] }), "")
        .isChanged,
    ).toBe(false);
  });

  test("a command given as a list of text parts, or escaped, is found", () => {
    expect(clean([a, { role: "user", content: [{ type: "text", text: "/clear" }] }, b])).toEqual([b]);
    const body =
      '{"messages":[{"role":"user","content":"\\/cl\\u0065ar \\u2713"},{"role":"user","content":"x"}]}';
    expect(conversion.edit(edit.clean, body, "/clear ✓").text).toBe(
      '{"messages":[{"role":"user","content":"x"}]}',
    );
  });
});

describe("include_usage", () => {
  test("is asked for once, where the client streams and has not decided", () => {
    expect(conversion.edit(edit.includeUsage, '{"model":"m", "stream": true}').text).toBe(
      '{"stream_options":{"include_usage":true},"model":"m", "stream": true}',
    );
    expect(
      JSON.parse(conversion.edit(edit.includeUsage, '{"stream":true,"stream_options":{"x":1}}').text),
    ).toEqual({
      stream: true,
      stream_options: { include_usage: true, x: 1 },
    });
    expect(
      JSON.parse(conversion.edit(edit.includeUsage, '{"stream":true,"stream_options":null}').text),
    ).toEqual({
      stream: true,
      stream_options: { include_usage: true },
    });
  });

  test.each([['{"stream":false}'], ["{}"], ['{"stream":true,"stream_options":{"include_usage":false}}']])(
    "%s stays",
    (body) => {
      expect(conversion.edit(edit.includeUsage, body)).toEqual({ isChanged: false, text: body });
    },
  );
});

describe("model", () => {
  test("is replaced in place, with every duplicate gone, and left alone when equal", () => {
    expect(conversion.edit(edit.model, '{"a":1,"model" : "x", "b":2}', 'y"ü').text).toBe(
      '{"a":1,"model" : "y\\"ü", "b":2}',
    );
    expect(JSON.parse(conversion.edit(edit.model, '{"model":"x","model":"z"}', "y").text)).toEqual({
      model: "y",
    });
    expect(conversion.edit(edit.model, '{"model":"\\u0079"}', "y").isChanged).toBe(false);
  });
});

describe("insert a system message", () => {
  test.each([
    [[], [0]],
    [[["user"]], [0, "user"]],
    [
      [["system"], ["system"], ["user"], ["system"]],
      ["system", "system", 0, "user", "system"],
    ],
    [
      [["system"], ["system"]],
      [0, "system", "system"],
    ],
  ])("%j", (roles, expected) => {
    const messages = roles.map(([role]) => ({ role, content: "c" }));
    const { text } = conversion.edit(edit.insertSystem, spaced({ model: "m", messages }), 'Rule \\"1\\"');
    expect(JSON.parse(text).messages).toEqual(
      expected.map((role) => (role === 0 ? { role: "system", content: 'Rule "1"' } : { role, content: "c" })),
    );
  });
});
