// What the bench measures: each plugin with its typical jobs, and the usual chain.

import type { Headers } from "../host/types.ts";
import { chatRequest, filler } from "./bodies.ts";

/** A request, and what the upstream answers. */
export interface Exchange {
  path: string;
  headers?: Headers;
  body: Uint8Array;
  /** Default: 200 without a body. */
  reply?: { headers: Headers; pieces: Uint8Array[] };
  /** What Redis answers to every command, at once: the guest's part of a round trip. */
  redisReply?: Uint8Array;
}

export interface Job {
  title: string;
  /** One per plugin of the subject. */
  configurations: object[];
  exchange(bytes: number): Exchange;
  /** Bodies of these sizes, or one exchange of so many events: its time is told per event. */
  events?: number;
  /** Of one exchange: what is told in place of a size. */
  label?: string;
}

export interface Subject {
  name: string;
  /** Plugins of this repository, in the order of the chain. */
  plugins: string[];
  /** The first is also measured on Envoy. */
  jobs: Job[];
}

const consumer: Headers = [["x-mse-consumer", "ann"]];

const chat = (bytes: number): Exchange => ({
  path: "/v1/chat/completions",
  headers: consumer,
  body: chatRequest(bytes),
});

/** Rewrites `model` and nothing else: the least an AI proxy does. */
const rewriting = {
  provider: { type: "openai", apiTokens: ["provider-key"], modelMapping: { "gpt-4o-mini": "gpt-5.4-mini" } },
};

/** Translates requests and every streamed event. */
const translating = {
  provider: { type: "claude", apiTokens: ["provider-key"], modelMapping: { "*": "claude-haiku-5-5" } },
};

const limiting = {
  rule_name: "bench",
  rules: [{ name: "minute", by: ["consumer", "model"], limit: 1e15 }],
};

const redis = { service_name: "redis.static" };
/** Nobody is refused; the numbers are those of one counter, or of Higress's scripts. */
const decided = Buffer.from("*6\r\n:0\r\n:1000\r\n:60000\r\n:1000\r\n:5\r\n:0\r\n");
const looked = Buffer.from("*3\r\n:1000000\r\n:10\r\n:60\r\n");
/** ai-token-ratelimit's own form; of Go modules that are set beside ours too. */
const higressForm = {
  rule_name: "bench",
  rule_items: [{ limit_by_per_consumer: "", limit_keys: [{ key: "*", token_per_minute: 1e9 }] }],
};

/** A request of 1 KB and an answer of one piece that states its usage: admission and settlement. */
function metered(redisReply?: Uint8Array): Exchange {
  const usage = { prompt_tokens: 10, completion_tokens: 190, total_tokens: 200 };
  const message = { role: "assistant", content: filler(500) };
  const answer = JSON.stringify({ id: "c", choices: [{ index: 0, message, finish_reason: "stop" }], usage });
  const headers: Headers = [
    [":status", "200"],
    ["content-type", "application/json"],
  ];
  return {
    ...chat(1000),
    reply: { headers, pieces: [Buffer.from(answer)] },
    ...(redisReply && { redisReply }),
  };
}

/** Decisions and settlements of one kind. */
function meteredJob(title: string, configuration: object, redisReply?: Uint8Array): Job {
  return {
    title,
    configurations: [configuration],
    exchange: () => metered(redisReply),
    events: 1,
    label: "1 KB",
  };
}

const events = 200;
const streamHeaders: Headers = [
  [":status", "200"],
  ["content-type", "text/event-stream"],
];
const question = Buffer.from(
  JSON.stringify({ model: "gpt-4o-mini", stream: true, messages: [{ role: "user", content: "Hi" }] }),
);
const words = " a few words of text";

function streamed(pieces: Uint8Array[]): Exchange {
  return {
    path: "/v1/chat/completions",
    headers: consumer,
    body: question,
    reply: { headers: streamHeaders, pieces },
  };
}

function openaiStream(): Exchange {
  const frame = (data: unknown) => Buffer.from(`data: ${JSON.stringify(data)}\n\n`);
  const chunk = (choices: object[], more: object = {}) =>
    frame({ id: "c", object: "chat.completion.chunk", created: 1, model: "gpt-5.4-mini", choices, ...more });
  return streamed([
    ...Array.from({ length: events - 3 }, () =>
      chunk([{ index: 0, delta: { content: words }, finish_reason: null }]),
    ),
    chunk([{ index: 0, delta: {}, finish_reason: "stop" }]),
    chunk([], { usage: { prompt_tokens: 10, completion_tokens: 190, total_tokens: 200 } }),
    Buffer.from("data: [DONE]\n\n"),
  ]);
}

function claudeStream(): Exchange {
  const frame = (data: { type: string; [member: string]: unknown }) =>
    Buffer.from(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
  const message = { id: "msg_1", type: "message", role: "assistant", content: [], model: "claude-haiku-5-5" };
  const usage = { input_tokens: 10, output_tokens: 1 };
  return streamed([
    frame({ type: "message_start", message: { ...message, usage } }),
    frame({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
    ...Array.from({ length: events - 5 }, () =>
      frame({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: words } }),
    ),
    frame({ type: "content_block_stop", index: 0 }),
    frame({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 190 } }),
    frame({ type: "message_stop" }),
  ]);
}

const tools = {
  server: { name: "bench" },
  tools: [
    {
      name: "save",
      description: "Saves a text.",
      args: [{ name: "text", description: "Text.", required: true }],
      requestTemplate: { url: "https://api.example.com/save", method: "POST", argsToJsonBody: true },
    },
  ],
};

function toolCall(argumentBytes: number, resultBytes: number): Exchange {
  const call = { name: "save", arguments: { text: filler(argumentBytes) } };
  const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: call }));
  const headers: Headers = [
    [":status", "200"],
    ["content-type", "application/json"],
  ];
  const result = Buffer.from(JSON.stringify({ saved: filler(resultBytes) }));
  return {
    path: "/mcp",
    headers: [["mcp-protocol-version", "2025-06-18"]],
    body,
    reply: { headers, pieces: [result] },
  };
}

/** An API of `count` operations, described as well as published ones are: about 0.9 KB a tool. */
export function catalogue(count: number): object {
  const tools = Array.from({ length: count }, (_, index) => ({
    name: `orders_search_${index}`,
    description: `Finds orders of region ${index} by customer, state and date; newest first, at most a hundred a page.`,
    args: [
      { name: "customer", description: "Id of the customer, as the CRM has it", position: "path" },
      { name: "state", description: "State that the orders are in", enum: ["open", "paid", "sent"] },
      { name: "since", description: "First day, such as 2026-01-31", position: "query", required: true },
      { name: "limit", description: "Most orders to return", type: "integer", default: 20 },
    ],
    requestTemplate: {
      url: `https://orders.example.com/v1/regions/${index}/customers/{customer}/orders`,
      method: "GET",
      argsToUrlParam: true,
      headers: [{ key: "X-Tenant", value: "{{.config.tenant}}" }],
    },
    responseTemplate: {
      body: "{{range $i, $o := .orders}}{{add $i 1}}. {{$o.id}}: {{$o.total}} {{$o.state | upper}}\n{{end}}",
    },
  }));
  return { server: { name: "orders", config: { tenant: "acme" } }, tools };
}

/** A message as clients of the newest revision with `initialize` and of the stateless one send it. */
function message(method: string, params: object, isStateless: boolean, pieces?: Uint8Array[]): Exchange {
  const revision = isStateless ? "2026-07-28" : "2025-11-25";
  const name = "name" in params ? String(params.name) : undefined;
  const headers: Headers = [["mcp-protocol-version", revision]];
  if (isStateless) headers.push(["mcp-method", method]);
  if (isStateless && name !== undefined) headers.push(["mcp-name", name]);
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": revision,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const all = isStateless ? { ...params, _meta } : params;
  const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: all }));
  const json: Headers = [
    [":status", "200"],
    ["content-type", "application/json"],
  ];
  return { path: "/mcp", headers, body, ...(pieces && { reply: { headers: json, pieces } }) };
}

const orders = Buffer.from(
  JSON.stringify({
    orders: Array.from({ length: 20 }, (_, i) => ({ id: `A-${i}`, total: 12.5 * i, state: "paid" })),
  }),
);
const search = {
  name: "orders_search_7",
  arguments: { customer: "C 17", state: "paid", since: "2026-01-31" },
};

const toolJobs = [false, true].flatMap((isStateless): Job[] => {
  const era = isStateless ? "stateless" : "initialized";
  const call = message("tools/call", search, isStateless, [orders]);
  return [
    {
      title: `tools/call with templates, ${era}`,
      configurations: [catalogue(10)],
      exchange: () => call,
      events: 1,
      label: "20 rows",
    },
    {
      title: `tools/list, ${era}`,
      configurations: [catalogue(1000)],
      exchange: () => message("tools/list", {}, isStateless),
      events: 1,
      label: "1,000 tools",
    },
  ];
});

export const subjects: Subject[] = [
  {
    name: "ai-proxy",
    plugins: ["ai-proxy"],
    jobs: [
      { title: "request, OpenAI's dialect", configurations: [rewriting], exchange: chat },
      { title: "request translated for Claude", configurations: [translating], exchange: chat },
      {
        title: "streamed event, OpenAI's dialect",
        configurations: [rewriting],
        exchange: openaiStream,
        events,
      },
      { title: "streamed event of Claude", configurations: [translating], exchange: claudeStream, events },
    ],
  },
  {
    name: "model-ratelimit",
    plugins: ["model-ratelimit"],
    jobs: [
      { title: "request", configurations: [limiting], exchange: chat },
      { title: "streamed event", configurations: [limiting], exchange: openaiStream, events },
      meteredJob("request and answer, counted in the process", limiting),
      meteredJob("request and answer, counted in Redis", { ...limiting, redis }, decided),
      meteredJob("the same as ai-token-ratelimit, in the process", higressForm),
      meteredJob("the same as ai-token-ratelimit, in Redis", { ...higressForm, redis }, looked),
    ],
  },
  {
    name: "rest-to-mcp",
    plugins: ["rest-to-mcp"],
    jobs: [
      {
        title: "tool call with an argument",
        configurations: [tools],
        exchange: (bytes) => toolCall(bytes, 20),
      },
      { title: "tool call with a result", configurations: [tools], exchange: (bytes) => toolCall(20, bytes) },
      ...toolJobs,
    ],
  },
  {
    name: "model-ratelimit + ai-proxy",
    plugins: ["model-ratelimit", "ai-proxy"],
    jobs: [
      { title: "request", configurations: [limiting, rewriting], exchange: chat },
      { title: "streamed event", configurations: [limiting, rewriting], exchange: openaiStream, events },
    ],
  },
];
