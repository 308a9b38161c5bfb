// What the simulated model says, before any dialect gives it a shape. A reply follows from the prompt alone.
import type { JsonObject } from "./json-value.ts";
import { objectOf } from "./json-value.ts";
import { instanceOf } from "./schema-instance.ts";
import { tokensOf } from "./tokens.ts";

export interface Tool {
  name: string;
  /** JSON Schema of its arguments. */
  parameters: JsonObject;
}

export interface Prompt {
  model: string;
  /** Text of the last user message, or "". */
  said: string;
  /** What a tool answered, where the conversation ends with that. */
  toolResult?: string;
  inputTokens: number;
  tools: Tool[];
  toolChoice: "auto" | "none" | "required" | { name: string };
  parallelTools: boolean;
  /** Limit for reasoning and text together. */
  maxTokens?: number;
  stopSequences: string[];
  /** The answer has to be JSON, of this schema. */
  schema?: JsonObject;
  reasons: boolean;
}

export interface ToolCall {
  name: string;
  arguments: JsonObject;
}

export interface Reply {
  /** Tokens, one streamed event each. */
  reasoning: string[];
  text: string[];
  toolCalls: ToolCall[];
  stop: "end" | "length" | "sequence" | "tools";
  /** The stop sequence that ended the text. */
  stopSequence?: string;
  inputTokens: number;
  /** Reasoning, text and tool calls together. */
  outputTokens: number;
}

/** The longest text that is repeated to the user; a longer one is cut and its length told. */
const maxEcho = 2000;

/**
 * - Tools are called when the choice demands it, or when the last user message names one: by its whole name or the last
 *   word of it (`get_weather`: "weather").
 * - A schema is answered with an instance of it.
 * - All else is answered with a sentence that repeats model and last user message.
 */
export function composeReply(prompt: Prompt): Reply {
  const reasoning = prompt.reasons
    ? tokensOf(`The user said "${shortened(prompt.said, 60)}". I repeat it.`)
    : [];
  const toolCalls = callsOf(prompt);
  if (toolCalls.length > 0) {
    const argumentTokens = toolCalls.flatMap((call) => tokensOf(JSON.stringify(call.arguments)));
    const outputTokens = reasoning.length + argumentTokens.length;
    return { reasoning, text: [], toolCalls, stop: "tools", inputTokens: prompt.inputTokens, outputTokens };
  }
  const { text, stopSequence } = untilStop(sentenceOf(prompt), prompt.stopSequences);
  const limit = prompt.maxTokens ?? Infinity;
  const whole = tokensOf(text);
  const shownReasoning = reasoning.slice(0, limit);
  const shown = whole.slice(0, Math.max(0, limit - shownReasoning.length));
  const isCut = shown.length < whole.length || shownReasoning.length < reasoning.length;
  return {
    reasoning: shownReasoning,
    text: shown,
    toolCalls: [],
    stop: isCut ? "length" : stopSequence === undefined ? "end" : "sequence",
    stopSequence: isCut ? undefined : stopSequence,
    inputTokens: prompt.inputTokens,
    outputTokens: shownReasoning.length + shown.length,
  };
}

function sentenceOf(prompt: Prompt): string {
  if (prompt.schema) return JSON.stringify(instanceOf(prompt.schema, subjectOf(prompt.said)));
  const answer = `Simulated answer of ${prompt.model}.`;
  if (prompt.toolResult !== undefined)
    return `${answer} The tool answered: ${shortened(prompt.toolResult, maxEcho)}`;
  return `${answer} You said: ${shortened(prompt.said, maxEcho)}`;
}

function untilStop(text: string, sequences: string[]): { text: string; stopSequence?: string } {
  let end = text.length;
  let stopSequence: string | undefined;
  for (const sequence of sequences) {
    const found = sequence === "" ? -1 : text.indexOf(sequence);
    if (found < 0 || found >= end) continue;
    end = found;
    stopSequence = sequence;
  }
  return { text: text.slice(0, end), stopSequence };
}

function callsOf(prompt: Prompt): ToolCall[] {
  const { toolChoice } = prompt;
  const tools = prompt.tools.filter((tool) => tool.name !== "");
  if (toolChoice === "none") return [];
  const forced = typeof toolChoice === "object";
  let wanted = tools.filter((tool) =>
    forced ? tool.name === toolChoice.name : isNamed(tool.name, prompt.said),
  );
  // Once a tool has answered, calling it again would never end.
  if (!forced && prompt.toolResult !== undefined) wanted = [];
  if (wanted.length === 0 && toolChoice === "required") wanted = tools.slice(0, 1);
  if (!prompt.parallelTools) wanted = wanted.slice(0, 1);
  const subject = subjectOf(prompt.said);
  return wanted.map((tool) => {
    return {
      name: tool.name,
      arguments: objectOf(instanceOf({ type: "object", ...tool.parameters }, subject)),
    };
  });
}

function isNamed(tool: string, said: string): boolean {
  const text = said.toLowerCase();
  if (text.includes(tool.toLowerCase())) return true;
  const lastWord = tool.split(/[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])/).at(-1) ?? "";
  return lastWord !== "" && text.split(/[^\p{L}\p{N}]+/u).includes(lastWord.toLowerCase());
}

/** What a text is about: its last capitalised word that does not begin it, else the text itself. */
function subjectOf(said: string): string {
  return said.match(/(?<=\S\s+)\p{Lu}[\p{L}\p{N}-]+/gu)?.at(-1) ?? shortened(said, 200);
}

function shortened(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const characters = [...text];
  return characters.length <= limit
    ? text
    : `${characters.slice(0, limit).join("")}… (${characters.length} characters)`;
}
