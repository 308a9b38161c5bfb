// The compiled estimator of tokens, called from Node.

import { loadProbe } from "../../host-test/testing/probe.ts";
import { featureCount, pairs, weightUnit } from "./guest-layout.mjs";

const probe = await loadProbe("shared/llm/test/tokens-probe.ts");
const { exports } = probe;

function put(text) {
  probe.put(typeof text === "string" ? Buffer.from(text) : text);
}

export function familyOf(model) {
  put(model);
  return exports.family();
}

export function estimateTokens(text, family) {
  put(text);
  return exports.tokens(family);
}

/** What the guest counts in a text, by `Feature`. */
export function features(text) {
  put(text);
  const bytes = probe.take(exports.counts(), featureCount * 8);
  const counts = Array.from({ length: featureCount }, (_, i) => Number(bytes.readBigUInt64LE(i * 8)));
  counts[pairs] /= weightUnit;
  return counts;
}

/** `{estimated, hasTools}`: input tokens of a request. */
export function promptEstimate(body, model) {
  exports.startPrompt();
  put(body);
  exports.feedPrompt();
  const hasTools = exports.hasTools() !== 0;
  return { estimated: exports.promptTokens(familyOf(model)), hasTools };
}

/** Output tokens of a recorded answer or stream. */
export function answerTokens(recording, family) {
  exports.startAnswer();
  for (const event of recording.streamed ? recording.events : []) {
    put(event);
    exports.feedEvent();
  }
  if (!recording.streamed) {
    put(recording.answerBytes);
    exports.feedAnswer();
  }
  return exports.answerTokens(family);
}

/**
 * Estimates as they are corrected one after the other, each by what those before it have taught of its model. `answers`:
 * `{model, estimated, hasTools, stated}`, in the order in which they come. `side`: "input" or "output".
 */
export function corrected(answers, side) {
  put("");
  exports.useTable();
  return answers.map(({ model, estimated, hasTools = false, stated }) => {
    put(model);
    const isInput = side === "input";
    const result = isInput ? exports.correctedInput(estimated, hasTools) : exports.correctedOutput(estimated);
    if (isInput) exports.learn(estimated, hasTools, BigInt(stated), 0n, 0);
    else exports.learn(0, hasTools, 0n, BigInt(stated), estimated);
    return result;
  });
}
