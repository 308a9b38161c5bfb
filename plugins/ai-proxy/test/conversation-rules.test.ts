// Rules that an API has for conversations, and that a client of another one need not know.

import { describe, expect, test } from "vitest";
import { pathOf, type ClientDialect } from "./client-requests.ts";
import { chat, json, provider } from "./proxy.ts";

const apiTokens = ["k"];
const model = (name: string) => ({ apiTokens, modelMapping: { "*": name } });
const entries = {
  openai: { type: "openai", ...model("gpt-5") },
  responses: { type: "openai", chatApi: "responses", ...model("gpt-5") },
  mistral: { type: "mistral", ...model("mistral-large") },
  groq: { type: "groq", ...model("llama") },
  claude: { type: "claude", ...model("claude-sonnet-4-5") },
  "gemini 2.5": { type: "gemini", ...model("gemini-2.5-pro") },
  "gemini 3": { type: "gemini", ...model("gemini-3-flash") },
  bedrock: { type: "bedrock", awsRegion: "r", ...model("anthropic.claude-sonnet-4-5-20250929-v1:0") },
  nova: { type: "bedrock", awsRegion: "r", ...model("amazon.nova-pro-v1:0") },
  cohere: { type: "cohere", cohereApiVersion: "v2", ...model("command-a") },
};
type Type = keyof typeof entries;

function asked(client: ClientDialect, type: Type, body: object) {
  const chain = provider(entries[type], { upstream: () => json({ error: {} }, { status: 400 }) });
  const request = { model: "any", ...(client === "anthropic" && { max_tokens: 9000 }), ...body };
  const { upstream, client: got } = chain.exchange(
    chat(JSON.stringify(request), { path: pathOf(client, "whole") }),
  );
  chain.close();
  return { body: JSON.parse(upstream!.text), dropped: got.header("x-ai-proxy-dropped") ?? "" };
}

const call = (call_id: string, name = "f") => ({ type: "function_call", call_id, name, arguments: "{}" });
const result = (call_id: string, output: string) => ({ type: "function_call_output", call_id, output });
const user = { role: "user", content: "Hi" };

describe("results of tools", () => {
  const late = [user, call("a"), call("b"), user, result("b", "2"), result("a", "1")];
  const broken = [user, call("a"), call("b"), result("b", "2"), user];
  const forgotten = [user, call("a"), result("a", "1"), result("x", "lost"), user];
  const missing = "The tool gave no result.";

  test.each([
    ["late", late, ["b: 2", "a: 1", "Hi"]],
    ["missing", broken, ["b: 2", `a: ${missing}`, "Hi"]],
    ["too many", forgotten, ["a: 1", "lost", "Hi"]],
  ])("stand behind their calls in OpenAI's words: %s", (_, input, expected) => {
    // Only OpenAI's own API takes Responses as they are.
    const { body } = asked("responses", "mistral", { input });
    const ids = new Map(body.messages[1].tool_calls.map(({ id }: any, at: number) => [id, "ab"[at]]));
    const rest = body.messages
      .slice(2)
      .map((each: any) =>
        each.role === "tool" ? `${ids.get(each.tool_call_id)}: ${each.content}` : each.content,
      );
    expect(rest.flat().map((each: any) => each.text ?? each)).toEqual(expected);
  });

  test.each(["gemini 2.5", "gemini 3"] as const)("are as many as the calls: %s", (type) => {
    for (const input of [late, broken, forgotten]) {
      const { contents } = asked("responses", type, { input }).body;
      const count = (content: any, kind: string) => content.parts.filter((part: any) => part[kind]).length;
      expect(count(contents[2], "functionResponse")).toBe(count(contents[1], "functionCall"));
    }
  });

  test("are in the order of the calls where nothing else tells them apart", () => {
    const { contents } = asked("responses", "gemini 2.5", { input: late }).body;
    expect(contents[2].parts.map((part: any) => part.functionResponse.response.output)).toEqual(["1", "2"]);
  });

  test("are named after their own call, though another one has its id", () => {
    const tool_calls = ["f", "g"].map((name) => ({
      id: "call_0",
      type: "function",
      function: { name, arguments: "{}" },
    }));
    const results = ["1", "2"].map((content) => ({ role: "tool", tool_call_id: "call_0", content }));
    const { contents } = asked("openai", "gemini 2.5", {
      messages: [user, { role: "assistant", tool_calls }, ...results],
    }).body;
    const said = contents[2].parts.map(
      ({ functionResponse: { name, response } }: any) => name + response.output,
    );
    expect(said).toEqual(["f1", "g2"]);
  });

  test("stand behind all calls of a turn, which are one message's", () => {
    const use = (id: string) => ({
      role: "assistant",
      content: [{ type: "tool_use", id, name: "f", input: {} }],
    });
    const tool_result = (tool_use_id: string) => ({ type: "tool_result", tool_use_id, content: "1" });
    const results = { role: "user", content: [tool_result("a"), tool_result("b")] };
    const { messages } = asked("anthropic", "openai", { messages: [user, use("a"), use("b"), results] }).body;
    expect(messages.map(({ role }: any) => role)).toEqual(["user", "assistant", "tool", "tool"]);
    expect(messages[1].tool_calls.map(({ id }: any) => id)).toEqual(["a", "b"]);
  });

  test("that nothing follows are not made up, and those without any call stay", () => {
    expect(asked("responses", "mistral", { input: [user, call("a")] }).body.messages).toHaveLength(2);
    expect(asked("responses", "mistral", { input: [result("a", "1"), user] }).body.messages[0].role).toBe(
      "tool",
    );
  });
});

describe("ids of calls", () => {
  const long = `call_${"x".repeat(80)}`;

  test.each([
    ["mistral", "toolu_01A", /^[a-z0-9]{9}$/],
    ["mistral", "a1B2c3D4e", /^a1B2c3D4e$/],
    ["openai", long, /^[a-z0-9]{13}$/],
    ["openai", "toolu_01A", /^toolu_01A$/],
    ["responses", long, /^[a-z0-9]{13}$/],
  ] as const)("%s gets %s in a form that it takes", (type, id, form) => {
    const messages = [
      user,
      { role: "assistant", content: [{ type: "tool_use", id, name: "f", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: "1" }] },
    ];
    const { body } = asked("anthropic", type, { messages });
    const items = body.messages ?? body.input;
    const sent = items[1].call_id ?? items[1].tool_calls[0].id;
    expect(sent).toMatch(form);
    expect(items[2].call_id ?? items[2].tool_call_id).toBe(sent);
  });
});

describe("names of tools", () => {
  const names = ["2fa.check", "search-web", "search_web", "a b"];
  const tools = names.map((name) => ({ name, input_schema: { type: "object" } }));

  test.each([
    ["openai", ["2fa_check", "search-web", "search_web", "a_b"]],
    ["gemini 3", ["_2fa.check", "search-web", "search_web", "a_b"]],
    ["cohere", ["_2fa_check", expect.stringMatching(/^search_web_[0-9a-f]{8}$/), "search_web", "a_b"]],
    ["bedrock", ["2fa_check", "search-web", "search_web", "a_b"]],
  ] as const)("have the characters that %s takes, and stay apart", (type, expected) => {
    const { body } = asked("anthropic", type, { messages: [user], tools });
    const sent = body.toolConfig?.tools ?? body.tools[0].function_declarations ?? body.tools;
    expect(sent.map((tool: any) => (tool.toolSpec ?? tool.function ?? tool).name)).toEqual(expected);
  });

  test("the client gets its own back, and its calls go out under those that were sent", () => {
    const message = {
      role: "assistant",
      tool_calls: [{ id: "c", type: "function", function: { name: "_2fa.check", arguments: "{}" } }],
    };
    const parts = [{ functionCall: { name: "_2fa.check", args: {} } }];
    const sent: any[] = [];
    const upstream = ({ text }: { text: string }) => {
      sent.push(JSON.parse(text));
      return json({ candidates: [{ content: { role: "model", parts }, finishReason: "STOP" }] });
    };
    const chain = provider(entries["gemini 3"], { upstream });
    const ask = (messages: object[]) => {
      const request = { model: "m", max_tokens: 9, messages, tools };
      return JSON.parse(chain.exchange(chat(JSON.stringify(request), { path: "/v1/messages" })).client.text);
    };
    const { content } = ask([user]);
    expect(content[0].name).toBe("2fa.check");
    ask([
      user,
      { role: "assistant", content },
      { role: "user", content: [{ type: "tool_result", tool_use_id: content[0].id, content: "1" }] },
    ]);
    expect(sent[1].contents[1].parts[0].functionCall.name).toBe(message.tool_calls[0]!.function.name);
    expect(sent[1].contents[2].parts[0].functionResponse.name).toBe("_2fa.check");
    chain.close();
  });
});

test("what the model says in a row is one turn for Gemini, and the user's turn comes before its calls", () => {
  const said = { role: "assistant", content: "I look." };
  const roles = (input: object[]) =>
    asked("responses", "gemini 3", { input }).body.contents.map(
      ({ role, parts }: any) => `${role} ${parts.length}`,
    );
  expect(roles([user, said, said, call("a"), result("a", "1")])).toEqual(["user 1", "model 3", "user 1"]);
  const blank = { role: "user", content: "" };
  expect(roles([user, said, blank, call("a"), result("a", "1")])).toEqual(["user 1", "model 2", "user 1"]);
  expect(roles([call("a"), result("a", "1"), user])).toEqual(["user 1", "model 1", "user 1", "user 1"]);
});

test("a document has a text beside it for Converse", () => {
  const source = { type: "base64", media_type: "application/pdf", data: "JVBERi0xLjQ=" };
  const document = { type: "document", source };
  const texts = (content: object[]) =>
    asked("anthropic", "bedrock", { messages: [{ role: "user", content }] }).body.messages[0].content.flatMap(
      ({ text }: any) => text ?? [],
    );
  expect(texts([document])).toEqual(["."]);
  expect(texts([document, { type: "text", text: "What is it?" }])).toEqual(["What is it?"]);
});

test.each(["mistral", "groq"] as const)(
  "a server that refuses words it does not know gets no cache_control: %s",
  (type) => {
    const text = { type: "text", text: "t", cache_control: { type: "ephemeral" } };
    const { body, dropped } = asked("anthropic", type, {
      system: [text],
      messages: [{ role: "user", content: [text] }],
    });
    expect(JSON.stringify(body)).not.toContain("cache_control");
    expect(dropped).toBe("messages.content.cache_control");
  },
);

test("nor does it get settings that are OpenAI's alone from Codex", () => {
  const settings = { prompt_cache_key: "k", safety_identifier: "s", text: { verbosity: "low" } };
  const { body, dropped } = asked("responses", "mistral", { input: "Hi", ...settings, temperature: 1 });
  expect(body).toEqual({ model: "mistral-large", messages: [user], temperature: 1 });
  expect(dropped.split(",").sort()).toEqual(["prompt_cache_key", "safety_identifier", "verbosity"]);
});

describe("a picture in a data URL", () => {
  const sent = (url: string) => {
    const content = [
      { type: "text", text: "?" },
      { type: "image_url", image_url: { url } },
    ];
    const { body, dropped } = asked("openai", "claude", { messages: [{ role: "user", content }] });
    return [body.messages[0].content[1]?.source, dropped];
  };
  const png = "iVBORw0KGgoAAAA=";

  test.each([
    `data:image/png;base64,${png}`,
    `DATA:IMAGE/PNG;BASE64,${png}`,
    `data:image/png;charset=utf-8;Base64,${png}`,
    `data:;base64,${png}`,
  ])("is read in any spelling: %s", (url) => {
    expect(sent(url)).toEqual([{ type: "base64", media_type: "image/png", data: png }, ""]);
  });

  test.each(["", "image/heic", "application/octet-stream"])(
    "is what its bytes say for Converse: %j",
    (type) => {
      const url = `data:${type};base64,${png}`;
      const messages = [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }];
      const { body, dropped } = asked("openai", "bedrock", { messages });
      expect(body.messages[0].content).toEqual([{ image: { format: "png", source: { bytes: png } } }]);
      expect(dropped).toBe("");
    },
  );

  test.each(["data:image/svg+xml,%3Csvg%3E", "gs://bucket/a.png", "a.png"])(
    "that Claude cannot fetch is named: %s",
    (url) => expect(sent(url)).toEqual([undefined, "messages.content.image_url"]),
  );
});

test("a budget of reasoning is named where the model has no word for it", () => {
  const thinking = { type: "enabled", budget_tokens: 2000 };
  expect(asked("anthropic", "nova", { messages: [user], thinking }).dropped).toBe("reasoning_effort");
});

test("Claude does not think where the turn that goes on begins with a text", () => {
  const reasoning = {
    type: "reasoning",
    id: "r",
    summary: [{ type: "summary_text", text: "t" }],
    encrypted_content: "s",
  };
  const said = { role: "assistant", content: [{ type: "output_text", text: "I look." }] };
  const ask = (...items: object[]) =>
    asked("responses", "claude", {
      input: [user, ...items, call("a"), result("a", "1")],
      reasoning: { effort: "low" },
    });
  expect(ask(said, reasoning)).toMatchObject({ dropped: "reasoning_effort" });
  expect(ask(said, reasoning).body).not.toHaveProperty("thinking");
  expect(ask(reasoning, said).body.thinking).toEqual({ type: "enabled", budget_tokens: 1024 });
});

describe("a seal of reasoning goes to nobody but its maker", () => {
  const ofOpenai = `gAAAAA${"b".repeat(90)}`;
  const ofClaude = `EqQBCgIYAhIM${"c".repeat(90)}`;
  const ask = (type: Type, seal: string) => {
    const reasoning = {
      type: "reasoning",
      id: "r",
      summary: [{ type: "summary_text", text: "t" }],
      encrypted_content: seal,
    };
    return asked("responses", type, { input: [user, reasoning, call("a"), result("a", "1")] });
  };
  const sealed = (type: Type, signature: string) => {
    const thought = { type: "thinking", thinking: "t", signature };
    const messages = [user, { role: "assistant", content: [thought, { type: "text", text: "A." }] }, user];
    return asked("anthropic", type, { messages });
  };

  test.each(["claude", "gemini 2.5", "gemini 3", "bedrock"] as const)("OpenAI's not to %s", (type) => {
    const { body, dropped } = ask(type, ofOpenai);
    expect(JSON.stringify(body)).not.toContain("gAAAAA");
    expect(dropped).toContain("messages.reasoning_content");
    expect(JSON.stringify(ask(type, ofClaude).body)).toContain(ofClaude);
  });

  test("another's not to OpenAI", () => {
    const { body, dropped } = sealed("responses", ofClaude);
    expect(JSON.stringify(body)).not.toContain("EqQB");
    expect(dropped).toBe("messages.reasoning_content");
    expect(JSON.stringify(sealed("responses", ofOpenai).body)).toContain(ofOpenai);
  });
});

describe("the schema of a tool is one of an object for Claude", () => {
  const schemaOf = (type: "claude" | "bedrock", parameters: object) => {
    const { body, dropped } = asked("openai", type, {
      messages: [user],
      tools: [{ type: "function", function: { name: "f", parameters } }],
    });
    const [tool] = body.tools ?? body.toolConfig.tools;
    return [tool.input_schema ?? tool.toolSpec.inputSchema.json, dropped];
  };
  const a = { type: "object", properties: { a: { type: "string" }, c: { type: "null" } }, required: ["a"] };
  const b = { type: "object", properties: { b: { type: "number" }, c: { type: "string" } } };

  test.each(["claude", "bedrock"] as const)("%s", (type) => {
    const all = { a: a.properties.a, c: a.properties.c, b: b.properties.b };
    const lost = "tools.function.parameters";
    for (const choice of [{ anyOf: [a, b] }, { type: "object", oneOf: [a, b] }]) {
      expect(schemaOf(type, choice)).toEqual([{ type: "object", properties: all }, lost]);
    }
    const own = { ...a, allOf: [{ required: ["c"] }], description: "d" };
    expect(schemaOf(type, own)).toEqual([{ ...a, description: "d" }, lost]);
    expect(schemaOf(type, { type: null, properties: {} })).toEqual([{ type: "object", properties: {} }, ""]);
  });
});
