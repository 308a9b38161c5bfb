// What providers with answers of their own send, written after their documentation, and what clients are to make of it.

const sse = (events: (object | string)[]): string =>
  events.map((event) => `data: ${typeof event === "string" ? event : JSON.stringify(event)}\n\n`).join("");

export interface OwnAnswer {
  name: string;
  entry: { type: string; [key: string]: unknown };
  /** Model that the client asks for. */
  model: string;
  whole: object;
  stream?: string;
  /** Text, stop reason of OpenAI's, input and output tokens, of whole answer and stream; null: not told. */
  text: string;
  finish: string | null;
  usage: [number, number] | null;
  /** Tokens of the stream where they differ. */
  streamUsage?: [number, number] | null;
  /** A body with status 200 that means an error, an event that does, and its message. */
  errors?: [object, string][];
  streamErrors?: [object, string][];
}

const counts = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
const text = 'Grüße "你好" 👋\n';
const pieces = ["Grüße ", '"你好"', " 👋\n"];

const proBase = { created: 10, model: "abab6.5s-chat" };
const proMessage = (said: string) => ({ sender_type: "BOT", sender_name: "MM智能助理", text: said });
const proError = { base_resp: { status_code: 1004, status_msg: "login fail" } };
const pro: OwnAnswer = {
  name: "minimax pro",
  entry: { type: "minimax", minimaxApiType: "pro", minimaxGroupId: "1" },
  model: "abab6.5s-chat",
  whole: {
    ...proBase,
    reply: text,
    choices: [{ finish_reason: "stop", messages: [proMessage(text)] }],
    usage: counts,
    input_sensitive: false,
    id: "p1",
    base_resp: { status_code: 0, status_msg: "" },
  },
  stream: sse([
    ...pieces.map((piece) => ({ ...proBase, reply: "", choices: [{ messages: [proMessage(piece)] }] })),
    {
      ...proBase,
      reply: text,
      choices: [{ finish_reason: "stop", messages: [proMessage(text)] }],
      usage: counts,
      id: "p1",
      base_resp: { status_code: 0, status_msg: "" },
    },
  ]),
  text,
  finish: "stop",
  usage: [9, 3],
  errors: [[proError, "minimax response error, error_code: 1004, error_message: login fail"]],
  streamErrors: [[proError, "minimax response error, error_code: 1004, error_message: login fail"]],
};

const sparkBase = { code: 0, message: "Success", sid: "s1" };
const sparkError = { code: 10907, message: 'too "long"', sid: "s1" };
const spark: OwnAnswer = {
  name: "spark",
  entry: { type: "spark" },
  model: "generalv3.5",
  whole: {
    ...sparkBase,
    choices: [{ message: { role: "assistant", content: text }, index: 0, finish_reason: "stop" }],
    usage: counts,
  },
  stream: sse([
    ...pieces.map((piece) => ({
      ...sparkBase,
      id: "other",
      created: 10,
      choices: [{ delta: { role: "assistant", content: piece }, index: 0 }],
    })),
    {
      ...sparkBase,
      created: 10,
      choices: [{ delta: { role: "assistant", content: "" }, index: 0 }],
      usage: counts,
    },
    "[DONE]",
  ]),
  text,
  finish: "stop",
  usage: [9, 3],
  errors: [
    [sparkError, 'spark response error, error_code: 10907, error_message: too "long"'],
    [{ error: { message: "bad key", type: "api_error", code: "11200" } }, "bad key"],
  ],
  streamErrors: [[sparkError, 'spark response error, error_code: 10907, error_message: too "long"']],
};

const hunyuanUsage = { PromptTokens: 9, CompletionTokens: 3, TotalTokens: 12 };
const hunyuan: OwnAnswer = {
  name: "hunyuan",
  entry: {
    type: "hunyuan",
    hunyuanAuthId: "AKIDexample-0123456789-0123456789-01",
    hunyuanAuthKey: "secret-key-0123456789-0123456789",
  },
  model: "hunyuan-pro",
  whole: {
    Response: {
      RequestId: "r1",
      Note: "以上内容为AI生成，不代表开发者立场，请勿删除或修改本标记",
      Choices: [{ Message: { Role: "assistant", Content: text }, FinishReason: "stop" }],
      Created: 10,
      Id: "h1",
      Usage: hunyuanUsage,
    },
  },
  stream: sse([
    ...pieces.map((piece, index) => ({
      Note: "…",
      Choices: [{ Delta: { Role: "assistant", Content: piece }, FinishReason: "" }],
      Created: 10,
      Id: "h1",
      Usage: { PromptTokens: 9, CompletionTokens: index, TotalTokens: 9 + index },
    })),
    {
      Choices: [{ Delta: { Role: "assistant", Content: "" }, FinishReason: "stop" }],
      Created: 10,
      Id: "h1",
      Usage: hunyuanUsage,
    },
  ]),
  text,
  finish: "stop",
  usage: [9, 3],
  errors: [
    [{ Response: { Error: { Code: "AuthFailure", Message: "no such id" }, RequestId: "r" } }, "no such id"],
    [{ Response: { ErrorMsg: { Msg: "engine busy", Code: 4001 }, RequestId: "r" } }, "engine busy"],
  ],
  streamErrors: [
    [{ ErrorMsg: { Msg: "engine busy", Code: 4001 }, Id: "h1" }, "engine busy"],
    [{ Response: { Error: { Code: "AuthFailure", Message: "no such id" } } }, "no such id"],
  ],
};

const metadata = { usage: { ...counts, total_price: "0.1", currency: "USD", latency: 1.5 } };
const difyError = { event: "error", status: 429, code: "provider_quota_exceeded", message: "no quota left" };

function dify(botType: string, event: string): OwnAnswer {
  const base = { task_id: "t1", message_id: "m1", conversation_id: "c1", created_at: 10 };
  return {
    name: `dify ${botType}`,
    entry: { type: "dify", botType },
    model: "dify",
    whole: { event: "message", ...base, mode: "chat", answer: text, metadata },
    stream: sse([
      { event: "ping" },
      { event: "agent_thought", ...base, thought: "hidden", tool: "" },
      ...pieces.map((piece) => ({ event, ...base, answer: piece })),
      { event: "message_file", ...base, type: "image", url: "https://a" },
      { event: "message_end", ...base, created_at: undefined, metadata },
    ]),
    text,
    finish: "stop",
    usage: [9, 3],
    streamErrors: [[difyError, "no quota left"]],
  };
}

const workflowData = { id: "w", workflow_id: "wf1", total_tokens: 12, created_at: 10 };
const workflow: OwnAnswer = {
  name: "dify Workflow",
  entry: { type: "dify", botType: "Workflow", inputVariable: "in", outputVariable: "out" },
  model: "dify",
  whole: {
    workflow_run_id: "r",
    data: { ...workflowData, status: "succeeded", outputs: { out: text, x: 1 } },
  },
  stream: sse([
    { event: "workflow_started", workflow_run_id: "r", data: { ...workflowData, inputs: {} } },
    { event: "node_finished", data: { node_id: "n", status: "succeeded", outputs: { out: "inner" } } },
    ...pieces.map((piece) => ({ event: "text_chunk", data: { text: piece } })),
    { event: "workflow_finished", data: { ...workflowData, status: "succeeded", outputs: { out: text } } },
  ]),
  text,
  finish: "stop",
  usage: null,
  errors: [
    [{ data: { ...workflowData, status: "failed", error: "node broke", outputs: null } }, "node broke"],
  ],
  streamErrors: [
    [{ event: "workflow_finished", data: { status: "failed", error: "node broke" } }, "node broke"],
    [difyError, "no quota left"],
  ],
};

const triton: OwnAnswer = {
  name: "triton",
  entry: { type: "triton", tritonDomain: "triton.example.com" },
  model: "llama",
  whole: { id: "t1", model_name: "llama", model_version: "1", text_output: text },
  stream: sse(pieces.map((piece) => ({ id: "t1", model_name: "llama", text_output: piece }))),
  text,
  finish: "stop",
  usage: null,
  errors: [[{ error: "no model" }, "triton response error, error_message: no model"]],
  streamErrors: [[{ error: "no model" }, "triton response error, error_message: no model"]],
};

const deepl: OwnAnswer = {
  name: "deepl",
  entry: { type: "deepl", targetLang: "DE" },
  model: "Free",
  whole: { translations: [{ detected_source_language: "EN", text }] },
  text,
  finish: null,
  usage: null,
};

const cohereUsage = {
  billed_units: { input_tokens: 2, output_tokens: 3 },
  tokens: { input_tokens: 9, output_tokens: 3 },
};
const cohereEnd = { finish_reason: "COMPLETE", usage: cohereUsage };
const said = (content: object) => ({ message: { content } });
const cohere: OwnAnswer = {
  name: "cohere v2",
  entry: { type: "cohere", cohereApiVersion: "v2" },
  model: "command-a-03-2025",
  whole: { id: "c1", message: { role: "assistant", content: [{ type: "text", text }] }, ...cohereEnd },
  stream: sse([
    {
      type: "message-start",
      id: "c1",
      delta: { message: { role: "assistant", content: [], tool_plan: "" } },
    },
    { type: "content-start", index: 0, delta: said({ type: "text", text: "" }) },
    ...pieces.map((piece) => ({ type: "content-delta", index: 0, delta: said({ text: piece }) })),
    {
      type: "citation-start",
      index: 0,
      delta: { message: { citations: { start: 0, end: 5, sources: [] } } },
    },
    { type: "citation-end", index: 0 },
    { type: "content-end", index: 0 },
    { type: "message-end", delta: cohereEnd },
  ]),
  text,
  finish: "stop",
  usage: [9, 3],
  errors: [[{ id: "e", message: "too many tokens" }, "too many tokens"]],
  streamErrors: [
    [{ type: "message-end", delta: { finish_reason: "ERROR", error: "model broke" } }, "model broke"],
    [{ message: "internal error" }, "internal error"],
  ],
};

export const ownAnswers: OwnAnswer[] = [
  cohere,
  pro,
  spark,
  hunyuan,
  dify("Chat", "message"),
  dify("Agent", "agent_message"),
  dify("Completion", "message"),
  workflow,
  triton,
  deepl,
];
