// How much a model thinks: levels from Gemini 3 on, a budget of tokens for 2.5, nothing before.
// https://ai.google.dev/gemini-api/docs/thinking

import { JsonWriter } from "../../json";
import { ChatRequest, Thinking } from "../chat";
import { indexOfName } from "../names";
import { GeminiModel } from "./model";

/** Tokens to think for, by `reasoning_effort`; what is not listed gets `OTHER_BUDGET`. */
const EFFORTS: StaticArray<string> = ["none", "medium", "high", "xhigh", "max"];
const EFFORT_BUDGETS: StaticArray<i64> = [0, 4096, 16384, 16384, 16384];
const OTHER_BUDGET: i64 = 1024;
const MAX_BUDGET: i64 = 24576;
/** The model decides. */
const DYNAMIC: i64 = -1;
/** The models that end in `pro` cannot be kept from thinking. */
const MIN_PRO_BUDGET: i64 = 128;

export class GeminiThinking {
  /** The request says something of thinking, and the model understands it. */
  isGiven: bool = false;
  /** -1 for as much as the model likes. */
  budget: i64 = DYNAMIC;

  constructor(request: ChatRequest, model: GeminiModel) {
    let isAsked = true;
    if (request.thinking == Thinking.Disabled) this.budget = 0;
    else if (request.thinkingBudget > 0) this.budget = request.thinkingBudget;
    else if (!request.reasoningEffort.isEmpty) {
      const effort = indexOfName(EFFORTS, request.reasoningEffort);
      this.budget = effort < 0 ? OTHER_BUDGET : EFFORT_BUDGETS[effort];
    } else if (request.thinking == Thinking.Unset) isAsked = false;
    this.isGiven = isAsked && model.generation >= 25;
    // A model that does not think needs no word to keep it from that.
    if (isAsked && !this.isGiven && this.budget != 0) request.dropped.add("reasoning_effort");
  }

  /** Writes the members of `thinkingConfig`. */
  write(json: JsonWriter, request: ChatRequest, model: GeminiModel): void {
    if (this.budget != 0) json.key("includeThoughts").bool(true);
    if (model.generation < 30) {
      const least = model.isPro && this.budget != DYNAMIC ? MIN_PRO_BUDGET : DYNAMIC;
      json.key("thinkingBudget").integer(max(min(this.budget, MAX_BUDGET), least));
    } else if (this.budget != DYNAMIC) {
      json.key("thinkingLevel").text(levelOf(this.budget, request, model));
    }
  }
}

function levelOf(budget: i64, request: ChatRequest, model: GeminiModel): string {
  const isMinimal = budget == 0 || request.reasoningEffort.equalsAscii("minimal");
  if (isMinimal && !model.isPro) return "MINIMAL";
  if (budget < 4096) return "LOW";
  // Gemini 3 Pro has no level in between.
  if (budget < 16384 && !(model.isPro && model.generation == 30)) return "MEDIUM";
  return "HIGH";
}
