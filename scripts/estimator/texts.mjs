// The estimator on texts that its weights were not fitted to, beside what public tokenizers count.

import { corpus, isFitted } from "./corpus.mjs";
import { grouped, summary, table } from "./errors.mjs";
import { estimateTokens, ratioAfter } from "./guest.mjs";
import { families } from "./guest-layout.mjs";
import { tokenizers } from "./tokenizers.mjs";

export async function reportTexts() {
  const count = await tokenizers();
  const texts = corpus()
    .filter((_, i) => !isFitted(i))
    .map(({ kind, text }) => ({
      kind,
      bytes: Buffer.byteLength(text),
      estimated: families.map((_, family) => estimateTokens(text, family)),
      stated: families.map((_, family) => count[family](text)),
    }));
  console.log("Error in percent of what public tokenizers count, mean / 99th percentile, before calibration");
  console.log("and after it (→), learned from the other texts of the kind.\n");
  const rows = grouped(texts, ({ kind }) => kind).map(([kind, list]) => [
    kind,
    list.length,
    ...families.map(
      (_, family) => `${summary(errors(list, family))} → ${summary(calibratedErrors(list, family))}`,
    ),
    summary(list.map(({ bytes, stated }) => bytes / 4 / stated[0] - 1)),
  ]);
  console.log(table(["text", "pieces", ...families, "bytes / 4"], rows));
}

function errors(list, family) {
  return list.map(({ estimated, stated }) => estimated[family] / stated[family] - 1);
}

function calibratedErrors(list, family) {
  const pairs = list.map(({ estimated, stated }) => [estimated[family], stated[family]]);
  return pairs.map(
    ([estimated, stated], i) => (estimated * ratioAfter("model", pairs.toSpliced(i, 1))) / stated - 1,
  );
}
