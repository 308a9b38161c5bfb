// How many tokens a request may take: `max_tokens` must be given, and thinking must leave room for an answer.

import { Span } from "../../bytes";
import { Json, JsonKind } from "../../json";
import { ChatMessage, ChatRequest, Option, PartKind, Role, Thinking, ToolChoice } from "../chat";
import { indexOfName } from "../names";
import { isBlank } from "../text";

const EFFORTS: StaticArray<string> = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
/** Tokens to think for, by `reasoning_effort`; the last is for what is not listed. */
const EFFORT_BUDGETS: StaticArray<i64> = [0, 1024, 1024, 8192, 16384, 16384, 16384, 8192];
/** Anthropic's own words stay; `max` is one that OpenAI's dialect has too. */
const EFFORT_NAMES: StaticArray<string> = ["low", "low", "low", "medium", "high", "xhigh", "max"];
const MIN_BUDGET: i64 = 1024;

/** What Higress sends where the client gave none. */
const DEFAULT_MAX_TOKENS: i64 = 4096;

export class TokenLimits {
  maxTokens: i64 = 0;
  /** 0 for a request without thinking. */
  thinkingBudget: i64 = 0;
  /** The same for models that take no budget: a word of Anthropic's. */
  effort: string = "";

  /** `budgets` are tokens to think for: none, minimal, low, medium, high, xhigh, max and any other effort. */
  constructor(request: ChatRequest, budgets: StaticArray<i64> = EFFORT_BUDGETS) {
    const asked = maxTokensAsked(request);
    let budget = thinkingBudgetOf(request, budgets);
    if (
      budget > 0 &&
      (lacksThinking(request) || isPrefilled(request) || !leavesRoom(asked) || forcesTool(request))
    ) {
      budget = 0;
      request.dropped.add("reasoning_effort");
    }
    if (asked <= 0) {
      this.maxTokens = budget < DEFAULT_MAX_TOKENS ? DEFAULT_MAX_TOKENS : budget + DEFAULT_MAX_TOKENS;
    } else {
      this.maxTokens = asked;
      if (budget >= asked) budget = max(asked / 2, MIN_BUDGET);
    }
    this.thinkingBudget = budget;
    this.effort = effortOf(request);
  }
}

/** What the client said of the length of the answer; 0 when nothing. */
export function maxTokensAsked(request: ChatRequest): i64 {
  const asked = numberOf(request.option(Option.MaxCompletionTokens));
  return asked > 0 ? asked : max(numberOf(request.option(Option.MaxTokens)), 0);
}

/** True when the answer has been begun for the model, which Anthropic refuses together with thinking. */
function isPrefilled(request: ChatRequest): bool {
  let last = request.messages.length - 1;
  while (last >= 0 && request.messages[last].isSystem) last--;
  return last >= 0 && request.messages[last].role == Role.Assistant;
}

/** True when the least budget is less than what the client asked for; it may have asked for nothing. */
function leavesRoom(asked: i64): bool {
  return asked <= 0 || asked > MIN_BUDGET;
}

/** True when the model must call a tool, which Anthropic refuses together with thinking. */
function forcesTool(request: ChatRequest): bool {
  const choice = request.toolChoice;
  return request.tools.length > 0 && (choice == ToolChoice.Required || choice == ToolChoice.Tool);
}

/** Tokens to think for; 0 for a request without thinking. */
function thinkingBudgetOf(request: ChatRequest, budgets: StaticArray<i64>): i64 {
  if (request.thinking == Thinking.Disabled) return 0;
  if (request.thinkingBudget > 0) return max(request.thinkingBudget, MIN_BUDGET);
  if (request.reasoningEffort.isEmpty) return 0;
  const effort = indexOfName(EFFORTS, request.reasoningEffort);
  return budgets[effort < 0 ? budgets.length - 1 : effort];
}

function effortOf(request: ChatRequest): string {
  const effort = indexOfName(EFFORTS, request.reasoningEffort);
  if (effort >= 0) return EFFORT_NAMES[effort];
  const budget = thinkingBudgetOf(request, EFFORT_BUDGETS);
  return budget < 4096 ? "low" : budget < 16384 ? "medium" : "high";
}

/**
 * True when the assistant's last turn calls tools and does not begin with thinking: with thinking on, Anthropic refuses a
 * request that goes on from there. Clients of other dialects have no thinking to send back.
 */
function lacksThinking(request: ChatRequest): bool {
  const messages = request.messages;
  let end = messages.length;
  while (end > 0 && messages[end - 1].role != Role.Assistant) {
    const message = messages[--end];
    if (message.role == Role.User && !message.has(PartKind.ToolResult)) return false;
  }
  let first = end;
  let calls = false;
  while (first > 0 && messages[first - 1].role == Role.Assistant) {
    if (messages[--first].has(PartKind.ToolCall)) calls = true;
  }
  return calls && !beginsWithThinking(messages, first, end);
}

function beginsWithThinking(messages: ChatMessage[], from: i32, end: i32): bool {
  for (let i = from; i < end; i++) {
    for (let j = 0; j < messages[i].parts.length; j++) {
      const part = messages[i].parts[j];
      // What has no seal, and blank text, is not sent.
      if (
        part.kind == PartKind.Thinking ? part.data.isEmpty : part.kind == PartKind.Text && isBlank(part.text)
      )
        continue;
      return part.kind == PartKind.Thinking || part.kind == PartKind.RedactedThinking;
    }
  }
  return false;
}

function numberOf(value: Span): i64 {
  const json = Json.read(value);
  // "4096" as a string is a number to lenient servers.
  return json.kind == JsonKind.String ? Json.read(json.bytes()).integer(0) : json.integer(0);
}
