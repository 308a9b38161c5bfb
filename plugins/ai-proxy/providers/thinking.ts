// What a client wants of the model's thinking, for providers that switch it on and off and limit its tokens.

import { Answer, ChatRequest, Thinking } from "as-proxy-wasm-sdk/llm/chat";
import { indexOfName } from "as-proxy-wasm-sdk/llm/names";

const EFFORTS: StaticArray<string> = ["minimal", "low", "medium"];
const EFFORT_BUDGETS: StaticArray<i64> = [1024, 1024, 8192];

/** Unset: the model decides, as it does without a word. */
export function wantsThinking(chat: ChatRequest): Answer {
  const effort = chat.reasoningEffort;
  if (chat.thinking == Thinking.Disabled || effort.equalsAscii("none")) return Answer.No;
  const isWanted = chat.thinking == Thinking.Enabled || chat.thinkingBudget > 0 || !effort.isEmpty;
  return isWanted ? Answer.Yes : Answer.Unset;
}

/** Tokens to think for; 0 where that is left to the model. */
export function thinkingBudget(chat: ChatRequest): i64 {
  if (chat.thinkingBudget > 0) return chat.thinkingBudget;
  const effort = indexOfName(EFFORTS, chat.reasoningEffort);
  return effort < 0 ? 0 : EFFORT_BUDGETS[effort];
}
