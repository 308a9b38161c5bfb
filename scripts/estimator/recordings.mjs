// The recorded answers whose `usage` tells what they cost, as far as the answer shows what was paid for.

import { loadRecordings, recordingsFolder } from "../../host-test/testing/recordings.ts";
import { answerTokens, familyOf, ratioAfter } from "./guest.mjs";
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

/** `{name, model, family, language, stated, estimated, calibrated}` of each answer, and why others were left out. */
export function recordedAnswers() {
  const folder = recordingsFolder();
  const left = new Map();
  const answers = [];
  for (const recording of folder ? loadRecordings(folder) : []) {
    const { expected } = recording;
    if (!expected) continue;
    const wire = recording.streamed
      ? recording.events.join("\n")
      : Buffer.from(recording.answerBytes).toString();
    const separate = recording.kind === "gemini";
    const reason = reasonAgainst({
      kind: recording.kind,
      expected: separate ? withoutReasoning(expected) : expected,
      wire,
    });
    if (reason !== "") {
      left.set(reason, (left.get(reason) ?? 0) + 1);
      continue;
    }
    const model = expected.model || recording.provider;
    const family = familyOf(model);
    const shown = expected.text + expected.toolCalls.map((call) => call.arguments).join("");
    answers.push({
      name: recording.name,
      model,
      family: expected.model === "" ? "not told" : families[family],
      language: languageOf(shown),
      stated: expected.usage.output - (separate ? 0 : hiddenTokens(expected)),
      estimated: answerTokens(recording, family),
    });
  }
  return { answers: answers.map((answer) => ({ ...answer, calibrated: calibrated(answer, answers) })), left };
}

/** Gemini counts thoughts apart from the output. */
function withoutReasoning(expected) {
  return { ...expected, usage: expected.usage && { ...expected.usage, reasoning: 0 } };
}

/** The estimate once all other answers of the family have been seen, as of one model that is in use for long. */
function calibrated(answer, answers) {
  const others = answers.filter(({ name, family }) => family === answer.family && name !== answer.name);
  const ratio = ratioAfter(
    answer.family,
    others.map(({ estimated, stated }) => [estimated, stated]),
  );
  return answer.estimated * ratio;
}
