// Tools that take free text, of OpenAI's clients, in front of providers that know functions only: every provider dialect
// of the matrix, with its answers that call two tools, one of them the client's custom tool.

import OpenAI from "openai";
import { expect, test } from "vitest";
import { answerOf, answersOf, list, open, targets } from "./matrix.ts";

const clients = ["openai", "responses"] as const;
/** They are sent the chat requests of OpenAI's clients as they are. */
const taking = ["cohere-v1", "spark"];
const cells = Object.entries(targets).flatMap(([name, target]) =>
  clients.flatMap((client) => {
    const folder = answersOf(target, client);
    // Bodies of its own clients pass as they are, and OpenAI itself knows such tools.
    if (client === "openai" && taking.includes(name)) return [];
    if (folder === undefined || folder === (client === "openai" ? "compatible" : "openai-responses"))
      return [];
    const files = list(`answers/${folder}`).filter((file) =>
      /^parallel-tools\.(json|sse|events\.json)$/.test(file),
    );
    return files.map((file) => ({ name, target, client, file: `answers/${folder}/${file}` }));
  }),
);

const described = { name: "get_weather", description: "Weather of a city" };
const format = { syntax: "regex", definition: "[A-Z][a-z]+" } as const;
const now = { name: "get_time", parameters: { type: "object" } };
const text = "What is it?";

/** What OpenAI's client makes of the answer: the two calls, and what they are called with. */
async function calls(client: (typeof clients)[number], fetch: typeof globalThis.fetch, streamed: boolean) {
  const openai = new OpenAI({ apiKey: "-", maxRetries: 0, fetch });
  if (client === "responses") {
    const tools: OpenAI.Responses.Tool[] = [
      { type: "custom", ...described, format: { type: "grammar", ...format } },
      { type: "function", strict: false, ...now },
    ];
    const request = { model: "any", input: text, tools };
    const response = streamed
      ? await openai.responses.stream(request).finalResponse()
      : await openai.responses.create(request);
    return response.output.flatMap((item) => {
      if (item.type === "custom_tool_call") return [["custom", item.name, item.input]];
      return item.type === "function_call" ? [["function", item.name, item.arguments]] : [];
    });
  }
  const tools: OpenAI.ChatCompletionTool[] = [
    { type: "custom", custom: { ...described, format: { type: "grammar", grammar: format } } },
    { type: "function", function: now },
  ];
  const request = { model: "any", messages: [{ role: "user" as const, content: text }], tools };
  const completion = streamed
    ? await openai.chat.completions.stream(request).finalChatCompletion()
    : await openai.chat.completions.create(request);
  return completion.choices[0]!.message.tool_calls!.map((call) =>
    call.type === "custom"
      ? ["custom", call.custom.name, call.custom.input]
      : ["function", call.function.name, call.function.arguments],
  );
}

test.each(cells)("a client of $client gets its own calls back from $name ($file)", async (cell) => {
  const { target, client, file } = cell;
  const { ask } = open(target.entry, target.model);
  let sent = "";
  let dropped: string | undefined;
  const fetch = async (_: unknown, init?: RequestInit) => {
    const streamed = !/tools\.json$/.test(file);
    const { upstream, client: got } = ask(client, String(init!.body), streamed, answerOf(target, file));
    sent = upstream!.text;
    dropped = got.header("x-ai-proxy-dropped");
    return new Response(got.text, {
      status: got.status,
      headers: { "content-type": got.header("content-type")! },
    });
  };
  const [weather, time] = await calls(client, fetch as typeof globalThis.fetch, !/tools\.json$/.test(file));
  expect(weather!.slice(0, 2)).toEqual(["custom", "get_weather"]);
  // The recorded call has no `input`, so its arguments are the text.
  expect(JSON.parse(weather![2]!)).toMatchObject({ city: "Paris" });
  expect(time!.slice(0, 2)).toEqual(["function", "get_time"]);
  const isOpenai = target.entry.type === "openai" || target.entry.type === "azure";
  expect(sent).toContain(isOpenai ? '"syntax":"regex"' : "The input follows this grammar (regex)");
  expect(sent).toContain(isOpenai ? '"custom"' : "input");
  expect(dropped ?? "").toMatch(isOpenai ? /^(?!.*custom)/ : /tools\.custom\.format/);
});
