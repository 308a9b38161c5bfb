// Conversations as the clients of each dialect send them.

import type { ClientDialect } from "./client-requests.ts";
import type { Call, Conversation, Part, Round, Step, Tool } from "./conversation-arbitrary.ts";

const png = "image/png";
const seal = (thought: string) => `seal${thought}`;

const writers: Record<ClientDialect, (conversation: Conversation) => object> = {
  openai: (c) => ({
    model: "any",
    messages: [
      ...c.system.map((content) => ({ role: "system", content })),
      ...turns(c, openaiRound, openaiUser),
    ],
    tools: c.tools.map((tool) => ({ type: "function", function: openaiTool(tool) })),
    ...(c.choice && {
      tool_choice:
        c.choice === "tool" ? { type: "function", function: { name: c.tools[0]!.name } } : c.choice,
    }),
    ...(c.single && { parallel_tool_calls: false }),
    ...(c.stop.length > 0 && { stop: c.stop.slice(0, 4) }),
    temperature: c.temperature,
    max_completion_tokens: c.maxTokens,
    reasoning_effort: c.effort,
    stream: c.stream,
  }),
  responses: (c) => ({
    model: "any",
    instructions: c.system.length > 0 ? c.system.join("\n") : null,
    input: turns(c, responsesRound, responsesUser),
    tools: c.tools.map((tool) => ({ type: "function", ...openaiTool(tool), strict: false })),
    ...(c.choice && {
      tool_choice: c.choice === "tool" ? { type: "function", name: c.tools[0]!.name } : c.choice,
    }),
    parallel_tool_calls: !c.single,
    temperature: c.temperature,
    max_output_tokens: c.maxTokens,
    ...(c.effort && { reasoning: { effort: c.effort, summary: "auto" } }),
    include: ["reasoning.encrypted_content"],
    store: false,
    stream: c.stream,
  }),
  anthropic: (c) => ({
    model: "any",
    max_tokens: c.maxTokens,
    ...(c.system.length > 0 && {
      system: c.system.map((text) => ({ type: "text", text, cache_control: { type: "ephemeral" } })),
    }),
    messages: joined(turns(c, anthropicRound, anthropicUser)),
    tools: c.tools.map(({ name, description, parameters }) => ({
      name,
      description,
      input_schema: parameters ?? { type: "object" },
    })),
    ...anthropicChoice(c),
    ...(c.stop.length > 0 && { stop_sequences: c.stop }),
    temperature: c.temperature,
    ...(c.effort &&
      c.maxTokens > 1024 && { thinking: { type: "enabled", budget_tokens: 1024 }, temperature: 1 }),
    stream: c.stream,
  }),
  gemini: (c) => ({
    ...(c.system.length > 0 && { systemInstruction: { parts: c.system.map((text) => ({ text })) } }),
    contents: turns(c, geminiRound, geminiUser),
    tools: [{ functionDeclarations: c.tools.map(geminiTool) }],
    ...(c.choice && {
      toolConfig: {
        functionCallingConfig: {
          mode: { auto: "AUTO", none: "NONE", required: "ANY", tool: "ANY" }[c.choice],
          ...(c.choice === "tool" && { allowedFunctionNames: [c.tools[0]!.name] }),
        },
      },
    }),
    generationConfig: {
      maxOutputTokens: c.maxTokens,
      temperature: c.temperature,
      stopSequences: c.stop.slice(0, 5),
      ...(c.effort && { thinkingConfig: { thinkingBudget: 2000, includeThoughts: true } }),
    },
  }),
};

export function requestOf(dialect: ClientDialect, conversation: Conversation): object {
  return writers[dialect](conversation);
}

function turns(
  c: Conversation,
  round: (round: Round, c: Conversation) => object[],
  user: (parts: Part[]) => object,
) {
  const all = c.rounds.flatMap((one) => round(one, c));
  return c.last.length > 0 ? [...all, user(c.last)] : all;
}

const openaiTool = ({ name, description, parameters }: Tool) => ({ name, description, parameters });

function openaiUser(parts: Part[]): object {
  const [first] = parts;
  return {
    role: "user",
    content: parts.length === 1 && first!.kind === "text" ? first!.text : parts.map(openaiPart),
  };
}

function openaiPart({ kind, text }: Part): object {
  if (kind === "text") return { type: "text", text };
  if (kind === "image") return { type: "image_url", image_url: { url: `data:${png};base64,${text}` } };
  return { type: "file", file: { filename: "a.pdf", file_data: `data:application/pdf;base64,${text}` } };
}

function openaiRound({ user, steps }: Round, c: Conversation): object[] {
  return [openaiUser(user), ...steps.flatMap((step) => openaiStep(step, c))];
}

function openaiStep({ thought, text, calls }: Step, c: Conversation): object[] {
  const tool_calls = calls.map(({ id, tool, args }) => ({
    id,
    type: "function",
    function: { name: c.tools[tool]!.name, arguments: JSON.stringify(args) },
  }));
  return [
    {
      role: "assistant",
      content: text || null,
      ...(thought && { reasoning_content: thought }),
      ...(tool_calls.length > 0 && { tool_calls }),
    },
    ...calls.map(({ id, result }) => ({ role: "tool", tool_call_id: id, content: texts(result.parts) })),
  ];
}

/** What a tool says in words. */
export const texts = (parts: Part[]) =>
  parts
    .filter(({ kind }) => kind === "text")
    .map(({ text }) => text)
    .join("\n");

function responsesUser(parts: Part[]): object {
  return { type: "message", role: "user", content: parts.map(responsesPart) };
}

function responsesPart({ kind, text }: Part): object {
  if (kind === "text") return { type: "input_text", text };
  if (kind === "image")
    return { type: "input_image", image_url: `data:${png};base64,${text}`, detail: "auto" };
  return { type: "input_file", filename: "a.pdf", file_data: `data:application/pdf;base64,${text}` };
}

function responsesRound({ user, steps }: Round, c: Conversation): object[] {
  return [responsesUser(user), ...steps.flatMap((step) => responsesStep(step, c))];
}

function responsesStep({ thought, text, calls }: Step, c: Conversation): object[] {
  return [
    ...(thought
      ? [
          {
            type: "reasoning",
            id: "rs_1",
            summary: [{ type: "summary_text", text: thought }],
            encrypted_content: seal(thought),
          },
        ]
      : []),
    ...(text
      ? [
          {
            type: "message",
            id: "msg_1",
            role: "assistant",
            content: [{ type: "output_text", text, annotations: [] }],
          },
        ]
      : []),
    ...calls.map(({ id, tool, args }) => ({
      type: "function_call",
      id: `fc_${id}`,
      call_id: id,
      name: c.tools[tool]!.name,
      arguments: JSON.stringify(args),
    })),
    ...calls.map(({ id, result }) => ({
      type: "function_call_output",
      call_id: id,
      output: result.parts.some(({ kind }) => kind !== "text")
        ? result.parts.map(responsesPart)
        : texts(result.parts),
    })),
  ];
}

function anthropicUser(parts: Part[]): object {
  return { role: "user", content: parts.map(anthropicPart) };
}

function anthropicPart({ kind, text }: Part): object {
  if (kind === "text") return { type: "text", text };
  const media_type = kind === "image" ? png : "application/pdf";
  return {
    type: kind === "image" ? "image" : "document",
    source: { type: "base64", media_type, data: text },
  };
}

function anthropicRound({ user, steps }: Round, c: Conversation): object[] {
  return [anthropicUser(user), ...steps.flatMap((step) => anthropicStep(step, c))];
}

function anthropicStep({ thought, text, calls }: Step, c: Conversation): object[] {
  const content = [
    ...(thought ? [{ type: "thinking", thinking: thought, signature: seal(thought) }] : []),
    ...(text ? [{ type: "text", text }] : []),
    ...calls.map(({ id, tool, args }) => ({ type: "tool_use", id, name: c.tools[tool]!.name, input: args })),
  ];
  const results = calls.map(({ id, result }) => ({
    type: "tool_result",
    tool_use_id: id,
    ...(result.parts.length > 0 && { content: result.parts.map(anthropicPart) }),
    ...(result.isError && { is_error: true }),
  }));
  return [
    { role: "assistant", content },
    ...(results.length > 0 ? [{ role: "user", content: results }] : []),
  ];
}

/** Turns of one side in a row as one, as Anthropic's clients have them. */
function joined(messages: object[]): object[] {
  const list: { role: string; content: object[] }[] = [];
  for (const message of messages as { role: string; content: object[] }[]) {
    const last = list.at(-1);
    if (last?.role === message.role) last.content.push(...message.content);
    else list.push({ role: message.role, content: [...message.content] });
  }
  return list;
}

function anthropicChoice({ choice, single, tools }: Conversation) {
  if (!choice && !single) return {};
  const type = choice === "required" ? "any" : (choice ?? "auto");
  return {
    tool_choice: {
      type,
      ...(type === "tool" && { name: tools[0]!.name }),
      ...(single && type !== "none" && { disable_parallel_tool_use: true }),
    },
  };
}

function geminiTool({ name, description, parameters }: Tool): object {
  return { name, description, ...(parameters && { parametersJsonSchema: parameters }) };
}

function geminiUser(parts: Part[]): object {
  return { role: "user", parts: parts.map(geminiPart) };
}

function geminiPart({ kind, text }: Part): object {
  if (kind === "text") return { text };
  return { inlineData: { mimeType: kind === "image" ? png : "application/pdf", data: text } };
}

function geminiRound({ user, steps }: Round, c: Conversation): object[] {
  return [geminiUser(user), ...steps.flatMap((step) => geminiStep(step, c))];
}

/** Without ids, as gemini-cli sends calls to Google's own models. */
function geminiStep({ thought, text, calls }: Step, c: Conversation): object[] {
  const name = ({ tool }: Call) => c.tools[tool]!.name;
  const parts = [
    ...(thought ? [{ text: thought, thought: true }] : []),
    ...(text ? [{ text }] : []),
    ...calls.map((call) => ({ functionCall: { name: name(call), args: call.args } })),
  ];
  const results = calls.map((call) => ({
    functionResponse: {
      name: name(call),
      response: { [call.result.isError ? "error" : "output"]: texts(call.result.parts) },
    },
  }));
  return [{ role: "model", parts }, ...(results.length > 0 ? [{ role: "user", parts: results }] : [])];
}
