// What the golden fixtures do not show: options of the writers, odd bodies, and limits.
import { describe, expect, test } from "vitest";
import type { Dialect } from "./conversion.ts";
import { loadConversion, option, requestError } from "./conversion.ts";

const conversion = await loadConversion();

function convert(from: Dialect, body: object, flags = 0) {
  const to: Dialect = from === "openai" ? "anthropic" : "openai";
  const { error, text, dropped } = conversion.request(from, to, JSON.stringify(body), flags);
  expect(error).toBe(requestError.none);
  return { body: JSON.parse(text), text, dropped };
}

const user = { role: "user", content: "x" };
const tool = { type: "function", function: { name: "t", parameters: {} } };

describe("a body that is no request", () => {
  test.each([
    ["", requestError.notJson],
    ["{", requestError.notJson],
    ['{"messages":[{"role":"user","content":"a"}]} x', requestError.notJson],
    ['{"messages":[{"role":"user","content":"\xff"}]}', requestError.none],
    ["[]", requestError.notObject],
    ["{}", requestError.noMessages],
    ['{"messages":null}', requestError.noMessages],
    ['{"messages":"x"}', requestError.noMessages],
    ['{"messages":[1,"a",null]}', requestError.noMessages],
  ])("%j gives error %i in both dialects", (body, error) => {
    expect(conversion.request("openai", "anthropic", body).error).toBe(error);
    expect(conversion.request("anthropic", "openai", body).error).toBe(error);
  });

  test("invalid UTF-8 is refused, not repaired", () => {
    const body = Buffer.from('{"messages":[{"role":"user","content":"\xff"}]}', "latin1");
    expect(conversion.request("openai", "anthropic", body).error).toBe(requestError.notJson);
  });

  test("more than 128 levels are refused without recursion", () => {
    const deep = `{"messages":[{"role":"user","content":${"[".repeat(5000)}${"]".repeat(5000)}}]}`;
    expect(conversion.request("openai", "anthropic", deep).error).toBe(requestError.notJson);
  });
});

describe("to Anthropic", () => {
  test("text keeps its escapes and bytes", () => {
    const raw = String.raw`{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"\u00e9 \/ é \ud83d\udc4b \ud83d <b>"}]}`;
    const { text } = conversion.request("openai", "anthropic", raw);
    expect(text).toContain(String.raw`"content":"\u00e9 \/ é \ud83d\udc4b \ud83d <b>"`);
  });

  test("explicit zeros and false survive", () => {
    const { body } = convert("openai", {
      messages: [user],
      temperature: 0,
      top_p: 0,
      top_k: 0,
      stream: false,
    });
    expect(body).toMatchObject({ temperature: 0, top_p: 0, top_k: 0, stream: false });
  });

  test.each([
    [{}, 4096],
    [{ max_tokens: 0 }, 4096],
    [{ max_tokens: 10 }, 10],
    [{ max_tokens: 10, max_completion_tokens: 20 }, 20],
    [{ max_tokens: 10, max_completion_tokens: 0 }, 10],
    [{ max_tokens: 1e3 }, 1000],
    [{ max_tokens: "300" }, 300],
    [{ max_tokens: null }, 4096],
    [{ max_tokens: "x" }, 4096],
  ])("%j asks for %i tokens", (given, tokens) => {
    expect(convert("openai", { messages: [user], ...given }).body.max_tokens).toBe(tokens);
  });

  test.each([
    [{ reasoning_effort: "low" }, 1024, 4096],
    [{ reasoning_effort: "medium" }, 8192, 12288],
    [{ reasoning_effort: "high" }, 16384, 20480],
    [{ reasoning_effort: "another" }, 8192, 12288],
    [{ reasoning_max_tokens: 10 }, 1024, 4096],
    [{ reasoning_max_tokens: 3000, reasoning_effort: "low" }, 3000, 4096],
    [{ thinking: { type: "enabled", budget_tokens: 2000 } }, 2000, 4096],
    [{ reasoning: { max_tokens: 2000, exclude: false } }, 2000, 4096],
    [{ reasoning: { effort: "high" } }, 16384, 20480],
    [{ reasoning_effort: "high", max_tokens: 4000 }, 2000, 4000],
  ])("%j thinks for %i of %i tokens", (given, budget, tokens) => {
    const { body } = convert("openai", { messages: [user], ...given });
    expect(body.thinking).toEqual({ type: "enabled", budget_tokens: budget });
    expect(body.max_tokens).toBe(tokens);
  });

  test.each([
    [{ reasoning_effort: "none" }],
    [{ reasoning_effort: "" }],
    [{ reasoning: { effort: "none" } }],
    [{ reasoning: null }],
    [{ reasoning_effort: "high", thinking: { type: "disabled" } }],
    [{ reasoning_effort: "high", max_tokens: 1000 }],
  ])("%j does not think", (given) => {
    expect(convert("openai", { messages: [user], ...given }).body.thinking).toBeUndefined();
  });

  test("thinking gives way to a tool that must be called, and keeps what Anthropic refuses beside it out", () => {
    const forced = convert("openai", {
      messages: [user],
      tools: [tool],
      tool_choice: "required",
      reasoning_effort: "low",
    });
    expect(forced.body.thinking).toBeUndefined();
    expect(forced.dropped).toEqual(["reasoning_effort"]);
    const warm = convert("openai", {
      messages: [user],
      reasoning_effort: "low",
      temperature: 0,
      top_p: 1,
      top_k: 2,
    });
    expect(warm.body).toMatchObject({ thinking: { type: "enabled" } });
    expect(Object.keys(warm.body)).not.toContain("temperature");
    expect(warm.dropped).toEqual(["temperature", "top_p", "top_k"]);
  });

  test("Claude Code mode brings its system prompt, and keeps the one given", () => {
    const cached = { cache_control: { type: "ephemeral" } };
    const own = "You are Claude Code, Anthropic's official CLI for Claude.";
    expect(convert("openai", { messages: [user] }, option.claudeCode).body.system).toEqual([
      { type: "text", text: own, ...cached },
    ]);
    expect(convert("openai", { messages: [user] }).body.system).toBeUndefined();
    const given = { messages: [{ role: "system", content: "Mine" }, user] };
    expect(convert("openai", given, option.claudeCode).body.system).toEqual([
      { type: "text", text: "Mine", ...cached },
    ]);
    expect(convert("openai", given).body.system).toBe("Mine");
  });

  test("with the model in the path the body has a version instead", () => {
    const { text } = convert("openai", { model: "m", messages: [user] }, option.version);
    expect(text).toBe(
      '{"messages":[{"role":"user","content":"x"}],"max_tokens":4096,"anthropic_version":"vertex-2023-10-16"}',
    );
  });

  test("a JSON schema is sent where the model takes one, else noted as dropped", () => {
    const schema = { type: "object", additionalProperties: false };
    const asked = {
      messages: [user],
      response_format: { type: "json_schema", json_schema: { name: "n", schema } },
    };
    expect(convert("openai", asked, option.outputFormat).body.output_config).toEqual({
      format: { type: "json_schema", schema },
    });
    expect(convert("openai", asked)).toMatchObject({
      body: { messages: [user] },
      dropped: ["response_format"],
    });
  });

  test("tool choice without tools is left out", () => {
    const { body } = convert("openai", { messages: [user], tool_choice: "auto", parallel_tool_calls: false });
    expect(body.tool_choice).toBeUndefined();
  });

  test("ids that Anthropic refuses are made plain, the same in call and result", () => {
    const { body } = convert("openai", {
      messages: [
        {
          role: "assistant",
          tool_calls: [{ id: "functions.t:0", type: "function", function: { name: "t", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "functions.t:0", content: "ok" },
      ],
    });
    expect(body.messages[1].content[0].id).toBe("functions_t_0");
    expect(body.messages[2].content[0].tool_use_id).toBe("functions_t_0");
  });

  test("of duplicate members the last counts", () => {
    const raw =
      '{"messages":[{"role":"user","content":"first"}],"max_tokens":1,"messages":[{"role":"assistant","role":"user","content":"a","content":"last"}],"max_tokens":2}';
    const body = JSON.parse(conversion.request("openai", "anthropic", raw).text);
    expect(body).toEqual({ model: "", messages: [{ role: "user", content: "last" }], max_tokens: 2 });
  });

  test("escaped member names are read", () => {
    const raw = String.raw`{"mess\u0061ges":[{"rol\u0065":"user","content":"x"}],"max_tokens":1}`;
    expect(JSON.parse(conversion.request("openai", "anthropic", raw).text).messages).toEqual([user]);
  });
});

describe("to OpenAI", () => {
  test("top_k is sent where the server takes it, else noted as dropped", () => {
    const asked = { messages: [user], top_k: 3 };
    expect(convert("anthropic", asked, option.topK).body.top_k).toBe(3);
    expect(convert("anthropic", asked)).toMatchObject({ dropped: ["top_k"] });
  });

  test("thinking goes back as reasoning_content where the server wants it, else it is noted as dropped", () => {
    const asked = {
      messages: [
        user,
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Hm", signature: "s" },
            { type: "text", text: "a" },
          ],
        },
      ],
    };
    expect(convert("anthropic", asked, option.reasoningContent).body.messages[1].reasoning_content).toBe(
      "Hm",
    );
    const plain = convert("anthropic", asked);
    expect(plain.body.messages[1].reasoning_content).toBeUndefined();
    expect(plain.dropped).toEqual(["messages.content.thinking"]);
  });

  test.each([
    [1, "low"],
    [4095, "low"],
    [4096, "medium"],
    [16383, "medium"],
    [16384, "high"],
  ])("a budget of %i tokens is effort %s", (budget_tokens, effort) => {
    const { body } = convert("anthropic", { messages: [user], thinking: { type: "enabled", budget_tokens } });
    expect(body.reasoning_effort).toBe(effort);
    expect(body.thinking).toBeUndefined();
  });

  test.each([["disabled"], ["adaptive"]])("thinking %s says nothing about effort", (type) => {
    expect(
      convert("anthropic", { messages: [user], thinking: { type } }).body.reasoning_effort,
    ).toBeUndefined();
  });

  test("an empty system says nothing", () => {
    const { body } = convert("anthropic", { model: "m", system: "", messages: [user] });
    expect(body.messages).toEqual([user]);
  });

  test("null system is no system message", () => {
    expect(convert("anthropic", { system: null, messages: [user] }).body.messages).toEqual([user]);
  });

  test("a message that holds text and an image beside a tool result keeps all three", () => {
    const { body } = convert("anthropic", {
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "before" },
            { type: "tool_result", tool_use_id: "a", content: "r" },
            { type: "image", source: { type: "url", url: "https://example.com/i" } },
          ],
        },
      ],
    });
    expect(body.messages).toEqual([
      { role: "tool", content: "r", tool_call_id: "a" },
      {
        role: "user",
        content: [
          { type: "text", text: "before" },
          { type: "image_url", image_url: { url: "https://example.com/i" } },
        ],
      },
    ]);
  });

  test("white space in tool input is left out of the arguments, that in its strings stays", () => {
    const raw =
      '{"max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"i","name":"n","input": { "a b" :\n[ 1 , "c\\t \\" d" ] } }]}]}';
    const body = JSON.parse(conversion.request("anthropic", "openai", raw).text);
    expect(body.messages[0].tool_calls[0].function.arguments).toBe('{"a b":[1,"c\\t \\" d"]}');
  });
});

test("a name that comes with the body cannot break a log line", () => {
  const raw = String.raw`{"messages":[{"role":"user","content":"x"}],"a\n\u0000b\u007f é":1}`;
  expect(conversion.request("openai", "anthropic", raw).dropped).toEqual(["a??b????"]);
});

test("a list of names of dropped fields is bounded whatever the body holds", () => {
  const body: Record<string, unknown> = { messages: [user], max_tokens: 1 };
  for (let i = 0; i < 10_000; i++) body[`unknown-${"x".repeat(200)}-${i}`] = 1;
  for (let i = 0; i < 100; i++) body[`u${i}`] = 1;
  const { dropped } = convert("openai", body);
  expect(dropped.length).toBeLessThanOrEqual(32);
  for (const name of dropped) expect(name.length).toBeLessThanOrEqual(64);
});
