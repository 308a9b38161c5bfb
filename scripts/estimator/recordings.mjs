// The recorded answers whose `usage` tells what they cost, as far as the answer shows what was paid for.

import { loadRecordings, recordingsFolder } from "../../host-test/testing/recordings.ts";
import { answerTokens, familyOf } from "./guest.mjs";
import { families } from "./guest-layout.mjs";
import { languageOf } from "./languages.mjs";

/** Below this, one token is too large a part to be spoken of in percent. */
const fewest = 20;
/** Blocks of tools that the provider runs: their texts are paid for as input, not as output. */
const serverTools =
  /"type":\s*"(server_tool_use|[a-z_]+_tool_result|mcp_[a-z_]+|compaction|program_?[a-z_]*|(?!function_)[a-z_]+_call|tool_search_[a-z_]+)"/;

/** Why an answer cannot tell, or "". */
function reasonAgainst({ kind, expected, wire }) {
  const { usage, text, reasoning, toolCalls } = expected;
  if (!usage || usage.output === 0) return "states no output";
  if (serverTools.test(wire)) return "tools that the provider ran";
  if (text === "" && toolCalls.length === 0) return "shows nothing";
  if (usage.output - hiddenTokens(expected) < fewest) return `fewer than ${fewest} tokens`;
  // Of reasoning only what was written is paid for, not a summary.
  if (reasoning !== "" && (kind === "responses" || usage.reasoning === 0 || usage.output < usage.reasoning))
    return "reasoning that is a summary, not stated, or apart";
  const shown =
    text.length + reasoning.length + toolCalls.map((call) => call.name + call.arguments).join("").length;
  if (shown * 2 < usage.output - hiddenTokens(expected)) return "recordings that were cut short";
  return "";
}

/** Tokens of reasoning that are part of the output and not of the answer. */
function hiddenTokens({ usage, reasoning }) {
  return reasoning === "" ? Math.min(usage.reasoning, usage.output) : 0;
}

/**
 * `{name, model, family, kind, stated, estimated}` of an answer, or a text: why it cannot tell. `model`: of the request,
 * where the answer names none.
 */
export function answerFacts(recording, model = "") {
  const { expected } = recording;
  const wire = recording.streamed
    ? recording.events.join("\n")
    : Buffer.from(recording.answerBytes).toString();
  const separate = recording.kind === "gemini";
  const reason = reasonAgainst({
    kind: recording.kind,
    expected: separate ? withoutReasoning(expected) : expected,
    wire,
  });
  if (reason !== "") return reason;
  const named = expected.model || model || recording.provider;
  const family = familyOf(named);
  const calls = expected.toolCalls.map((call) => call.arguments).join("");
  return {
    name: recording.name,
    model: named,
    family: expected.model || model ? families[family] : "not told",
    kind: calls === "" ? languageOf(expected.text) : "tool calls",
    stated: expected.usage.output - (separate ? 0 : hiddenTokens(expected)),
    estimated: answerTokens(recording, family),
  };
}

/** Facts of the recorded answers, and why others were left out. */
export function recordedAnswers() {
  const folder = recordingsFolder();
  const recordings = (folder ? loadRecordings(folder) : []).filter(({ expected }) => expected);
  return sorted(recordings.map((recording) => answerFacts(recording)));
}

/** Apart: facts, and how often each reason against an answer was given. */
export function sorted(list) {
  const left = new Map();
  for (const entry of list) if (typeof entry === "string") left.set(entry, (left.get(entry) ?? 0) + 1);
  return { answers: list.filter((entry) => typeof entry !== "string"), left };
}

/** Gemini counts thoughts apart from the output. */
function withoutReasoning(expected) {
  return { ...expected, usage: expected.usage && { ...expected.usage, reasoning: 0 } };
}
