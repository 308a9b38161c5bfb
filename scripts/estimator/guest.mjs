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

/** What a model's estimates must be multiplied by, after answers: `[estimated, stated]`. */
export function ratioAfter(model, answers) {
  put("");
  exports.useTable();
  for (const [estimated, stated] of answers) {
    put(model);
    exports.learn(estimated, BigInt(stated), 0n);
  }
  put(model);
  return exports.ratio();
}
