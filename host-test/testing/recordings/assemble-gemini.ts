// Reference reading of Gemini's generateContent and streamGenerateContent.
import type { JsonObject } from "../../services/simulator/json-value.ts";
import {
  arrayOf,
  isObject,
  numberOf,
  objectOf,
  objectsOf,
  textOf,
} from "../../services/simulator/json-value.ts";
import type { Expected, ExpectedUsage } from "./expected.ts";
import { emptyExpected } from "./expected.ts";

export function assembleGeminiAnswer(answer: JsonObject): Expected {
  return assembleGeminiStream([answer]);
}

/** The first candidate. Arguments streamed piece by piece (`partialArgs`) are put together. */
export function assembleGeminiStream(events: readonly JsonObject[]): Expected {
  const expected = emptyExpected();
  const calls: { id: string; name: string; arguments: JsonObject }[] = [];
  for (const event of events) {
    expected.id = textOf(event.responseId) || expected.id;
    expected.model = textOf(event.modelVersion) || expected.model;
    if (isObject(event.usageMetadata)) expected.usage = geminiUsage(event.usageMetadata);
    const candidate = objectOf(arrayOf(event.candidates)[0]);
    for (const part of objectsOf(objectOf(candidate.content).parts)) {
      if (part.thought === true) expected.reasoning += textOf(part.text);
      else expected.text += textOf(part.text);
      if (!isObject(part.functionCall)) continue;
      const name = textOf(part.functionCall.name);
      // Only the first piece of a call carries its name.
      if (name)
        calls.push({
          id: textOf(part.functionCall.id),
          name,
          arguments: { ...objectOf(part.functionCall.args) },
        });
      const call = calls.at(-1);
      for (const piece of objectsOf(part.functionCall.partialArgs)) if (call) addPiece(call.arguments, piece);
    }
    expected.stop = textOf(candidate.finishReason) || expected.stop;
  }
  expected.toolCalls = calls.map((call) => ({ ...call, arguments: JSON.stringify(call.arguments) }));
  return expected;
}

/** `{"jsonPath":"$.steps[0].text","stringValue":"more"}`: strings are appended, other values set. */
function addPiece(root: JsonObject, piece: JsonObject): void {
  const steps = [...textOf(piece.jsonPath).matchAll(/\.([^.[\]]+)|\[(\d+)\]|\['([^']*)'\]/g)];
  const keys = steps.map((step) => step[1] ?? step[3] ?? Number(step[2]));
  const last = keys.pop();
  if (last === undefined) return;
  let place = root as Record<string | number, unknown>;
  keys.forEach((key, position) => {
    place[key] ??= typeof (keys[position + 1] ?? last) === "number" ? [] : {};
    place = place[key] as Record<string | number, unknown>;
  });
  if (typeof piece.stringValue === "string") place[last] = textOf(place[last]) + piece.stringValue;
  else place[last] = piece.numberValue ?? piece.boolValue ?? null;
}

function geminiUsage(usage: JsonObject): ExpectedUsage {
  return {
    // What the provider's own tools have added to the prompt is told apart.
    input: (numberOf(usage.promptTokenCount) ?? 0) + (numberOf(usage.toolUsePromptTokenCount) ?? 0),
    output: numberOf(usage.candidatesTokenCount) ?? 0,
    total: numberOf(usage.totalTokenCount),
    cachedInput: numberOf(usage.cachedContentTokenCount) ?? 0,
    cacheWrite: 0,
    reasoning: numberOf(usage.thoughtsTokenCount) ?? 0,
  };
}
